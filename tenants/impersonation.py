"""An operator sees a business as its owner does: for half an hour at most, with a reason that its
audit keeps.

It lies in the operator's own session and is asked about anew with each request, so it ends with
the time, with the session, and with the rights of the operator.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope

LONGEST: Final = timedelta(minutes=30)
KEY: Final = "impersonation"


@dataclass(frozen=True, slots=True)
class Impersonation:
    """What the banner says."""

    business: Business
    operator: User
    reason: str
    until: datetime

    def minutes_left(self, now: datetime) -> int:
        return max(ceil((self.until - now) / timedelta(minutes=1)), 0)


class Kept(NamedTuple):
    """What the session holds, which is JSON."""

    business_id: str
    operator_id: str
    reason: str
    until: str

    @property
    def ends_at(self) -> datetime:
        return datetime.fromisoformat(self.until)


def start(request: HttpRequest, business: Business, reason: str, now: datetime) -> Impersonation:
    """Raises `PermissionDenied` for anybody but an operator who may change things."""
    operator = _full_operator(request)
    if operator is None:
        raise PermissionDenied("Only an operator sees a business as its owner.")
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why, for the audit of the business."), code="reason")
    end(request, now)
    until = now + LONGEST
    with business_scope(business):
        facts = {"reason": reason, "until": until.isoformat()}
        record_audit(
            business=business, action="impersonation.started", by=operator, now=now, facts=facts
        )
    request.session.cycle_key()
    kept = Kept(str(business.pk), str(operator.pk), reason, until.isoformat())
    request.session[KEY] = list(kept)
    return Impersonation(business, operator, reason, until)


def current(request: HttpRequest, now: datetime) -> Impersonation | None:
    """As whose owner this request is seen. One that is over is written down as ended."""
    kept = _kept(request)
    if kept is None:
        return None
    operator = _full_operator(request)
    if operator is None or str(operator.pk) != kept.operator_id:
        _end(request.session, kept, "no operator any more", now)
        return None
    if now >= kept.ends_at:
        _end(request.session, kept, "time", now)
        return None
    business_id = uuid.UUID(kept.business_id)
    with business_scope(business_id):
        business = Business.objects.get(pk=business_id)
    return Impersonation(business, operator, kept.reason, kept.ends_at)


def end(request: HttpRequest, now: datetime) -> bool:
    """False when there was none."""
    kept = _kept(request)
    if kept is None:
        return False
    _end(request.session, kept, "time" if now >= kept.ends_at else "left", now)
    return True


def _end(session: SessionBase, kept: Kept, why: str, now: datetime) -> None:
    business_id = uuid.UUID(kept.business_id)
    with business_scope(business_id):
        record_audit(
            business=Business.objects.get(pk=business_id),
            action="impersonation.ended",
            by=User.objects.filter(pk=kept.operator_id).first(),
            now=now,
            facts={"why": why},
        )
    del session[KEY]
    session.cycle_key()


def _kept(request: HttpRequest) -> Kept | None:
    kept: Any = request.session.get(KEY)
    return Kept(*kept) if kept else None


def _full_operator(request: HttpRequest) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.is_full_operator else None
