"""The dial protocol against a carrier that answers, refuses, hangs, breaks off and lies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections

from calls import placing
from calls.models import TransferTarget
from calls.placing import Placed
from outbound import addresses, dialer, placements, spool
from outbound.actions import begin_number_test, pause_run, settle_number_tests, start_run
from outbound.dialer import dial
from outbound.intents import Intent, Taken, take_jobs
from outbound.liveness import DIALLERS, LivenessLost, living
from outbound.models import (
    AttemptState,
    CarrierAccount,
    JobStatus,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from outbound.reconcile import look_up_unknown, settle_the_dead
from prosaas.simulator import rest_faults as rest
from prosaas.simulator.rest_faults import RestFault
from tenants.credentials import limit_key
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.rig import (
    CarrierThread,
    Clock,
    attempt_of,
    attempts_of,
    fresh,
    job_of,
    jobs_of,
    limits,
    new_number,
    started,
    verdicts_of,
)
from tests.people import make_number

pytestmark = pytest.mark.django_db(transaction=True)

REFUSED_NUMBER = RestFault(accept=False, status=400, code=21211)
REFUSED_ACCOUNT = RestFault(accept=False, status=401, code=20003)
REFUSE_503 = RestFault(accept=False, status=503, code=20503)


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    """No pace and no cap is in the way of what a test is about."""
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers, calls_a_day=10_000, minutes_a_day=1_000_000)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "TIMEOUT_S", 0.3)


def faults(line: CarrierThread, *scripted: RestFault) -> None:
    line.does(lambda carrier: carrier.rest.faults.extend(scripted))


def dies_with_intent(run: OutboundCallRun, clock: Clock) -> Intent:
    """A dialler that is killed once the intent is committed: its session ends, and that is all that
    anybody sees of it.
    """
    with living() as alive:
        taken = take(run, alive.owner, clock)
    the_server_sees_the_end_of(alive.owner)
    [intent] = taken.intents
    return intent


def the_server_sees_the_end_of(owner: int) -> None:
    """Which it does a moment after the session is closed on our side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [DIALLERS, owner])
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [DIALLERS, owner])


def take(run: OutboundCallRun, owner: int, clock: Clock) -> Taken:
    return take_jobs(run_id=run.pk, business_id=run.business_id, owner=owner, most=10, clock=clock)


def settles(clock: Clock) -> None:
    """Nothing is found twice, long after anything could have been sent."""
    for seconds in (2, 5, 15, 30, 60, 121, 152):
        start = clock.now
        clock.moves(seconds=seconds)
        look_up_unknown(now=clock())
        clock.now = start
    clock.moves(seconds=153)


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


def test_d01_killed_before_the_intent_leaves_nothing_behind(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(flowers)
    with monkeypatch.context() as dying:
        dying.setattr("outbound.intents.note_passed", _dies)
        with pytest.raises(SystemExit), living() as alive:
            take(run, alive.owner, clock)
    assert attempts_of(run) == []
    assert dial(for_s=5, clock=clock) == 1
    assert (len(line.rung), attempt_of(run).number) == (1, 1)


def test_d02_killed_between_intent_and_request_is_dialled_once_in_the_end(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    dies_with_intent(run, clock)
    assert settle_the_dead(now=clock()) == 1
    assert job_of(run).status == JobStatus.UNKNOWN
    assert dial(for_s=1, clock=clock) == 0
    settles(clock)
    attempt = attempt_of(run)
    assert (attempt.state, attempt.number) == (AttemptState.QUEUED, 1)
    assert dial(for_s=5, clock=clock) == 1
    assert len(line.rung) == 1
    assert (attempt_of(run).number, attempt_of(run).fence) == (1, 2)


def test_d03_killed_after_the_carrier_took_it_is_found_in_the_list(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    intent = dies_with_intent(run, clock)
    post(intent)  # and nobody lived to write the answer down
    settle_the_dead(now=clock())
    clock.moves(seconds=2)
    look_up_unknown(now=clock())
    attempt = attempt_of(run)
    assert attempt.state == AttemptState.PLACED
    assert attempt.call_sid == accepted_sids(line)[0]
    assert dial(for_s=1, clock=clock) == 0
    assert len(line.rung) == 1


def test_the_call_of_a_number_test_is_not_taken_for_that_of_an_attempt(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    """The intent's own call was never asked for; the only one in the list is the test's."""
    number = new_number()
    make_number(flowers)
    with business_scope(flowers):
        target = TransferTarget.objects.create(business=flowers, name="Dana", e164=number)
    test = begin_number_test(business=flowers, target_id=target.pk, by=None, clock=clock)
    line.settled()
    clock.moves(seconds=16)
    settle_number_tests(now=clock())
    run = started(flowers, number)
    dies_with_intent(run, clock)
    settle_the_dead(now=clock())
    clock.moves(seconds=2)
    look_up_unknown(now=clock())
    attempt = attempt_of(run)
    assert test.call_sid in accepted_sids(line)
    assert (attempt.state, attempt.call_sid) == (AttemptState.UNKNOWN, None)


def test_d04_a_task_delivered_again_finds_nothing_to_do(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    started(flowers)
    assert [dial(for_s=2, clock=clock) for _ in range(3)] == [1, 0, 0]
    assert len(line.rung) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "fault",
    [rest.ACCEPT_HANG, rest.ACCEPT_RESET, rest.ACCEPT_GARBAGE, rest.ACCEPT_500],
    ids=["d05 hangs", "d06 resets", "d06 garbage", "d07 500 placed"],
)
def test_d05_to_d07_a_lost_answer_is_looked_for_and_never_asked_for_again(
    flowers: Business, line: CarrierThread, clock: Clock, fault: RestFault
) -> None:
    run = started(flowers)
    faults(line, fault)
    assert dial(for_s=5, clock=clock) == 1
    assert (attempt_of(run).state, job_of(run).status) == ("unknown", "unknown")
    clock.moves(seconds=2)
    look_up_unknown(now=clock())
    assert attempt_of(run).state == AttemptState.PLACED
    assert dial(for_s=1, clock=clock) == 0
    assert len(line.rung) == 1


@pytest.mark.parametrize("fault", [rest.REFUSE_500, REFUSE_503], ids=["500", "503"])
def test_d07_an_error_that_placed_nothing_is_dialled_again_once_that_is_proven(
    flowers: Business, line: CarrierThread, clock: Clock, fault: RestFault
) -> None:
    run = started(flowers)
    faults(line, fault)
    dial(for_s=5, clock=clock)
    clock.moves(seconds=60)
    look_up_unknown(now=clock())
    assert attempt_of(run).state == AttemptState.UNKNOWN
    settles(clock)
    assert dial(for_s=5, clock=clock) == 1
    assert (len(line.rung), attempt_of(run).number) == (1, 1)


def test_d08_asked_too_often_we_wait_longer_each_time_and_burn_nothing(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    faults(line, *repeat(rest.REFUSE_429, 3))
    waits = []
    for _ in range(3):
        assert dial(for_s=5, clock=clock) == 1
        slowed_until = CarrierAccount.objects.get().slowed_until
        assert slowed_until is not None
        waits.append((slowed_until - clock()).total_seconds())
        assert dial(for_s=0.5, clock=clock) == 0
        clock.moves(seconds=10)
    assert waits == [1, 2, 4]
    assert ("pace", "carrier_is_congested") in verdicts_of(run)
    assert dial(for_s=5, clock=clock) == 1
    attempt = attempt_of(run)
    assert (attempt.number, attempt.refusals, attempt.state) == (1, 3, "placed")
    assert CarrierAccount.objects.get().congestion == 0


def test_d09_a_number_that_the_carrier_refuses_is_asked_for_once(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    faults(line, REFUSED_NUMBER)
    assert dial(for_s=5, clock=clock) == 1
    job, attempt = job_of(run), attempt_of(run)
    assert (job.status, attempt.state, attempt.error_code) == ("rejected", "rejected", 21211)
    clock.moves(days=1)
    assert dial(for_s=1, clock=clock) == 0


def test_d10_refused_credentials_stop_the_run_after_one_request_and_burn_no_lead(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    CarrierAccount.objects.update(most_live=1)  # which has not taken a call of ours yet
    run = started(flowers, *(new_number() for _ in range(5)))
    other = started(flowers, new_number(), name="Winter")
    faults(line, *repeat(REFUSED_ACCOUNT, 10))
    assert dial(for_s=5, clock=clock) == 1
    clock.moves(seconds=1)
    assert dial(for_s=5, clock=clock) == 0
    paused = [fresh(run), fresh(other)]
    assert {(one.status, one.pause_reason) for one in paused} == {
        (RunStatus.PAUSED, PauseReason.ACCOUNT)
    }
    assert {job.status for job in [*jobs_of(run), *jobs_of(other)]} == {JobStatus.QUEUED}
    line.does(lambda carrier: carrier.rest.faults.clear())
    assert start_run(run=fresh(run), by=None, now=clock())
    assert dial(for_s=5, clock=clock) >= 1
    assert len(line.rung) >= 1


def test_d11_paused_between_intent_and_request_it_does_not_send(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(flowers)
    hands = iter([0.0, 0.0, 0.0, 0.0, 300.0])
    last = [0.0]

    def monotonic() -> float:
        last[0] = next(hands, last[0])
        return last[0]

    dial(for_s=200, clock=clock, monotonic=monotonic)
    assert line.rung == []
    assert (attempt_of(run).state, job_of(run).status) == ("queued", "queued")
    assert dial(for_s=5, clock=clock) == 1
    assert (len(line.rung), attempt_of(run).number) == (1, 1)


def test_d11_nobody_takes_over_from_a_dialler_that_only_sleeps(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    with living() as sleeping:
        take(run, sleeping.owner, clock)
        clock.moves(minutes=5)
        assert settle_the_dead(now=clock()) == 0
        assert attempt_of(run).state == AttemptState.POSTING
    the_server_sees_the_end_of(sleeping.owner)
    assert settle_the_dead(now=clock()) == 1
    assert attempt_of(run).unknown_at == clock()


def test_r06_a_model_that_has_too_much_to_do_gets_half_as_many_calls_at_a_time(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(flowers, calls_a_day=10_000, minutes_a_day=1_000_000, concurrency=4)
    run = started(flowers, *(new_number() for _ in range(6)), concurrency=4)
    limit_key(settings.OPENAI_API_KEY, code="rate_limit_exceeded", now=clock())
    assert dial(for_s=0.5, clock=clock) == 2
    clock.moves(seconds=2)
    assert dial(for_s=0.5, clock=clock) == 0
    assert ("model_key", "limited") in verdicts_of(run)
    clock.moves(seconds=58)
    assert dial(for_s=0.5, clock=clock) == 2, "all four lines"


def test_d12_without_its_proof_of_life_a_dialler_sends_nothing(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(flowers)
    taken = take_jobs

    def then_the_server_restarts(**asked: Any) -> Any:
        intents = taken(**asked)
        end_sessions_of_diallers()
        return intents

    monkeypatch.setattr(dialer, "take_jobs", then_the_server_restarts)
    with pytest.raises(LivenessLost):
        dial(for_s=5, clock=clock)
    assert line.rung == []
    assert attempt_of(run).state == AttemptState.QUEUED


def test_d13_a_call_sid_that_cannot_be_written_down_is_kept_in_a_file(
    flowers: Business,
    line: CarrierThread,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.setattr(settings, "DIAL_SPOOL_DIR", str(tmp_path))
    run = started(flowers)
    with monkeypatch.context() as away:
        away.setattr(dialer, "record", _database_away)
        dial(for_s=1, clock=clock)
    assert len(list(tmp_path.glob("*.json"))) == 1
    assert attempt_of(run).state == AttemptState.POSTING
    spool.deliver()
    attempt = attempt_of(run)
    assert (attempt.state, attempt.call_sid) == ("placed", accepted_sids(line)[0])
    assert list(tmp_path.iterdir()) == []


def test_d14_a_commit_of_which_nobody_knows_is_not_acted_upon(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(flowers)
    taken = take_jobs

    def connection_breaks_in_commit(**asked: Any) -> Any:
        taken(**asked)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as breaking:
        breaking.setattr(dialer, "take_jobs", connection_breaks_in_commit)
        with pytest.raises(OperationalError):
            dial(for_s=5, clock=clock)
    assert line.rung == []
    the_server_sees_the_end_of(attempt_of(run).owner)
    settle_the_dead(now=clock())
    settles(clock)
    assert dial(for_s=5, clock=clock) == 1
    assert (len(line.rung), attempt_of(run).number) == (1, 1)


@pytest.mark.usefixtures("impatient")
def test_d15_a_list_that_lags_is_believed_late_and_twice(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    faults(line, rest.ACCEPT_HANG)
    dial(for_s=5, clock=clock)
    line.does(lambda carrier: setattr(carrier.rest, "list_lag_s", 1e6))
    clock.moves(seconds=121)
    look_up_unknown(now=clock())
    assert attempt_of(run).state == AttemptState.UNKNOWN
    line.does(lambda carrier: setattr(carrier.rest, "list_lag_s", 0.0))
    clock.moves(seconds=31)
    look_up_unknown(now=clock())
    assert attempt_of(run).state == AttemptState.PLACED
    assert len(line.rung) == 1


def test_d16_a_list_that_cannot_be_read_proves_nothing_and_a_person_decides(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers)  # and nobody listens at the carrier's address
    dies_with_intent(run, clock)
    settle_the_dead(now=clock())
    for _ in range(40):
        clock.moves(seconds=31)
        look_up_unknown(now=clock())
    attempt = attempt_of(run)
    assert attempt.state == AttemptState.HUMAN
    assert job_of(run).status == JobStatus.UNKNOWN
    assert dial(for_s=1, clock=clock) == 0


def test_d17_two_runs_with_one_number_wait_for_each_other(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(flowers, gap_minutes=0)
    number = new_number()
    runs = [started(flowers, number, name=name) for name in ("Autumn", "Winter")]
    dial(for_s=5, clock=clock)
    assert line.rung == [number]
    assert sorted(job_of(run).status for run in runs) == ["dialing", "queued"]
    assert ("line_busy", "on_the_line") in [*verdicts_of(runs[0]), *verdicts_of(runs[1])]


def test_d17_two_businesses_on_one_account_wait_for_each_other(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(garage)
    number = new_number()
    runs = [started(business, number) for business in (flowers, garage)]
    dial(for_s=5, clock=clock)
    assert line.rung == [number]
    assert sorted(job_of(run).status for run in runs) == ["dialing", "queued"]


def test_d20_after_a_pause_nothing_is_sent_that_was_intended_before(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(flowers)
    taken = take_jobs

    def then_it_is_paused(**asked: Any) -> Any:
        intents = taken(**asked)
        pause_run(run=fresh(run), by=None, now=clock())
        return intents

    monkeypatch.setattr(dialer, "take_jobs", then_it_is_paused)
    dial(for_s=1, clock=clock)
    assert line.rung == []
    assert (attempt_of(run).state, job_of(run).status) == ("queued", "queued")


def test_d21_eight_diallers_at_once_ring_everybody_once(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    numbers = [new_number() for _ in range(20)]
    started(flowers, *numbers)
    with many_threads(8, lambda: dial(for_s=3, clock=clock)):
        pass
    assert sorted(line.rung) == sorted(numbers)


def test_d27_a_late_call_of_an_attempt_that_has_another_one_is_ended(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    intent = dies_with_intent(run, clock)
    settle_the_dead(now=clock())
    settles(clock)
    dial(for_s=5, clock=clock)
    late = post(intent)  # frozen all the while, against all odds
    placements.record(intent, late, owner=1, now=clock())
    attempt = attempt_of(run)
    assert attempt.suspect == late.call_sid
    assert attempt.call_sid != late.call_sid
    line.does(lambda carrier: carrier.calls[late.call_sid])
    assert final_status(line, late.call_sid) == "canceled"


def test_i13_a_carrier_that_cannot_be_reached_was_not_asked(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers)
    assert dial(for_s=2, clock=clock) == 1
    attempt = attempt_of(run)
    assert (attempt.state, attempt.refusals) == ("queued", 1)
    assert job_of(run).due_at == clock() + timedelta(seconds=5)


# What the tests above are told with


def post(intent: Intent) -> Placed:
    request = placing.CallRequest(
        to=intent.to,
        from_=intent.from_,
        answer_url=addresses.answer(intent.business_slug, intent.attempt_id),
        fallback_url=addresses.fallback(intent.language),
        status_url=addresses.status(intent.business_slug, intent.attempt_id),
        detection_url="",
        ring_s=intent.ring_s,
        longest_s=intent.longest_s,
    )
    placed = placing.place_call(intent.account, request, may_send=lambda: True)
    assert isinstance(placed, Placed)
    return placed


def accepted_sids(line: CarrierThread) -> list[str]:
    return [str(sid) for sid in line.does(lambda carrier: list(carrier.calls))]


def final_status(line: CarrierThread, call_sid: str) -> str:
    for _ in range(100):
        status = str(line.does(lambda carrier: carrier.calls[call_sid].status))
        if status in ("canceled", "completed"):
            return status
    return status


def end_sessions_of_diallers() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'prosaas dialler' AND datname = current_database()"
        )


@contextmanager
def many_threads(count: int, work: Any) -> Iterator[None]:
    def and_close() -> None:
        try:
            work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=and_close) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def _dies(*_args: object) -> None:
    raise SystemExit


def _database_away(*_args: object, **_kwargs: object) -> None:
    raise OperationalError("the connection is closed")
