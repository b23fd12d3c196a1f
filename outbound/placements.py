"""What is known after the carrier was asked, written down by the one who has asked."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog

from calls import telephony
from calls.placing import NotPlaced, Placed, Placing, Refused, Unknown, Withheld
from calls.telephony import TelephonyError
from outbound import accounts, usage
from outbound.binding import bind, locked
from outbound.intents import Intent
from outbound.models import (
    AttemptState,
    DialAttempt,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
)
from outbound.outcomes import is_stopped, judge_run
from outbound.protocol import protocol
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

NO_PAUSE: Final = timedelta()


def record(intent: Intent, placing: Placing, *, owner: int, now: datetime) -> None:
    """Whatever has become of the attempt meanwhile, only its own dialler moves it from here."""
    with business_scope(intent.business_id):
        attempts = DialAttempt.objects.for_business(intent.business_id)
        attempt, job = locked(attempts.get(pk=intent.attempt_id))
        if isinstance(placing, Placed):
            is_ours = bind(attempt, job, call_sid=placing.call_sid, now=now)
            _note_queue(attempt, placing)
        else:
            is_ours = True
            if _is_mine(attempt, intent, owner):
                _move(attempt, job, placing, now)
    if not is_ours and isinstance(placing, Placed):
        _end(intent, placing)
    _tell_account_and_run(intent, attempt.run_id, placing, now)


def _tell_account_and_run(
    intent: Intent, run_id: uuid.UUID, placing: Placing, now: datetime
) -> None:
    account_sid = intent.account.account_sid
    match placing:
        case Placed():
            accounts.taken(account_sid, queued_ms=placing.queued_ms, now=now)
        case NotPlaced(congested=True):
            accounts.congested(account_sid, now=now)
        case Refused() if placing.is_about_the_account:
            accounts.refused(account_sid, code=placing.code, now=now)
            _stop_run(intent, run_id, placing, now)
        case Refused():
            judge_run(run_id=run_id, business_id=intent.business_id, now=now)


def _is_mine(attempt: DialAttempt, intent: Intent, owner: int) -> bool:
    return (attempt.state, attempt.owner, attempt.fence) == (
        AttemptState.POSTING,
        owner,
        intent.fence,
    )


def _move(attempt: DialAttempt, job: OutboundCallJob, placing: Placing, now: datetime) -> None:
    match placing:
        case Withheld():
            put_back(attempt, job, now=now, detail="not sent: decided otherwise meanwhile")
        case NotPlaced():
            attempt.refusals += 1
            # Of a carrier that is asked too often, the account waits and not the person.
            pause_s = 0.0 if placing.congested else protocol().retry_unplaced_s
            pause = timedelta(seconds=pause_s)
            put_back(attempt, job, now=now, pause=pause, detail=placing.reason)
        case Refused() if placing.is_about_the_account:
            put_back(attempt, job, now=now, detail=f"{placing.status}, code {placing.code}")
        case Refused():
            _reject(attempt, job, placing, now)
        case Unknown():
            doubt(attempt, job, detail=placing.reason, now=now)


def put_back(
    attempt: DialAttempt,
    job: OutboundCallJob,
    *,
    now: datetime,
    detail: str,
    pause: timedelta = NO_PAUSE,
) -> None:
    """Surely nobody was rung: the same attempt will be made again, unless its run was stopped
    meanwhile. Both rows are locked.
    """
    stopped = is_stopped(attempt)
    attempt.state = AttemptState.QUEUED
    attempt.detail = detail
    attempt.look_at = None
    attempt.save(update_fields=["state", "detail", "look_at", "refusals"])
    if not job.is_over:
        job.status = JobStatus.CANCELED if stopped else JobStatus.QUEUED
        job.due_at, job.ended_at = now + pause, now if stopped else None
        job.save(update_fields=["status", "due_at", "ended_at"])
    usage.give_back(attempt)


def doubt(attempt: DialAttempt, job: OutboundCallJob, *, detail: str, now: datetime) -> None:
    """Whoever sent it says that it does not know; so it cannot be sending any more."""
    attempt.state = AttemptState.UNKNOWN
    attempt.unknown_at = now
    attempt.detail = detail
    attempt.look_at = now + timedelta(seconds=protocol().looks_s[0])
    attempt.save(update_fields=["state", "unknown_at", "detail", "look_at"])
    job.status = JobStatus.UNKNOWN
    job.save(update_fields=["status"])


def _reject(attempt: DialAttempt, job: OutboundCallJob, refused: Refused, now: datetime) -> None:
    attempt.state = AttemptState.REJECTED
    attempt.outcome = JobStatus.REJECTED
    attempt.error_code = refused.code
    attempt.detail = refused.message
    attempt.ended_at = now
    attempt.save(update_fields=["state", "outcome", "error_code", "detail", "ended_at"])
    job.attempts = attempt.number
    job.status, job.ended_at = JobStatus.REJECTED, now
    job.save(update_fields=["attempts", "status", "ended_at"])
    usage.give_back(attempt)


def _stop_run(intent: Intent, run_id: uuid.UUID, refused: Refused, now: datetime) -> None:
    detail = f"The carrier answered {refused.status}, code {refused.code}."
    with business_scope(intent.business_id):
        run = OutboundCallRun.objects.for_business(intent.business_id).get(pk=run_id)
        run.pause(reason=PauseReason.ACCOUNT, detail=detail, now=now)
    logger.error("carrier_account_refused", code=refused.code)


def _note_queue(attempt: DialAttempt, placed: Placed) -> None:
    if attempt.call_sid == placed.call_sid and placed.queued_ms:
        attempt.queued_ms = placed.queued_ms
        attempt.save(update_fields=["queued_ms"])


def _end(intent: Intent, placed: Placed) -> None:
    """The attempt was given up while its answer was on the way: nobody is to talk on this line."""
    try:
        telephony.hang_up(intent.account, placed.call_sid)
    except TelephonyError:
        logger.exception("second_call_not_ended", attempt_id=str(intent.attempt_id))
