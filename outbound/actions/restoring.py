"""After a backup was restored: what the carrier did since it was made, the database does not know.

Nobody is rung before somebody says so. Each call of the carrier's list that no row knows becomes an
attempt of the job it was made for, so that nobody is rung for it again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from django.db.models import F

from calls import telephony
from calls.models import CARRIER_STATUSES, Call
from calls.telephony import MadeCall, TelephonyError
from outbound import usage
from outbound.actions.runs import audit_run
from outbound.binding import bind, locked
from outbound.intents import account_of, locked_usage
from outbound.models import (
    OVER,
    AttemptState,
    DialAttempt,
    JobStatus,
    NumberTest,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from outbound.outcomes import settle
from outbound.situation import Rules, day_of, on_the_line
from tenants.credentials import TwilioAccount
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

NO_DIALLER: Final = 0
DETAIL: Final = "found at the carrier after a backup was restored"


@dataclass(frozen=True, slots=True)
class Restored:
    paused: int  # runs
    missing: int  # calls that no row knew
    taken_up: int  # of them, those of a job
    silent: tuple[str, ...]  # accounts that could not be asked


class JobAddress(NamedTuple):
    job_id: uuid.UUID
    business_id: uuid.UUID


def take_up_after_restore(*, since: datetime, now: datetime) -> Restored:
    """`since`: when the backup was made, or any time before. Safe to be asked again, and has to be as
    long as an account was silent.
    """
    paused = sum(_hold(run, now) for run in _at_work())
    missing, taken_up, silent = 0, 0, []
    for account, owners in _accounts():
        try:
            made = telephony.calls_made(account, since=since)
        except TelephonyError as error:
            logger.warning("calls_not_listed", account=account.account_sid, error=str(error))
            silent.append(account.account_sid)
            continue
        # One after the other: the second call to somebody belongs to the second attempt.
        for call in _in_no_row(made):
            missing += 1
            taken_up += _take_up(call, account, owners, now)
    return Restored(paused, missing, taken_up, tuple(silent))


def _at_work() -> list[OutboundCallRun]:
    with platform_scope(PlatformReason.COMMAND):
        at_work = (RunStatus.RUNNING, RunStatus.SCHEDULED)
        runs = OutboundCallRun.objects.filter(status__in=at_work).order_by("created_at")
        return list(runs.select_related("business"))


def _hold(run: OutboundCallRun, now: datetime) -> bool:
    with business_scope(run.business_id):
        held = run.pause(reason=PauseReason.RESTORED, detail="", now=now)
        if held:
            audit_run(run, "run.held_after_restore", None, now)
        return held


def _accounts() -> Iterator[tuple[TwilioAccount, list[uuid.UUID]]]:
    """Each account once, with the businesses that have runs on it."""
    with platform_scope(PlatformReason.COMMAND):
        runs = OutboundCallRun.objects.exclude(status__in=OVER).order_by()
        owners = list(runs.values_list("business_id", flat=True).distinct())
    found: dict[str, tuple[TwilioAccount, list[uuid.UUID]]] = {}
    for owner in owners:
        with business_scope(owner):
            account = account_of(owner)
        if account is not None:
            found.setdefault(account.account_sid, (account, []))[1].append(owner)
    yield from found.values()


def _in_no_row(made: Sequence[MadeCall]) -> list[MadeCall]:
    sids = [call.call_sid for call in made]
    with platform_scope(PlatformReason.COMMAND):
        known = {
            sid
            for rows in (Call.objects, DialAttempt.objects, NumberTest.objects)
            for sid in rows.filter(call_sid__in=sids).values_list("call_sid", flat=True)
        }
    return [call for call in made if call.call_sid not in known]


def _take_up(
    call: MadeCall, account: TwilioAccount, owners: Sequence[uuid.UUID], now: datetime
) -> bool:
    address = _job_of(call, account, owners)
    if address is None:
        logger.warning("call_of_no_job", call_sid=call.call_sid)
        return False
    with business_scope(address.business_id):
        attempt = _attempt(address, call, account, now)
        if attempt is None:
            return False
        fresh, job = locked(attempt)
        # Its history has it when it was, and not when it was found.
        bind(fresh, job, call_sid=call.call_sid, now=call.created_at)
        status = CARRIER_STATUSES.get(call.status)
        if status is not None and fresh.call is not None:
            fresh.call.apply_carrier_status(
                status, sequence=None, duration=call.duration_s, ended_at=call.ended_at, now=now
            )
    # One that goes on is asked about, as every call of which nothing was heard for a while.
    settle(attempt_id=attempt.pk, business_id=address.business_id, now=now)
    logger.info("call_taken_up", attempt_id=str(attempt.pk))
    return True


def _job_of(
    call: MadeCall, account: TwilioAccount, owners: Sequence[uuid.UUID]
) -> JobAddress | None:
    """Of several runs with this number: one that had been started, and there whoever was due first.
    For the others the days between two calls hold, as ever. An attempt that was under way when the
    backup was made looks for its call by itself.
    """
    with platform_scope(PlatformReason.COMMAND):
        if on_the_line(account.account_sid, [call.to]):
            return None
        jobs = OutboundCallJob.objects.filter(
            business__in=owners,
            phone_e164=call.to,
            status=JobStatus.QUEUED,
            run__number__e164=call.from_,
        ).exclude(run__status__in=OVER)
        started_first = F("run__started_at").asc(nulls_last=True)
        row = jobs.order_by(started_first, "due_at", "pk").values_list("pk", "business_id").first()
    return JobAddress(*row) if row else None


def _attempt(
    address: JobAddress, call: MadeCall, account: TwilioAccount, now: datetime
) -> DialAttempt | None:
    """As its intent was, and as it stands when nobody knows what has become of it."""
    jobs = OutboundCallJob.objects.for_business(address.business_id).select_for_update()
    job = jobs.filter(pk=address.job_id, status=JobStatus.QUEUED).first()
    if job is None:
        return None
    runs = OutboundCallRun.objects.for_business(address.business_id)
    run = runs.select_related("business", "number").get(pk=job.run_id)
    attempts = DialAttempt.objects.for_business(address.business_id).select_for_update()
    unsent = attempts.filter(job=job, state=AttemptState.QUEUED).first()
    attempt = unsent or DialAttempt(business=run.business, run=run, job=job, to_e164=call.to)
    attempt.number = job.attempts + 1
    attempt.account_sid = account.account_sid
    attempt.from_e164 = call.from_
    attempt.state = AttemptState.UNKNOWN
    attempt.owner = NO_DIALLER
    attempt.posted_at = attempt.created_at = call.created_at
    attempt.unknown_at = attempt.look_at = now
    attempt.reserved_s = Rules.of(run, now).seconds_a_call
    attempt.usage_day = day_of(run.business, call.created_at)
    attempt.detail = DETAIL
    attempt.save()
    job.status = JobStatus.UNKNOWN
    job.save(update_fields=["status"])
    _has_been_started(run, call, now)
    locked_usage(run.business, call.created_at)
    usage.reserve(attempt)
    return attempt


def _has_been_started(run: OutboundCallRun, call: MadeCall, now: datetime) -> None:
    """A draft of whom somebody was called was started after the backup was made."""
    run.move(
        from_=(RunStatus.DRAFT,),
        to=RunStatus.PAUSED,
        started_at=call.created_at,
        pause_reason=PauseReason.RESTORED,
        paused_at=now,
    )
