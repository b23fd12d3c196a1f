"""How the carrier bears an account's pace. Each in a transaction of its own, after the rows of the
attempt are free again: diallers lock an account before the rows of a business.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from outbound.models import CarrierAccount
from outbound.protocol import protocol

# So many calls taken without a complaint: there is no limit that we would have to keep.
NO_LIMIT_FROM = 16


def taken(account_sid: str, *, queued_ms: int, now: datetime, calls: int = 1) -> None:
    """The carrier takes calls again; what it queues is sent too fast."""
    account = CarrierAccount.objects.filter(account_sid=account_sid)
    no_limit_any_more = When(most_live__gte=NO_LIMIT_FROM, then=Value(None))
    account.filter(Q(congestion__gt=0) | Q(most_live__isnull=False)).update(
        congestion=0, most_live=Case(no_limit_any_more, default=F("most_live") + calls)
    )
    if queued_ms > protocol().queued_at_most_s * 1000:
        slowed_until = now + timedelta(milliseconds=queued_ms)
        account.exclude(slowed_until__gte=slowed_until).update(slowed_until=slowed_until)


def congested(account_sid: str, *, now: datetime) -> None:
    """1, 2, 4 … seconds of silence, and half as many calls at a time."""
    figures = protocol()
    with transaction.atomic():
        account = CarrierAccount.objects.select_for_update().get(account_sid=account_sid)
        if account.slowed_until and account.slowed_until > now:
            return  # several requests of one moment are one complaint
        pause = min(
            figures.congested_first_s * 2 ** min(account.congestion, 10), figures.congested_most_s
        )
        account.congestion = min(account.congestion + 1, 1000)
        account.slowed_until = now + timedelta(seconds=pause)
        account.most_live = max(1, (account.most_live or NO_LIMIT_FROM) // 2)
        account.save(update_fields=["congestion", "slowed_until", "most_live"])


def refused(account_sid: str, *, code: int, now: datetime) -> None:
    CarrierAccount.objects.filter(account_sid=account_sid).update(refused_at=now, refused_code=code)


def try_again(account_sid: str) -> None:
    """With one request. A good account is left as it is."""
    CarrierAccount.objects.filter(account_sid=account_sid, refused_at__isnull=False).update(
        refused_at=None, refused_code=None, most_live=1
    )
