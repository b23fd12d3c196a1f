"""A run is stopped for good while its calls are under way: nobody is left behind in its queue."""

from __future__ import annotations

import pytest
from django.conf import settings

from calls.models import Call, CallStatus
from outbound.actions import stop_run
from outbound.dialer import dial
from outbound.models import CarrierAccount, DialUsage, JobStatus, OutboundCallRun
from outbound.outcomes import settle
from outbound.reconcile import look_up_unknown
from prosaas.simulator.rest_faults import REFUSE_500, REFUSE_RESET, RestFault
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.rig import CarrierThread, Clock, attempt_of, job_of, limits, started

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
