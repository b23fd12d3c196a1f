"""The evidence of a trial: read from the database and the carrier's book, and from what the processes
have noted about themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from bench.dial import trace
from bench.dial.facts import (
    Accepted,
    AttemptFacts,
    BusinessFacts,
    CallFacts,
    Evidence,
    Forbidden,
    Freeze,
    JobFacts,
    Look,
    RunFacts,
    UsageFacts,
)
from bench.dial.world import SECONDS_A_CALL, World
from calls.models import Call
from outbound.models import (
    LIVE_ATTEMPTS,
    OPEN,
    UNDER_WAY,
    DialAttempt,
    DialUsage,
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
    RunStatus,
)
from prompts.models import Direction
from tenants.credentials import twilio_account
from tenants.models import Business
from tenants.scoping import PlatformReason, business_scope, platform_scope

# Whoever is called again later than this has no place in a trial.
SOON: timedelta = timedelta(seconds=30)


def left_to_do() -> int:
    """Jobs that are due or under way, attempts and calls that are not over, runs to be closed."""
    now = timezone.now()
    with platform_scope(PlatformReason.DIAL):
        held = {run for run, until in _held().items() if until > now + SOON}
        due = Q(status=JobStatus.QUEUED, due_at__lt=now + SOON) & ~Q(run__in=held)
        jobs = OutboundCallJob.objects.filter(
            due | Q(status__in=UNDER_WAY), run__status=RunStatus.RUNNING
        )
        attempts = DialAttempt.objects.filter(state__in=LIVE_ATTEMPTS)
        calls = Call.objects.filter(direction=Direction.OUTBOUND).unsettled()
        of_run = OutboundCallJob.objects.filter(run=OuterRef("pk"), status__in=OPEN)
        done = OutboundCallRun.objects.running().filter(~Exists(of_run))
        return jobs.count() + attempts.count() + calls.count() + done.count()


def evidence_of(
    world: World, accepted: list[Accepted], forbidden: list[Forbidden], notes: Path
) -> Evidence:
    with platform_scope(PlatformReason.DIAL):
        runs = {facts.id: facts for facts in _runs(world)}
        jobs = list(map(_job, OutboundCallJob.objects.all()))
        attempts = {attempt.pk: _attempt(attempt) for attempt in DialAttempt.objects.all()}
        calls = Call.objects.filter(direction=Direction.OUTBOUND).select_related("dial_attempt")
        rows = list(map(_call, calls))
        usages = list(map(_usage, DialUsage.objects.all()))
    return Evidence(
        at=timezone.now(),
        most_live=settings.LIVE_CALLS * (100 - settings.INBOUND_SHARE_PERCENT) // 100,
        accepted=accepted,
        businesses={business.pk: _business(world, business) for business in world.businesses},
        runs=runs,
        jobs=jobs,
        attempts=attempts,
        calls=rows,
        usages=usages,
        forbidden=forbidden,
        looks=list(_looks(notes)),
        freezes=list(_freezes(notes)),
    )


def _held() -> Mapping[uuid.UUID, datetime]:
    """The runs of which nothing is due, though their jobs are: until when, by their last verdict."""
    latest = DialVerdict.objects.filter(job=None, next_at__isnull=False).order_by()
    return dict(latest.values_list("run").annotate(until=Max("next_at")))


def _runs(world: World) -> Iterable[RunFacts]:
    leads = {made.run.pk: len(made.numbers) for made in world.runs}
    held = _held()
    for run in OutboundCallRun.objects.all():
        yield RunFacts(
            id=run.pk,
            business_id=run.business_id,
            name=run.name,
            status=run.status,
            concurrency=run.concurrency,
            seconds_a_call=SECONDS_A_CALL,
            leads=leads[run.pk],
            held_until=held.get(run.pk),
        )


def _business(world: World, business: Business) -> BusinessFacts:
    with business_scope(business):
        own = OutboundSettings.objects.of(business)
        return BusinessFacts(
            id=business.pk,
            slug=business.slug,
            account_sid=twilio_account(business).account_sid,
            concurrency=own.concurrency,
            most_seconds=own.most_seconds_today,
            used_before_s=world.used_before_s.get(business.pk, 0),
        )


def _job(job: OutboundCallJob) -> JobFacts:
    return JobFacts(
        id=job.pk,
        business_id=job.business_id,
        run_id=job.run_id,
        number=job.phone_e164,
        status=job.status,
        due_at=job.due_at,
    )


def _attempt(attempt: DialAttempt) -> AttemptFacts:
    return AttemptFacts(
        id=attempt.pk,
        business_id=attempt.business_id,
        run_id=attempt.run_id,
        job_id=attempt.job_id,
        number=attempt.number,
        account_sid=attempt.account_sid,
        to=attempt.to_e164,
        state=attempt.state,
        call_sid=attempt.call_sid,
    )


def _call(call: Call) -> CallFacts:
    attempt: DialAttempt | None = getattr(call, "dial_attempt", None)
    return CallFacts(
        business_id=call.business_id,
        attempt_id=attempt.pk if attempt else None,
        call_sid=call.call_sid or "",
        status=call.status,
        duration_s=call.duration_s or 0,
        is_final=call.carrier_final_at is not None,
    )


def _usage(usage: DialUsage) -> UsageFacts:
    return UsageFacts(usage.business_id, usage.day, usage.calls, usage.reserved_s, usage.used_s)


def _looks(notes: Path) -> Iterable[Look]:
    for line in trace.lines(notes):
        if line["what"] == "looked":
            yield Look(line["pid"], uuid.UUID(line["attempt"]), _moment(line["at"]))


def _freezes(notes: Path) -> Iterable[Freeze]:
    """By the nemesis from outside, and at a step of their own."""
    since: dict[int, datetime] = {}
    for line in trace.lines(notes):
        match line:
            case {"what": "freezes", "frozen": pid, "at": at}:
                since[pid] = _moment(at)
            case {"what": "thaws", "frozen": pid, "at": at} if pid in since:
                yield Freeze(pid, since.pop(pid), _moment(at))
            case {"what": "froze", "pid": pid, "at": at, "seconds": seconds}:
                yield Freeze(pid, _moment(at), _moment(at + seconds))


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
