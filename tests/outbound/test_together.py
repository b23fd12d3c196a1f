"""Answers that come at the same time are written down together, whatever else has happened."""

from __future__ import annotations

import pytest
from django.conf import settings

from calls.models import Call
from calls.placing import Placed, Unknown
from outbound.binding import bind, locked
from outbound.intents import Intent, take_jobs
from outbound.models import (
    AttemptState,
    CarrierAccount,
    DialAttempt,
    JobStatus,
    OutboundCallRun,
)
from outbound.together import record_together
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.rig import Clock, attempts_of, jobs_of, limits, new_number, started

pytestmark = pytest.mark.django_db(transaction=True)

OWNER = 7


@pytest.fixture
def run(flowers: Business) -> OutboundCallRun:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=3, congestion=2
    )
    limits(flowers)
    return started(flowers, new_number(), new_number(), new_number())


@pytest.fixture
def intents(run: OutboundCallRun, clock: Clock) -> list[Intent]:
    taken = take_jobs(run_id=run.pk, business_id=run.business_id, owner=OWNER, most=10, clock=clock)
    return list(taken.intents)


def placed(number: int) -> Placed:
    return Placed(f"CA{number:032x}", queued_ms=0)


def all_placed(intents: list[Intent]) -> list[tuple[Intent, Placed]]:
    return [(intent, placed(number)) for number, intent in enumerate(intents)]


def test_all_of_them_are_bound_to_their_calls(
    run: OutboundCallRun, intents: list[Intent], clock: Clock
) -> None:
    assert record_together(all_placed(intents), owner=OWNER, now=clock()) == []
    sids = {intent.attempt_id: answer.call_sid for intent, answer in all_placed(intents)}
    for attempt in attempts_of(run):
        assert attempt.state == AttemptState.PLACED
        assert attempt.call is not None
        assert attempt.call.call_sid == attempt.call_sid == sids[attempt.pk]
        assert attempt.call.to_e164 == attempt.to_e164
    assert {job.status for job in jobs_of(run)} == {JobStatus.DIALING}


def test_the_account_is_trusted_with_as_many_more(
    run: OutboundCallRun, intents: list[Intent], clock: Clock
) -> None:
    record_together(all_placed(intents), owner=OWNER, now=clock())
    account = CarrierAccount.objects.get()
    assert (account.most_live, account.congestion) == (3 + len(intents), 0)


def test_whoever_is_not_placed_any_more_is_left_to_be_looked_at(
    run: OutboundCallRun, intents: list[Intent], clock: Clock
) -> None:
    """A callback was quicker for the first, the second was given up, of the third nobody knows."""
    first, second, third = all_placed(intents)
    with business_scope(run.business_id):
        attempt, job = locked(DialAttempt.objects.get(pk=first[0].attempt_id))
        bind(attempt, job, call_sid=first[1].call_sid, now=clock())
        DialAttempt.objects.filter(pk=second[0].attempt_id).update(state=AttemptState.UNKNOWN)
    unsure = (third[0], Unknown("status 500"))
    left = record_together([first, second, unsure], owner=OWNER, now=clock())
    assert sorted(left, key=repr) == sorted([first, second, unsure], key=repr)


def test_a_call_that_is_anothers_spoils_it_for_all_and_nothing_is_written(
    run: OutboundCallRun, intents: list[Intent], clock: Clock
) -> None:
    twice = [(intent, placed(1)) for intent in intents]
    assert len(record_together(twice, owner=OWNER, now=clock())) == len(intents)
    with business_scope(run.business_id):
        assert not Call.objects.exists()
    assert {attempt.state for attempt in attempts_of(run)} == {AttemptState.POSTING}
