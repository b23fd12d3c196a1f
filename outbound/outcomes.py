"""What a finished call means for its attempt, its job and its run."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

import structlog

from calls.models import Call, CallStatus, EndReason
from outbound import usage
from outbound.binding import locked
from outbound.models import (
    AttemptState,
    DialAttempt,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
)
from outbound.models.run import OVER
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

OUTCOMES: Final = {
    CallStatus.COMPLETED: JobStatus.COMPLETED,
    CallStatus.BUSY: JobStatus.BUSY,
    CallStatus.NO_ANSWER: JobStatus.NO_ANSWER,
    CallStatus.CANCELED: JobStatus.CANCELED,
}
# The telephone was picked up, and there was nobody of ours to talk.
OUR_FAULT: Final = (EndReason.ERROR, EndReason.MODEL_LOST, EndReason.MODEL_UNAVAILABLE)
FAILURES: Final = (JobStatus.FAILED, JobStatus.REJECTED)
# Of so many last attempts of a run, so many failures pause it.
JUDGED: Final = 10
TOO_MANY: Final = 8


def outcome_of(call: Call) -> JobStatus:
    if call.status == CallStatus.COMPLETED and call.end_reason == EndReason.VOICEMAIL:
        return JobStatus.VOICEMAIL
    if call.status == CallStatus.COMPLETED and call.end_reason in OUR_FAULT:
        return JobStatus.FAILED
    return OUTCOMES.get(CallStatus(call.status), JobStatus.FAILED)


def settle(*, attempt_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> bool:
    """Once the carrier has said its last word about the call. Safe to be asked again, from
    everywhere. True if this was it.
    """
    with business_scope(business_id):
        attempts = DialAttempt.objects.for_business(business_id)
        attempt, job = locked(attempts.get(pk=attempt_id))
        call = attempt.call
        if attempt.state != AttemptState.PLACED or call is None or call.carrier_final_at is None:
            return False
        outcome = outcome_of(call)
        attempt.state, attempt.outcome = AttemptState.FINAL, outcome
        attempt.used_s, attempt.ended_at = call.duration_s or 0, now
        attempt.save(update_fields=["state", "outcome", "used_s", "ended_at"])
        _move(job, attempt, outcome, now)
        usage.use(attempt, seconds=attempt.used_s)
    logger.info("attempt_over", attempt_id=str(attempt_id), outcome=outcome.value)
    judge_run(run_id=attempt.run_id, business_id=business_id, now=now)
    return True


def _move(job: OutboundCallJob, attempt: DialAttempt, outcome: JobStatus, now: datetime) -> None:
    job.attempts = attempt.number
    job.outcomes[outcome] = job.outcomes.get(outcome, 0) + 1
    due_at = _again_at(job, attempt, outcome, now)
    if due_at is None or is_stopped(attempt):
        job.status, job.ended_at = outcome, now
    else:
        job.status, job.due_at = JobStatus.QUEUED, due_at
    job.save(update_fields=["attempts", "outcomes", "status", "due_at", "ended_at"])


def _again_at(
    job: OutboundCallJob, attempt: DialAttempt, outcome: JobStatus, now: datetime
) -> datetime | None:
    if outcome == JobStatus.CANCELED and attempt.cancel_asked_at:
        return now  # the window closed before it rang: the gates say when the next one opens
    delay = attempt.run.retry_policy.delay(outcome, so_often=job.outcomes[outcome])
    return None if delay is None else now + delay


def is_stopped(attempt: DialAttempt) -> bool:
    """Asked before a job goes back into the queue, and true until our transaction ends: a stop ends
    what it finds in the queue, and nobody looks there again.

    The row of the run is locked behind job and attempt, and before the account of the day, which
    whoever writes intents locks behind the run.
    """
    runs = OutboundCallRun.objects.for_business(attempt.business_id).select_for_update(no_key=True)
    return runs.get(pk=attempt.run_id).status in OVER


def judge_run(*, run_id: uuid.UUID, business_id: uuid.UUID, now: datetime) -> None:
    """A run whose calls keep failing is stopped before it has burned its list, and one whose
    settings nobody can read before it calls by settings that nobody has made.

    In a transaction of its own: whoever writes intents holds the run and waits for what is locked
    when an attempt ends.
    """
    with business_scope(business_id):
        run = OutboundCallRun.objects.for_business(business_id).get(pk=run_id)
        if pause_broken(run, now=now):
            return
        ended = DialAttempt.objects.for_business(business_id).filter(
            run=run, ended_at__gte=run.judged_since or run.created_at
        )
        latest = list(ended.order_by("-ended_at").values_list("outcome", flat=True)[:JUDGED])
        failures = sum(outcome in FAILURES for outcome in latest)
        if len(latest) < JUDGED or failures < TOO_MANY:
            return
        detail = f"{failures} of the last {JUDGED} attempts failed."
        if run.pause(reason=PauseReason.FAILURES, detail=detail, now=now):
            logger.error("run_paused", run_id=str(run_id), failures=failures)


def pause_broken(run: OutboundCallRun, *, now: datetime) -> bool:
    """True for a run whose settings cannot be read; it waits for somebody who mends them."""
    if not run.is_broken:
        return False
    if run.pause(reason=PauseReason.SETTINGS, detail="", now=now):
        logger.error("run_paused", run_id=str(run.pk), reason="settings_broken")
    return True
