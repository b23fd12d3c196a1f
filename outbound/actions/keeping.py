"""What is looked after every few seconds, by one process at a time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog
from django.db.models import Exists, OuterRef

from outbound import liveness
from outbound.actions.number_test_news import settle_number_tests
from outbound.actions.stopping import withdraw_late_calls
from outbound.foreign_keys import forget_plans
from outbound.models import (
    OPEN,
    DialAttempt,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
)
from outbound.outcomes import pause_broken, settle
from outbound.protocol import database_now
from outbound.reconcile import look_up_unknown, settle_the_dead
from tenants.heartbeats import beat
from tenants.scoping import PlatformReason, business_scope, platform_scope

logger = structlog.get_logger(__name__)

KEEPING: Final = 1
SETTLED_A_TICK: Final = 500
CALLED_OFF_A_TICK: Final = 5_000  # of a run
RUNS_CALLED_OFF_A_TICK: Final = 5
# The question whether somebody still waits is asked of each run that was stopped since.
LOOKED_BACK: Final = timedelta(days=7)


class RunAddress(NamedTuple):
    run_id: uuid.UUID
    business_id: uuid.UUID


def keep_watch(*, clock: Callable[[], datetime] = database_now) -> dict[str, int] | None:
    """Everything about runs that is due and is no dialling. None when another process is at it."""
    with liveness.turn(KEEPING) as is_ours:
        if not is_ours:
            return None
        did = {
            "dead_settled": settle_the_dead(now=clock()),
            "looked_up": look_up_unknown(now=clock()),
            "attempts_over": settle_finished(now=clock()),
            "number_tests": settle_number_tests(now=clock()),
            "withdrawn": withdraw_late_calls(now=clock()),
            "runs_started": start_scheduled(now=clock()),
            "runs_completed": complete_runs(now=clock()),
            "called_off": call_off_the_rest(now=clock()),
        }
        beat("keep_watch", now=clock(), did=did)
        return did


def settle_finished(*, now: datetime) -> int:
    """Attempts whose call the carrier has ended, by whatever way we came to know."""
    with platform_scope(PlatformReason.DIAL):
        over = DialAttempt.objects.placed().filter(call__carrier_final_at__isnull=False)
        rows = list(over.values_list("pk", "business_id")[:SETTLED_A_TICK])
    return sum(settle(attempt_id=pk, business_id=owner, now=now) for pk, owner in rows)


def start_scheduled(*, now: datetime) -> int:
    with platform_scope(PlatformReason.DIAL):
        due = OutboundCallRun.objects.due_to_start(now)
        addresses = [RunAddress(*row) for row in due.values_list("pk", "business_id")]
    return sum(_start(address, now) for address in addresses)


def _start(address: RunAddress, now: datetime) -> bool:
    with business_scope(address.business_id):
        run = OutboundCallRun.objects.for_business(address.business_id).get(pk=address.run_id)
        return not pause_broken(run, now=now) and run.start(now)


def call_off_the_rest(*, now: datetime) -> int:
    """Of runs that were stopped with more people in the queue than one statement calls off."""
    with platform_scope(PlatformReason.DIAL):
        waiting = OutboundCallJob.objects.filter(
            business=OuterRef("business"), run=OuterRef("pk"), status=JobStatus.QUEUED
        )
        stopped = OutboundCallRun.objects.canceled_since(now - LOOKED_BACK)
        runs = list(stopped.filter(Exists(waiting)).order_by("ended_at")[:RUNS_CALLED_OFF_A_TICK])
    return sum(_call_off(run) for run in runs)


def _call_off(run: OutboundCallRun) -> int:
    with business_scope(run.business_id):
        assert run.ended_at is not None  # of a run that was stopped, says the database
        forget_plans()
        return OutboundCallJob.objects.call_off(run, now=run.ended_at, most=CALLED_OFF_A_TICK)


def complete_runs(*, now: datetime) -> int:
    """Those that run and have nobody left to call, and nobody on the line."""
    with platform_scope(PlatformReason.DIAL):
        left = OutboundCallJob.objects.filter(
            business=OuterRef("business"), run=OuterRef("pk"), status__in=OPEN
        )
        done = OutboundCallRun.objects.running().filter(~Exists(left))
        addresses = [RunAddress(*row) for row in done.values_list("pk", "business_id")]
    return sum(_complete(address, now) for address in addresses)


def _complete(address: RunAddress, now: datetime) -> bool:
    with business_scope(address.business_id):
        runs = OutboundCallRun.objects.for_business(address.business_id)
        run = runs.select_for_update().get(pk=address.run_id)
        if OutboundCallJob.objects.of_run(run).open().exists():
            return False
        completed = run.complete(now)
    logger.info("run_completed", run_id=str(address.run_id))
    return completed
