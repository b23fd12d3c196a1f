from __future__ import annotations

import pytest
from django.conf import settings

from outbound.dialer import dial
from outbound.models import AttemptState, CarrierAccount, JobStatus
from tenants.models import Business
from tests.outbound.rig import (
    CarrierThread,
    Clock,
    attempt_of,
    job_of,
    limits,
    new_number,
    started,
    verdicts_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def unpaced(flowers: Business) -> None:
    CarrierAccount.objects.create(account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0)
    limits(flowers)


def test_who_is_due_is_rung_once(flowers: Business, line: CarrierThread, clock: Clock) -> None:
    number = new_number()
    run = started(flowers, number)
    assert dial(for_s=5, clock=clock) == 1
    assert line.rung == [number]
    attempt = attempt_of(run)
    assert (attempt.state, attempt.number) == (AttemptState.PLACED, 1)
    assert attempt.call is not None
    assert attempt.call.call_sid == attempt.call_sid
    assert job_of(run).status == JobStatus.DIALING
    assert verdicts_of(run) == [("passed", "dialled")]
    assert dial(for_s=5, clock=clock) == 0
