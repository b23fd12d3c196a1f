"""Which call belongs to which attempt: the answer to our request, a signed callback and the carrier's
list all say so, in any order and more than once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from calls.models import Call, CallStatus, Lead, MachinePolicy
from outbound.models import AttemptState, DialAttempt, JobStatus, OutboundCallJob
from outbound.usage import reserve
from prompts.models import Direction

logger = structlog.get_logger(__name__)

UNBOUND = (
    AttemptState.POSTING,
    AttemptState.UNKNOWN,
    AttemptState.HUMAN,
    AttemptState.QUEUED,
)


def locked(attempt: DialAttempt) -> tuple[DialAttempt, OutboundCallJob]:
    """Both rows, in the one order in which everybody locks them. Inside a business's scope."""
    jobs = OutboundCallJob.objects.for_business(attempt.business_id)
    job = jobs.select_for_update(of=("self",)).select_related("lead").get(pk=attempt.job_id)
    attempts = DialAttempt.objects.for_business(attempt.business_id)
    fresh = attempts.select_for_update(of=("self",)).select_related(
        "run__number", "run__version__prompt", "business", "call"
    )
    return fresh.get(pk=attempt.pk), job


def locked_together(
    business_id: uuid.UUID, attempt_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[DialAttempt, OutboundCallJob]]:
    """As `locked`, for several: all jobs and then all attempts, each in the order of their keys."""
    attempts = DialAttempt.objects.for_business(business_id).filter(pk__in=attempt_ids)
    jobs = OutboundCallJob.objects.for_business(business_id)
    of_them = jobs.filter(dial_attempts__in=attempts).order_by("pk")
    by_id = {job.pk: job for job in of_them.select_for_update(of=("self",))}
    fresh = attempts.order_by("pk").select_for_update(of=("self",))
    rows = fresh.select_related("run", "business")
    return {attempt.pk: (attempt, by_id[attempt.job_id]) for attempt in rows}


def bind(attempt: DialAttempt, job: OutboundCallJob, *, call_sid: str, now: datetime) -> bool:
    """This call is what the attempt has become. False: it has become another one, or is given up,
    and this call must not be let through. Both rows are locked by the caller.
    """
    if attempt.call_sid == call_sid:
        return True
    if attempt.call_sid is None and attempt.state in UNBOUND and is_newest(attempt, job):
        try:
            with transaction.atomic():
                _place(attempt, job, call_sid, now)
        except IntegrityError:
            # It had been taken for never placed, and somebody else rings this number by now.
            attempt.refresh_from_db()
        else:
            return True
    attempt.suspect = call_sid
    attempt.save(update_fields=["suspect"])
    logger.error("second_call_of_an_attempt", attempt_id=str(attempt.pk), state=attempt.state)
    return False


def is_newest(attempt: DialAttempt, job: OutboundCallJob) -> bool:
    return attempt.number == job.attempts + 1 and not job.is_over


def _place(attempt: DialAttempt, job: OutboundCallJob, call_sid: str, now: datetime) -> None:
    was_given_up = attempt.state == AttemptState.QUEUED
    attempt.call = new_call(attempt, job, call_sid, now)
    attempt.call.save(force_insert=True)
    Lead.objects.for_business(job.business_id).called(job.lead_id, now)
    attempt.call_sid = call_sid
    attempt.state = AttemptState.PLACED
    attempt.look_at = None
    attempt.save(update_fields=["call", "call_sid", "state", "look_at"])
    OutboundCallJob.objects.for_business(job.business_id).filter(pk=job.pk).update(
        status=JobStatus.DIALING
    )
    job.status = JobStatus.DIALING
    if was_given_up:
        reserve(attempt)


def new_call(attempt: DialAttempt, job: OutboundCallJob, call_sid: str, now: datetime) -> Call:
    """Not stored yet."""
    return Call(
        business=attempt.business,
        direction=Direction.OUTBOUND,
        status=CallStatus.QUEUED,
        call_sid=call_sid,
        account_sid=attempt.account_sid,
        number_id=attempt.run.number_id,
        from_e164=attempt.from_e164,
        to_e164=attempt.to_e164,
        lead_id=job.lead_id,
        language=attempt.business.language,
        created_at=now,
        **_at_a_machine(attempt, job),
    )


def _at_a_machine(attempt: DialAttempt, job: OutboundCallJob) -> dict[str, str]:
    """A message at every attempt would fill the mailbox: by default it is left at the last one."""
    run = attempt.run
    if run.machine_policy != MachinePolicy.LEAVE_MESSAGE:
        return {"machine_policy": run.machine_policy}
    if run.message_on_last_only and not run.retry_policy.is_last(job.outcomes, "voicemail"):
        return {"machine_policy": MachinePolicy.HANG_UP}
    return {"machine_policy": run.machine_policy, "machine_message": run.machine_message}
