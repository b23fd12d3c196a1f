"""Several calls of one business that the carrier has taken, written down in one transaction.

One by one each costs fifteen statements and a commit, and the dialler has one thread for all of
them. Only what is plain is written here: the attempt is still as its intent left it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError

from calls.models import Call
from calls.placing import Placed, Placing
from outbound import accounts
from outbound.binding import is_newest, locked_together, new_call
from outbound.intents import Intent
from outbound.models import AttemptState, DialAttempt, JobStatus, OutboundCallJob
from tenants.scoping import business_scope

Answer = tuple[Intent, Placing]
PlacedAnswer = tuple[Intent, Placed]


def record_together(answers: Iterable[Answer], *, owner: int, now: datetime) -> list[Answer]:
    """Returns what is not written down yet, and has to be by itself."""
    left: list[Answer] = []
    by_business: defaultdict[uuid.UUID, list[PlacedAnswer]] = defaultdict(list)
    for intent, placing in answers:
        if isinstance(placing, Placed):
            by_business[intent.business_id].append((intent, placing))
        else:
            left.append((intent, placing))
    for business_id, placed in by_business.items():
        done = _record(business_id, placed, owner, now) if len(placed) > 1 else set()
        left += [answer for answer in placed if answer[0].attempt_id not in done]
    return left


def _record(
    business_id: uuid.UUID, placed: Sequence[PlacedAnswer], owner: int, now: datetime
) -> set[uuid.UUID]:
    """The attempts that are written down."""
    try:
        with business_scope(business_id):
            rows = locked_together(business_id, [intent.attempt_id for intent, _ in placed])
            plain = [
                (answer, *rows[answer[0].attempt_id])
                for answer in placed
                if _is_plain(answer[0], *rows[answer[0].attempt_id], owner)
            ]
            _place(plain, now)
    except IntegrityError:
        return set()  # one of them is another attempt's call: which one, shows by itself
    by_account: defaultdict[str, list[Placed]] = defaultdict(list)
    for (intent, placing), _, _ in plain:
        by_account[intent.account.account_sid].append(placing)
    for account_sid, taken in by_account.items():
        queued_ms = max(placing.queued_ms for placing in taken)
        accounts.taken(account_sid, calls=len(taken), queued_ms=queued_ms, now=now)
    return {attempt.pk for _, attempt, _ in plain}


def _is_plain(intent: Intent, attempt: DialAttempt, job: OutboundCallJob, owner: int) -> bool:
    as_intended = (attempt.state, attempt.owner, attempt.fence, attempt.call_sid)
    expected = (AttemptState.POSTING, owner, intent.fence, None)
    return as_intended == expected and is_newest(attempt, job)


def _place(
    plain: Sequence[tuple[PlacedAnswer, DialAttempt, OutboundCallJob]], now: datetime
) -> None:
    if not plain:
        return
    for (_, placing), attempt, job in plain:
        attempt.call = new_call(attempt, job, placing.call_sid, now)
        attempt.call_sid, attempt.queued_ms = placing.call_sid, placing.queued_ms
        attempt.state, attempt.look_at = AttemptState.PLACED, None
    attempts = [attempt for _, attempt, _ in plain]
    Call.objects.bulk_create([attempt.call for attempt in attempts if attempt.call])
    DialAttempt.objects.bulk_update(attempts, ["call", "call_sid", "queued_ms", "state", "look_at"])
    jobs = OutboundCallJob.objects.for_business(attempts[0].business_id)
    jobs.filter(pk__in=[job.pk for _, _, job in plain]).update(status=JobStatus.DIALING)
