"""A run is stopped for good while its calls are under way: nobody is left behind in its queue."""

from __future__ import annotations

import pytest
from django.conf import settings

from calls.models import Call, CallStatus
from outbound.actions import keep_watch, stop_run
from outbound.dialer import dial
from outbound.models import CarrierAccount, DialUsage, JobStatus, OutboundCallRun
from outbound.outcomes import settle
from outbound.reconcile import look_up_unknown
from prosaas.simulator.rest_faults import REFUSE_500, REFUSE_RESET, RestFault
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.pages import Window, as_alice
from tests.outbound.rig import (
    CarrierThread,
    Clock,
    attempt_of,
    job_of,
    jobs_of,
    limits,
    new_number,
    started,
)

__all__ = ["as_alice"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    CarrierAccount.objects.create(account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0)
    limits(flowers)
    return started(flowers)


def reserved(business: Business) -> int:
    with business_scope(business):
        return sum(DialUsage.objects.for_business(business).values_list("reserved_s", flat=True))


@pytest.mark.parametrize("fault", [REFUSE_500, REFUSE_RESET], ids=["500", "reset"])
def test_whose_call_turns_out_never_to_have_been_placed_is_not_called_any_more(
    fault: RestFault, run: OutboundCallRun, flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    line.does(lambda carrier: carrier.rest.faults.append(fault))
    dial(for_s=5, clock=clock)
    stop_run(run=run, by=None, now=clock())
    for _ in range(2):
        clock.moves(seconds=150)
        look_up_unknown(now=clock())

    job = job_of(run)
    assert (job.status, job.ended_at) == (JobStatus.CANCELED, clock())
    assert reserved(flowers) == 0
    assert line.rung == []


def test_who_was_busy_is_not_called_again(
    run: OutboundCallRun, flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    dial(for_s=5, clock=clock)
    stop_run(run=run, by=None, now=clock())
    attempt = attempt_of(run)
    with business_scope(flowers):
        call = Call.objects.get(call_sid=attempt.call_sid)
        call.apply_carrier_status(CallStatus.BUSY, sequence=1, now=clock())
    settle(attempt_id=attempt.pk, business_id=flowers.pk, now=clock())

    assert job_of(run).status == JobStatus.BUSY
    assert reserved(flowers) == 0


def test_of_a_very_long_queue_the_rest_is_called_off_soon_after(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.actions.runs.CALLED_OFF_AT_ONCE", 2)
    monkeypatch.setattr("outbound.actions.keeping.CALLED_OFF_A_TICK", 2)
    run = started(flowers, *(new_number() for _ in range(5)))
    other = started(flowers, new_number())
    stopped_at = clock()
    assert stop_run(run=run, by=None, now=stopped_at)
    dial(for_s=2, clock=clock)
    assert line.rung == [job_of(other).phone_e164]
    seen = []
    for _ in range(3):
        clock.moves(seconds=2)
        did = keep_watch(clock=clock)
        assert did is not None
        seen.append(did["called_off"])
    assert seen == [2, 1, 0]
    assert {(job.status, job.ended_at) for job in jobs_of(run)} == {("canceled", stopped_at)}
    assert job_of(other).status == JobStatus.DIALING


def test_the_page_of_a_stopped_run_looks_again_until_nobody_waits(
    as_alice: Window, flowers: Business, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbound.actions.runs.CALLED_OFF_AT_ONCE", 2)
    run = started(flowers, *(new_number() for _ in range(5)))
    stop_run(run=run, by=None, now=clock())
    assert "hx-trigger" in as_alice.get(f"/outbound/runs/{run.pk}/")
    keep_watch(clock=clock)
    assert "hx-trigger" not in as_alice.get(f"/outbound/runs/{run.pk}/")
