"""The intent: the row that says that somebody is about to be rung, written before anybody is.

One transaction takes due jobs, asks the gates, and writes the intents of those that pass. Until it
is committed nothing has happened; from then on the row alone says what may have happened.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import structlog
from django.db import connection
from django.db.models import F

from calls.models import MachinePolicy
from outbound.gates import Refusal, RunSituation, refusal_of_job, refusal_of_run
from outbound.models import (
    AttemptState,
    CarrierAccount,
    DialAttempt,
    DialUsage,
    Gate,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from outbound.situation import (
    Rules,
    day_of,
    everywhere,
    job_situations,
    on_the_line,
    run_situation,
)
from outbound.verdicts import note_passed, note_refusal
from tenants.credentials import CredentialMissing, TwilioAccount, twilio_account
from tenants.models import Business
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

INSTALLATION_LOCK: Final = 44
# Below what the carrier grants: what it finds too fast it queues, for up to a day.
OF_THE_PACE: Final = Decimal("0.95")
PAUSES: Final = {
    Gate.RUN: PauseReason.SETTINGS,
    Gate.ACCOUNT: PauseReason.ACCOUNT,
    Gate.VELOCITY: PauseReason.VELOCITY,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """What the dialler needs to ring somebody, and to say afterwards how that went."""

    attempt_id: uuid.UUID
    job_id: uuid.UUID
    business_id: uuid.UUID
    business_slug: str
    language: str
    fence: int
    account: TwilioAccount
    to: str
    from_: str
    ring_s: int
    longest_s: int
    listens_for_machines: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a look at a run. `look_again_at`: nothing can be had of it before."""

    intents: Sequence[Intent]
    look_again_at: datetime | None = None


def take_jobs(
    *,
    run_id: uuid.UUID,
    business_id: uuid.UUID,
    owner: int,
    most: int,
    clock: Callable[[], datetime],
) -> Taken:
    """Intents for up to `most` jobs of this run that are due and may be dialled now."""
    with platform_scope(PlatformReason.DIAL):
        wait_for_turn()
        now = clock()
        with business_scope(business_id):
            account = account_of(business_id)
        lines = locked_account(account)
        all_over = everywhere(lines)
        with business_scope(business_id):
            run = _locked(run_id, business_id)
            rules = Rules.of(run, now)
            usage = locked_usage(rules.business, now)
            situation = run_situation(rules, usage, lines, all_over, now)
            refusal = refusal_of_run(situation)
            if refusal or account is None or lines is None:
                return _refused(run, refusal, now)
            jobs = _due(run, min(most, _room(situation)), now)
        busy = on_the_line(account.account_sid, [job.phone_e164 for job in jobs])
        with business_scope(business_id):
            batch = _Batch(rules, usage, lines, account, owner, situation)
            return batch.take(jobs, busy)


def wait_for_turn() -> None:
    """One at a time over the whole installation: only so are its lines never counted twice. Held
    for some milliseconds, and for ten seconds at most if the process stops in between.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [INSTALLATION_LOCK])


def account_of(business_id: uuid.UUID) -> TwilioAccount | None:
    try:
        return twilio_account(business_id)
    except CredentialMissing:
        return None


def locked_account(account: TwilioAccount | None) -> CarrierAccount | None:
    if account is None:
        return None
    accounts = CarrierAccount.objects.select_for_update()
    return accounts.get_or_create(account_sid=account.account_sid)[0]


def keep_pace(lines: CarrierAccount, now: datetime) -> None:
    """One more call goes out now; the next one waits its turn. Not stored yet."""
    per_second = Decimal(lines.calls_per_second)
    if per_second > 0:
        between = timedelta(seconds=float(1 / (per_second * OF_THE_PACE)))
        lines.next_at = max(lines.next_at or now, now) + between


def _locked(run_id: uuid.UUID, business_id: uuid.UUID) -> OutboundCallRun:
    """A pause waits for intents that are being written, and none is written after it."""
    runs = OutboundCallRun.objects.for_business(business_id).select_related("business", "number")
    run: OutboundCallRun = runs.select_for_update(of=("self",), no_key=True).get(pk=run_id)
    return run


def locked_usage(business: Business, now: datetime) -> DialUsage:
    usages = DialUsage.objects.for_business(business).select_for_update()
    return usages.get_or_create(business=business, day=day_of(business, now))[0]


def _room(situation: RunSituation) -> int:
    free = [situation.installation.free, situation.business.free, situation.run.free]
    if situation.account_lines is not None:
        free.append(situation.account_lines.free)
    return min(free)


def _due(run: OutboundCallRun, most: int, now: datetime) -> list[OutboundCallJob]:
    due = OutboundCallJob.objects.of_run(run).due(now).order_by("due_at", "id")
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    # Joined, the leads of a short run would be walked through once for each look.
    return list(locked.prefetch_related("lead")[:most])


def _refused(run: OutboundCallRun, refusal: Refusal | None, now: datetime) -> Taken:
    if refusal is None or (refusal.gate == Gate.RUN and not refusal.pauses):
        return Taken((), None)
    _note(run, None, refusal, now)
    return Taken((), refusal.next_at or now + timedelta(minutes=1))


def _note(
    run: OutboundCallRun, job: OutboundCallJob | None, refusal: Refusal, now: datetime
) -> None:
    note_refusal(run, job, refusal, now)
    if refusal.pauses:
        reason = PAUSES[refusal.gate]
        run.pause(reason=reason, detail=f"{refusal.gate}: {refusal.reason}", now=now)
        logger.error("run_paused", run_id=str(run.pk), gate=refusal.gate, reason=refusal.reason)


class _Batch:
    """The jobs of one look, gate after gate."""

    def __init__(
        self,
        rules: Rules,
        usage: DialUsage,
        lines: CarrierAccount,
        account: TwilioAccount,
        owner: int,
        situation: RunSituation,
    ) -> None:
        self._rules = rules
        self._run = rules.run
        self._usage = usage
        self._lines = lines
        self._account = account
        self._owner = owner
        self._situation = situation
        self._now = situation.now
        self._chosen: list[OutboundCallJob] = []

    def take(self, jobs: Sequence[OutboundCallJob], busy: frozenset[str]) -> Taken:
        look_again_at = self._choose(jobs, busy) if jobs else None
        intents = self._intend() if self._chosen else []
        return Taken(intents, look_again_at)

    def _choose(self, jobs: Sequence[OutboundCallJob], busy: frozenset[str]) -> datetime | None:
        """When the run as a whole is held up meanwhile: until when."""
        situations = job_situations(self._rules, jobs, busy, self._now)
        for job, asked in zip(jobs, situations, strict=True):
            refusal = refusal_of_run(self._situation)
            if refusal is not None:
                return refusal.next_at
            refusal = refusal_of_job(self._situation, asked)
            if refusal is None:
                self._choose_one(job)
            else:
                self._put_off(job, refusal)
            if self._run.status != RunStatus.RUNNING:
                break
        return None

    def _choose_one(self, job: OutboundCallJob) -> None:
        self._chosen.append(job)
        self._situation.allow(job.phone_e164)
        keep_pace(self._lines, self._now)
        self._situation.next_call_at = self._lines.next_at

    def _put_off(self, job: OutboundCallJob, refusal: Refusal) -> None:
        _note(self._run, job, refusal, self._now)
        if refusal.ends is not None:
            job.status, job.ended_at = refusal.ends, self._now
        else:
            job.due_at = refusal.next_at or self._now + timedelta(minutes=1)
        job.save(update_fields=["status", "ended_at", "due_at"])

    def _intend(self) -> list[Intent]:
        self._reserve()
        again = self._not_sent_before()
        attempts = [self._attempt(job, again.get(job.pk)) for job in self._chosen]
        DialAttempt.objects.bulk_create(attempt for attempt in attempts if attempt._state.adding)
        jobs = OutboundCallJob.objects.of_run(self._run)
        jobs.filter(pk__in=[job.pk for job in self._chosen]).update(status=JobStatus.DIALING)
        note_passed(self._run, [(job, {}) for job in self._chosen], self._now)
        return [self._intent(attempt) for attempt in attempts]

    def _reserve(self) -> None:
        count = len(self._chosen)
        DialUsage.objects.for_business(self._rules.business).filter(pk=self._usage.pk).update(
            calls=F("calls") + count,
            reserved_s=F("reserved_s") + count * self._rules.seconds_a_call,
        )
        self._lines.save(update_fields=["next_at"])

    def _not_sent_before(self) -> dict[uuid.UUID, DialAttempt]:
        """Attempts that were proven not to have been placed: they are made with their own number."""
        unsent = DialAttempt.objects.for_business(self._rules.business).filter(
            job__in=self._chosen, state=AttemptState.QUEUED
        )
        return {attempt.job_id: attempt for attempt in unsent.select_for_update()}

    def _attempt(self, job: OutboundCallJob, unsent: DialAttempt | None) -> DialAttempt:
        intended = {
            "account_sid": self._account.account_sid,
            "from_e164": self._run.number.e164,
            "state": AttemptState.POSTING,
            "owner": self._owner,
            "posted_at": self._now,
            "reserved_s": self._rules.seconds_a_call,
            "usage_day": self._usage.day,
            "detail": "",
        }
        if unsent is None:
            return DialAttempt(
                business=self._rules.business,
                run=self._run,
                job=job,
                number=job.attempts + 1,
                to_e164=job.phone_e164,
                created_at=self._now,
                **intended,
            )
        for field, value in intended.items():
            setattr(unsent, field, value)
        unsent.fence += 1
        unsent.unknown_at = unsent.look_at = unsent.absent_at = None
        unsent.looks = 0
        unsent.save()
        return unsent

    def _intent(self, attempt: DialAttempt) -> Intent:
        return Intent(
            attempt_id=attempt.pk,
            job_id=attempt.job_id,
            business_id=attempt.business_id,
            business_slug=self._rules.business.slug,
            language=self._rules.business.language,
            fence=attempt.fence,
            account=self._account,
            to=attempt.to_e164,
            from_=attempt.from_e164,
            ring_s=self._run.ring_s,
            longest_s=self._rules.agent.max_call_s,
            listens_for_machines=self._run.machine_policy != MachinePolicy.TALK,
        )
