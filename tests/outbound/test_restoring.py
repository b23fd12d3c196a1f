"""I14: a backup is restored, and nobody is rung again for a call that was made since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from calls import telephony
from calls.actions import close_stale_calls
from calls.models import Call
from calls.telephony import MadeCall, TelephonyError
from outbound.actions import Restored, schedule_run, start_run, take_up_after_restore
from outbound.actions.keeping import keep_watch
from outbound.dialer import dial
from outbound.models import (
    AttemptState,
    CarrierAccount,
    DialAttempt,
    DialUsage,
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
)
from prosaas.simulator.call_plan import Callee
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.rig import (
    CarrierThread,
    Clock,
    attempts_of,
    caller_number,
    every_attempt,
    fresh,
    job_of,
    jobs_of,
    limits,
    make_run,
    new_number,
    started,
)

pytestmark = pytest.mark.django_db(transaction=True)

A_DAY = timedelta(days=1)
BEFORE = ("--since", "2020-01-01T00:00")


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers, calls_a_day=10_000, minutes_a_day=1_000_000)


def restored_to_the_time_before(run: OutboundCallRun, **as_it_was: Any) -> None:
    """What a backup of that time has of this run."""
    with business_scope(run.business_id):
        calls = list(DialAttempt.objects.filter(run=run).values_list("call", flat=True))
        DialVerdict.objects.filter(run=run).delete()
        DialAttempt.objects.filter(run=run).delete()
        Call.objects.filter(pk__in=calls).delete()
        DialUsage.objects.for_business(run.business_id).delete()
        OutboundCallJob.objects.of_run(run).update(
            status=JobStatus.QUEUED, attempts=0, outcomes={}, ended_at=None
        )
        OutboundCallRun.objects.filter(pk=run.pk).update(
            **{"status": RunStatus.RUNNING, "ended_at": None} | as_it_was
        )


def restore(clock: Clock) -> Restored:
    return take_up_after_restore(since=clock() - A_DAY, now=clock())


def test_i14_whoever_was_rung_since_the_backup_is_not_rung_again(
    flowers: Business, line: CarrierThread, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "LISTED_A_PAGE", 3)
    numbers = [new_number() for _ in range(4)]
    run = started(flowers, *numbers)
    assert dial(for_s=5, clock=clock) == 4
    line.settled()
    restored_to_the_time_before(run)

    assert restore(clock) == Restored(paused=1, missing=4, taken_up=4, silent=())
    held = fresh(run)
    assert (held.status, held.pause_reason) == (RunStatus.PAUSED, PauseReason.RESTORED)
    assert dial(for_s=1, clock=clock) == 0, "not before somebody says so"
    assert {job.status for job in jobs_of(run)} == {"completed"}
    assert {attempt.state for attempt in attempts_of(run)} == {AttemptState.FINAL}
    keep_watch(clock=clock)
    assert dial(for_s=1, clock=clock) == 0
    assert sorted(line.rung) == sorted(numbers)


def test_i14_who_was_not_rung_is_rung_when_the_run_goes_on(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    rung, waiting = new_number(), new_number()
    run = started(flowers, rung, waiting, concurrency=1)
    assert dial(for_s=0.5, clock=clock) == 1
    line.settled()
    [first] = line.rung
    restored_to_the_time_before(run)

    assert restore(clock).taken_up == 1
    assert start_run(run=fresh(run), by=None, now=clock())
    clock.moves(seconds=5)
    assert dial(for_s=1, clock=clock) == 1
    assert sorted(line.rung) == sorted([rung, waiting])
    assert line.rung[0] == first


def test_i14_two_calls_to_one_person_are_two_attempts(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    number = new_number()
    line.does(lambda carrier: carrier.callees.update({number: Callee(outcome="busy")}))
    again = {"busy": {"times": 1, "after_s": 1}}
    run = started(flowers, number, retries=again)
    for _ in range(2):
        assert dial(for_s=5, clock=clock) == 1
        line.settled()
        close_stale_calls(now=clock() + timedelta(minutes=5))
        keep_watch(clock=clock)
        clock.moves(seconds=60)
    assert job_of(run).status == "busy"
    restored_to_the_time_before(run)

    assert restore(clock).taken_up == 2
    job = job_of(run)
    assert (job.status, job.attempts, job.outcomes) == ("busy", 2, {"busy": 2})
    assert [attempt.number for attempt in attempts_of(run)] == [1, 2]


def test_i14_a_call_that_goes_on_keeps_its_line_and_is_asked_about(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    number = new_number()
    line.does(lambda carrier: carrier.callees.update({number: Callee(ring_s=3600)}))
    run = started(flowers, number)
    assert dial(for_s=5, clock=clock) == 1
    restored_to_the_time_before(run)
    assert restore(clock).taken_up == 1
    [attempt] = attempts_of(run)
    assert (attempt.state, job_of(run).status) == (AttemptState.PLACED, "dialing")
    with business_scope(flowers):
        usage = DialUsage.objects.for_business(flowers).get()
        assert (usage.calls, usage.reserved_s) == (1, attempt.reserved_s)


def test_i14_asked_again_it_finds_nothing_more(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers, new_number())
    dial(for_s=5, clock=clock)
    line.settled()
    restored_to_the_time_before(run)
    restore(clock)
    before = every_attempt()
    assert restore(clock) == Restored(paused=0, missing=0, taken_up=0, silent=())
    assert list(every_attempt()) == list(before)


def test_i14_a_draft_that_was_started_since_is_none_any_more(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers, new_number())
    dial(for_s=5, clock=clock)
    line.settled()
    restored_to_the_time_before(run, status=RunStatus.DRAFT, started_at=None)
    assert restore(clock).taken_up == 1
    held = fresh(run)
    assert (held.status, held.pause_reason) == (RunStatus.PAUSED, PauseReason.RESTORED)
    assert held.started_at is not None


def test_i14_what_is_to_start_by_itself_does_not(flowers: Business, clock: Clock) -> None:
    run = make_run(flowers, new_number())
    assert schedule_run(run=run, starts_at=clock() + A_DAY, by=None, now=clock())
    assert restore(clock).paused == 1
    assert fresh(run).status == RunStatus.PAUSED


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the carrier lists, and nothing besides."""

    def lists(*calls: MadeCall) -> None:
        monkeypatch.setattr(telephony, "calls_made", lambda _account, *, since: list(calls))

    return lists


def a_made_call(clock: Clock, *, to: str, from_: str, sid: str = "1") -> MadeCall:
    return MadeCall(
        status="completed",
        duration_s=20,
        ended_at=clock(),
        call_sid="CA" + sid * 32,
        to=to,
        from_=from_,
        created_at=clock() - timedelta(minutes=1),
    )


def test_i14_calls_of_others_on_the_account_are_left_alone(
    flowers: Business, clock: Clock, made: Callable[..., None]
) -> None:
    number = new_number()
    run = started(flowers, number)
    other = a_made_call(clock, to=new_number(), from_=caller_number(flowers).e164)
    from_elsewhere = a_made_call(clock, to=number, from_="+97231112222", sid="2")
    made(other, from_elsewhere)
    assert restore(clock) == Restored(paused=1, missing=2, taken_up=0, silent=())
    assert job_of(run).status == "queued"
    assert every_attempt() == []


def test_i14_the_same_number_in_two_runs_is_taken_up_once(
    flowers: Business, clock: Clock, made: Callable[..., None]
) -> None:
    number = new_number()
    draft, run = make_run(flowers, number), started(flowers, number)
    made(a_made_call(clock, to=number, from_=caller_number(flowers).e164))
    assert restore(clock).taken_up == 1
    assert (job_of(draft).status, job_of(run).status) == ("queued", "completed")


def test_i14_the_call_of_an_attempt_that_was_being_sent_is_left_to_it(
    flowers: Business, clock: Clock, made: Callable[..., None]
) -> None:
    number = new_number()
    sending, waiting = started(flowers, number), started(flowers, number)
    job = job_of(sending)
    with business_scope(flowers):
        DialAttempt.objects.create(
            business=flowers,
            run=sending,
            job=job,
            number=1,
            account_sid=settings.TWILIO_ACCOUNT_SID,
            state=AttemptState.POSTING,
            to_e164=number,
            from_e164=caller_number(flowers).e164,
            owner=1,
            posted_at=clock() - timedelta(minutes=1),
            usage_day=clock().date(),
        )
        OutboundCallJob.objects.filter(pk=job.pk).update(status=JobStatus.DIALING)
    made(a_made_call(clock, to=number, from_=caller_number(flowers).e164))
    assert restore(clock).taken_up == 0
    assert job_of(waiting).status == "queued"
    assert [attempt.state for attempt in every_attempt()] == [AttemptState.POSTING]


def test_i14_an_account_that_is_silent_is_told_and_the_runs_wait(
    flowers: Business, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_account: Any, *, since: Any) -> list[MadeCall]:
        raise TelephonyError("The carrier cannot be reached.", permanent=False)

    monkeypatch.setattr(telephony, "calls_made", silent)
    run = started(flowers, new_number())
    said = StringIO()
    with pytest.raises(CommandError, match=settings.TWILIO_ACCOUNT_SID):
        call_command("outbound", "restored", "--language", "en", stdout=said)
    assert "Runs paused: 1" in said.getvalue()
    assert fresh(run).status == RunStatus.PAUSED


def test_the_command_says_what_it_found(
    flowers: Business, line: CarrierThread, clock: Clock
) -> None:
    run = started(flowers, new_number())
    dial(for_s=5, clock=clock)
    line.settled()
    restored_to_the_time_before(run)
    said = StringIO()
    call_command("outbound", "restored", "--language", "en", *BEFORE, stdout=said)
    assert "Runs paused: 1" in said.getvalue()
    assert "no row had: 1, of jobs: 1" in said.getvalue()
    assert job_of(run).status == "completed"


@pytest.mark.parametrize("since", ["yesterday", "2026-13-40T00:00", "2999-01-01T00:00Z"])
def test_the_command_wants_a_moment_that_has_been(since: str) -> None:
    with pytest.raises(CommandError, match="since"):
        call_command("outbound", "restored", "--since", since, stdout=StringIO())
