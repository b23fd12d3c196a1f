"""What is looked after while nobody looks: lost callbacks, queues, restarts, beats, neighbours."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from django.conf import settings
from django.db import OperationalError
from django.db.models import ProtectedError
from django.urls import reverse

from calls.actions import close_stale_calls
from calls.models import Call, CallStatus
from outbound import actions, liveness
from outbound.actions.keeping import KEEPING, keep_watch
from outbound.actions.stopping import withdraw_late_calls
from outbound.dialer import AT_ONCE, DIALLING, dial, dial_in_turn
from outbound.models import (
    CarrierAccount,
    JobStatus,
    OutboundCallRun,
    PauseReason,
)
from outbound.wording import holds_up, of_run
from prosaas.simulator.call_plan import Callee
from prosaas.simulator.rest_faults import RestFault
from tenants.models import Business, Heartbeat
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier, new_sid
from tests.outbound.rig import (
    ALWAYS,
    CarrierThread,
    Clock,
    attempt_of,
    fresh,
    job_of,
    jobs_of,
    limits,
    make_run,
    new_number,
    started,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers, calls_a_day=100_000, minutes_a_day=1_000_000)


def everybody_is(line: CarrierThread, **callee: Any) -> None:
    line.does(lambda carrier: setattr(carrier.directory, "otherwise", Callee(**callee)))


def test_c05_when_every_callback_is_lost_the_carrier_is_asked(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    everybody_is(line, outcome="busy", ring_s=0.0)
    run = started(flowers, retries={})
    dial(for_s=5, clock=clock)
    line.settled()
    clock.moves(minutes=5)
    close_stale_calls(now=clock())
    keep_watch(clock=clock)
    assert (job_of(run).status, attempt_of(run).state) == ("busy", "final")
    assert fresh(run).status == "completed"


def test_c06_the_carrier_delivers_its_callbacks_again_while_we_are_away(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    everybody_is(line, outcome="busy", ring_s=0.0)
    started(flowers)
    dial(for_s=5, clock=clock)
    line.settled()
    [call] = line.does(lambda carrier: list(carrier.calls.values()))
    tries = [told for told in call.callbacks if told.about == "busy"]
    assert len(tries) == 4


def test_c07_with_the_database_away_the_carrier_is_asked_to_come_again(
    flowers: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_form: object) -> None:
        raise OperationalError("the connection is closed")

    carrier = SignedCarrier(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    run = started(flowers)
    path = reverse("outbound:status", args=[flowers.slug, job_of(run).pk])
    fields = {"CallSid": new_sid(), "CallStatus": "busy", "SequenceNumber": "1"}
    with monkeypatch.context() as down:
        down.setattr(actions, "take_attempt_status", away)
        assert carrier.post(path, fields).status_code == 503


def test_d22_with_an_empty_broker_everything_is_found_in_the_database(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(flowers, schedule=ALWAYS, observe_shabbat=False)
    started(flowers, new_number(), new_number())
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    assert dial_in_turn(for_s=5, idle_s=0) == 2


def test_d23_two_beats_make_one_watch(flowers: Business) -> None:
    with liveness.turn(KEEPING) as ours:
        assert ours
        assert keep_watch() is None
    assert keep_watch() is not None


def test_d23_a_watch_says_when_it_was_last_kept(flowers: Business, clock: Clock) -> None:
    keep_watch(clock=clock)
    assert Heartbeat.objects.get(task="keep_watch").at == clock()


def test_d23_there_are_as_many_diallers_as_there_are_to_be(
    flowers: Business, line: CarrierThread, settings: Any
) -> None:
    settings.DIALLERS = 1
    started(flowers)
    with liveness.turn(DIALLING) as ours:
        assert ours
        assert dial_in_turn(for_s=1, idle_s=0) is None
    assert dial_in_turn(for_s=1, idle_s=0) is not None


def test_d25_what_the_carrier_queues_is_sent_too_fast(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    started(flowers)
    queued(line, 90)
    dial(for_s=5, clock=clock)
    slowed_until = CarrierAccount.objects.get().slowed_until
    assert slowed_until is not None
    assert timedelta(seconds=85) < slowed_until - clock() <= timedelta(seconds=91)


def test_d26_a_call_still_in_the_carriers_queue_when_the_window_closes_is_taken_back(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(flowers, schedule={"wed": [["09:00", "12:00"]]})
    run = started(flowers)
    queued(line, 3600)
    dial(for_s=5, clock=clock)
    clock.now = datetime(2026, 11, 4, 12, 0, 1, tzinfo=ZoneInfo("Asia/Jerusalem"))
    assert withdraw_late_calls(now=clock()) == 1
    assert attempt_of(run).cancel_asked_at == clock()
    assert statuses(line) == ["canceled"]
    clock.moves(minutes=5)
    close_stale_calls(now=clock())
    keep_watch(clock=clock)
    assert (job_of(run).status, attempt_of(run).outcome) == (JobStatus.QUEUED, "canceled")


def test_d26_a_queued_call_of_a_run_that_was_stopped_is_taken_back(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    queued(line, 3600)
    dial(for_s=5, clock=clock)
    actions.stop_run(run=fresh(run), by=None, now=clock())
    clock.moves(seconds=6)
    assert withdraw_late_calls(now=clock()) == 1
    assert statuses(line) == ["canceled"]


def test_d26_an_account_that_is_gone_keeps_nobody_else_from_being_looked_after(
    flowers: Business, line: CarrierThread, clock: Clock, settings: Any
) -> None:
    run = started(flowers)
    queued(line, 3600)
    dial(for_s=5, clock=clock)
    actions.stop_run(run=fresh(run), by=None, now=clock())
    clock.moves(seconds=6)
    settings.TWILIO_ACCOUNT_SID = ""
    assert keep_watch(clock=clock) is not None
    assert attempt_of(run).cancel_asked_at == clock()


@pytest.mark.parametrize(
    "broken",
    [{"retries": {"busy": "often"}}, {"schedule": {"someday": []}}],
    ids=["retries", "hours"],
)
def test_a_run_that_was_broken_by_hand_stops_nobody_elses_run(
    broken: dict[str, Any], flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(garage)
    everybody_is(line, outcome="busy", ring_s=0.0)
    runs = [started(flowers, retries={}), started(garage, retries={})]
    dial(for_s=5, clock=clock)
    line.settled()
    broken_run, sound = runs
    with business_scope(flowers):
        OutboundCallRun.objects.filter(pk=broken_run.pk).update(**broken)
    clock.moves(minutes=5)
    close_stale_calls(now=clock())
    assert keep_watch(clock=clock) is not None

    assert (job_of(sound).status, fresh(sound).status) == ("busy", "completed")
    seen = fresh(broken_run)
    assert (seen.status, seen.pause_reason) == ("paused", PauseReason.SETTINGS)
    # Its own call is over as well, and by settings that nobody can read nobody is called again.
    assert (job_of(broken_run).status, attempt_of(broken_run).state) == ("busy", "final")
    with business_scope(flowers):
        assert "cannot be read. Edit the run" in of_run(seen)


def test_a_broken_run_rings_nobody_and_waits_for_whoever_mends_it(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(garage)
    broken_run, sound = started(flowers), started(garage)
    with business_scope(flowers):
        OutboundCallRun.objects.filter(pk=broken_run.pk).update(schedule={"mon": "always"})
    assert dial(for_s=5, clock=clock) == 1
    assert line.rung == [job_of(sound).phone_e164]
    assert fresh(broken_run).pause_reason == PauseReason.SETTINGS
    # Nobody of it was put off: they are due as soon as it goes on.
    assert job_of(broken_run).due_at <= clock()


def test_broken_hours_of_the_business_ring_nobody_until_they_are_mended(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock
) -> None:
    limits(garage)
    held, sound = started(flowers), started(garage)
    limits(flowers, schedule={"mon": "always"})
    assert dial(for_s=5, clock=clock) == 1
    assert line.rung == [job_of(sound).phone_e164]
    # It is not the run's fault, so nobody has to start it again, and nobody of it was put off.
    assert fresh(held).status == "running"
    assert job_of(held).due_at <= clock()
    with business_scope(flowers):
        told = " ".join(holds_up(fresh(held), now=clock()))
    assert "The operator mends them in the admin" in told

    limits(flowers, schedule=ALWAYS)
    clock.moves(minutes=1)
    assert dial(for_s=5, clock=clock) == 1
    assert line.rung[1:] == [job_of(held).phone_e164]
    with business_scope(flowers):
        told = " ".join(holds_up(fresh(held), now=clock()))
    assert "mends" not in told


def test_a_broken_run_does_not_start_by_itself(flowers: Business, clock: Clock) -> None:
    run = make_run(flowers)
    assert actions.schedule_run(
        run=run, starts_at=clock() + timedelta(hours=1), by=None, now=clock()
    )
    with business_scope(flowers):
        OutboundCallRun.objects.filter(pk=run.pk).update(retries=[])
    clock.moves(hours=2)
    assert keep_watch(clock=clock) is not None
    assert fresh(run).pause_reason == PauseReason.SETTINGS


def test_d26_a_call_that_rings_already_is_let_be(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    dial(for_s=5, clock=clock)
    with business_scope(flowers):
        Call.objects.update(status=CallStatus.RINGING)
    actions.pause_run(run=fresh(run), by=None, now=clock())
    clock.moves(hours=12)
    assert withdraw_late_calls(now=clock()) == 0


@pytest.fixture
def full_disk() -> Iterator[None]:
    class Full(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                raise OSError(28, "No space left on device")
            except OSError:
                self.handleError(record)

    handler, root = Full(), logging.getLogger()
    handlers, root.handlers = root.handlers, [handler]
    raises, logging.raiseExceptions = logging.raiseExceptions, False
    yield
    root.handlers, logging.raiseExceptions = handlers, raises


@pytest.mark.usefixtures("full_disk")
def test_d28_a_log_that_cannot_be_written_stops_no_call(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    started(flowers)
    assert dial(for_s=5, clock=clock) == 1
    assert len(line.rung) == 1


def test_hang_up_all_ends_every_call_of_the_run(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    everybody_is(line, ring_s=60.0)
    run = started(flowers, new_number(), new_number())
    dial(for_s=5, clock=clock)
    actions.pause_run(run=fresh(run), by=None, now=clock())
    assert actions.hang_up_all(run=fresh(run), by=None, now=clock()) == 2
    assert statuses(line) == ["canceled", "canceled"]


def test_q04_what_is_being_dialled_cannot_be_deleted(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    dial(for_s=5, clock=clock)
    with business_scope(flowers):
        for row in (fresh(run), job_of(run), job_of(run).lead):
            with pytest.raises(ProtectedError):
                row.delete()


def test_q04_a_business_that_is_suspended_rings_nobody(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers)
    with business_scope(flowers):
        Business.objects.update(status=Business.Status.SUSPENDED)
    assert dial(for_s=1, clock=clock) == 0
    assert job_of(run).status == JobStatus.QUEUED


def test_q06_ten_leads_do_not_wait_for_a_thousand(
    flowers: Business, garage: Business, line: CarrierThread, clock: Clock, settings: Any
) -> None:
    settings.LIVE_CALLS = 1000
    limits(garage)
    everybody_is(line, ring_s=600.0)
    started(flowers, *(new_number() for _ in range(200)), concurrency=100)
    few = started(garage, *(new_number() for _ in range(10)))
    dial(for_s=60, clock=clock)
    first_of_few = min(line.rung.index(job.phone_e164) for job in jobs_of(few))
    assert first_of_few <= AT_ONCE


def queued(line: CarrierThread, seconds: float) -> None:
    line.does(lambda carrier: carrier.rest.faults.append(RestFault(queue_s=seconds)))


def statuses(line: CarrierThread) -> list[str]:
    line.settled()
    return sorted(line.does(lambda carrier: [call.status for call in carrier.calls.values()]))
