"""The life of a run: who may do what with it, and what becomes of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError

from calls.models import AgentSettings, Call, DoNotCall, DoNotCallVia, EndReason
from outbound import actions
from outbound.actions.keeping import complete_runs, settle_finished, start_scheduled
from outbound.binding import bind, locked
from outbound.intents import take_jobs
from outbound.models import (
    CarrierAccount,
    DialAttempt,
    DialUsage,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    PauseReason,
    RunStatus,
    SuppressedNumber,
)
from prompts.models import Direction
from tenants.models import AuditEvent, Business, Credential, User
from tenants.scoping import business_scope
from tests.calls.carrier import new_sid
from tests.outbound.rig import (
    OPEN_HOURS,
    Clock,
    attempt_of,
    attempts_of,
    caller_number,
    fresh,
    job_of,
    jobs_of,
    limits,
    make_leads,
    make_run,
    new_number,
    outbound_version,
    started,
    verdicts_of,
)
from tests.people import make_credential, make_published

pytestmark = pytest.mark.django_db

NOW = OPEN_HOURS


@pytest.fixture(autouse=True)
def roomy(flowers: Business) -> None:
    CarrierAccount.objects.create(
        account_sid=settings.TWILIO_ACCOUNT_SID, calls_per_second=0, most_live=None
    )
    limits(flowers)


def dialled(run: OutboundCallRun, clock: Clock, most: int = 10) -> list[DialAttempt]:
    """Whoever may be dialled now is, and the carrier takes each call."""
    take_jobs(run_id=run.pk, business_id=run.business_id, owner=7, most=most, clock=clock)
    placed = []
    for attempt in attempts_of(run):
        if attempt.state == "posting":
            with business_scope(run.business_id):
                row, job = locked(attempt)
                assert bind(row, job, call_sid=new_sid(), now=clock())
                placed.append(row)
    return placed


def ends(attempt: DialAttempt, status: str, now: datetime, **more: Any) -> None:
    """The carrier's last word about its call."""
    assert attempt.call_id is not None
    with business_scope(attempt.business_id):
        Call.objects.filter(pk=attempt.call_id).update(
            status=status,
            carrier_final_at=now,
            ended_at=now,
            **({"end_reason": EndReason.CARRIER} | more),
        )
    settle_finished(now=now)


def test_a_run_is_made_filled_started_and_completed(flowers: Business, clock: Clock) -> None:
    run = started(flowers, new_number(), new_number())
    assert run.status == RunStatus.RUNNING
    for attempt in dialled(run, clock):
        ends(attempt, "completed", clock())
    assert complete_runs(now=clock()) == 1
    done = fresh(run)
    assert (done.status, done.ended_at) == (RunStatus.COMPLETED, clock())
    assert {job.status for job in jobs_of(run)} == {JobStatus.COMPLETED}


def test_a_run_with_somebody_on_the_line_is_not_completed(flowers: Business, clock: Clock) -> None:
    run = started(flowers)
    dialled(run, clock)
    assert complete_runs(now=clock()) == 0


def test_d19_started_twice_it_runs_once(flowers: Business, alice: User) -> None:
    run = make_run(flowers)
    assert actions.start_run(run=run, by=alice, now=NOW)
    assert not actions.start_run(run=fresh(run), by=alice, now=NOW)
    with business_scope(flowers):
        assert AuditEvent.objects.filter(action="run.started").count() == 1


def test_the_same_lead_is_in_a_run_once(flowers: Business) -> None:
    number = new_number()
    run = make_run(flowers, number)
    leads = make_leads(flowers, number, new_number())
    assert actions.add_leads(run=run, leads=leads, by=None, now=NOW) == 1
    assert len(jobs_of(run)) == 2


@pytest.mark.parametrize(
    ("outcome", "after"),
    [
        ("busy", timedelta(minutes=15)),
        ("no-answer", timedelta(hours=2)),
        ("failed", timedelta(minutes=30)),
    ],
)
def test_who_was_not_reached_is_called_again_when_the_business_said(
    flowers: Business, clock: Clock, outcome: str, after: timedelta
) -> None:
    run = started(flowers)
    [attempt] = dialled(run, clock)
    ends(attempt, outcome.replace("-", "_"), clock())
    job = job_of(run)
    assert (job.status, job.due_at, job.attempts) == ("queued", clock() + after, 1)
    assert dialled(run, clock) == []
    clock.now = job.due_at
    [second] = dialled(run, clock)
    assert second.number == 2


def test_after_the_last_attempt_the_outcome_stays(flowers: Business, clock: Clock) -> None:
    run = started(flowers, retries={"busy": {"times": 1, "after_s": 60}})
    for _ in range(2):
        [attempt] = dialled(run, clock)
        ends(attempt, "busy", clock())
        clock.moves(seconds=60)
    job = job_of(run)
    assert (job.status, job.attempts, job.outcomes) == ("busy", 2, {"busy": 2})
    assert job.ended_at is not None


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (EndReason.AGENT_GOODBYE, "completed"),
        (EndReason.VOICEMAIL, "voicemail"),
        (EndReason.MODEL_LOST, "failed"),
    ],
)
def test_what_an_answered_call_was(
    flowers: Business, clock: Clock, reason: str, outcome: str
) -> None:
    run = started(flowers, retries={})
    [attempt] = dialled(run, clock)
    ends(attempt, "completed", clock(), end_reason=reason)
    assert job_of(run).status == outcome


def test_a_run_cannot_start_without_anybody_to_call(flowers: Business) -> None:
    run = actions.create_run(
        business=flowers,
        name="Nobody",
        version=outbound_version(flowers),
        number=caller_number(flowers),
        by=None,
        now=NOW,
    )
    with pytest.raises(ValidationError, match="nobody to call"):
        actions.start_run(run=run, by=None, now=NOW)


def test_t03_a_broken_schedule_is_refused_and_dials_nobody(flowers: Business, clock: Clock) -> None:
    with pytest.raises(ValidationError):
        make_run(flowers, schedule={"sun": [["22:00", "09:00"]]})
    run = started(flowers)
    with business_scope(flowers):
        OutboundCallRun.objects.update(schedule={"moonday": []})
    assert dialled(run, clock) == []
    assert verdicts_of(run) == [("run", "broken")]
    assert fresh(run).pause_reason == PauseReason.SETTINGS


def test_t03_a_run_with_a_broken_schedule_cannot_start(flowers: Business) -> None:
    run = make_run(flowers)
    with business_scope(flowers):
        OutboundCallRun.objects.update(schedule={"moonday": []})
    with pytest.raises(ValidationError):
        actions.start_run(run=fresh(run), by=None, now=NOW)


def test_an_inbound_prompt_never_makes_an_outbound_call(flowers: Business) -> None:
    inbound = make_published(flowers, Direction.INBOUND)
    with pytest.raises(ValidationError, match="outbound prompt"):
        actions.create_run(
            business=flowers,
            name="Wrong way",
            version=inbound,
            number=caller_number(flowers),
            by=None,
            now=NOW,
        )


def test_settings_are_edited_at_rest_only(flowers: Business) -> None:
    run = started(flowers)
    with pytest.raises(ValidationError, match="Pause"):
        actions.edit_run(run=run, by=None, now=NOW, concurrency=9)
    actions.pause_run(run=run, by=None, now=NOW)
    actions.edit_run(run=run, by=None, now=NOW, concurrency=9)
    assert fresh(run).concurrency == 9


def test_paused_nobody_is_dialled_and_who_is_on_the_line_stays(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers, new_number(), new_number(), concurrency=1)
    [attempt] = dialled(run, clock)
    assert actions.pause_run(run=fresh(run), by=None, now=NOW)
    assert fresh(run).pause_reason == PauseReason.OWNER
    ends(attempt, "completed", clock())
    assert dialled(run, clock) == []
    assert sorted(job.status for job in jobs_of(run)) == ["completed", "queued"]
    assert actions.start_run(run=fresh(run), by=None, now=NOW)
    assert len(dialled(run, clock)) == 1


def test_stopped_it_is_over_and_what_comes_late_is_written_down(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers, new_number(), new_number(), concurrency=1)
    [attempt] = dialled(run, clock)
    assert actions.stop_run(run=fresh(run), by=None, now=NOW)
    assert sorted(job.status for job in jobs_of(run)) == ["canceled", "dialing"]
    ends(attempt, "busy", clock())
    assert sorted(job.status for job in jobs_of(run)) == ["busy", "canceled"]
    with pytest.raises(ValidationError, match="over"):
        actions.add_leads(run=run, leads=[], by=None, now=NOW)
    with pytest.raises(ValidationError, match="nobody to call"):
        actions.start_run(run=fresh(run), by=None, now=NOW)


def test_a_run_starts_by_itself_when_its_time_has_come(flowers: Business, clock: Clock) -> None:
    run = make_run(flowers)
    starts_at = NOW + timedelta(hours=1)
    assert actions.schedule_run(run=run, starts_at=starts_at, by=None, now=NOW)
    assert start_scheduled(now=NOW) == 0
    assert start_scheduled(now=starts_at) == 1
    assert fresh(run).status == RunStatus.RUNNING
    with pytest.raises(ValidationError, match="time to come"):
        actions.schedule_run(run=make_run(flowers), starts_at=NOW, by=None, now=NOW)


def test_call_again_makes_a_new_run_of_those_who_ended_so(flowers: Business, clock: Clock) -> None:
    run = started(flowers, new_number(), new_number(), retries={}, concurrency=2)
    busy, completed = dialled(run, clock)
    ends(busy, "busy", clock())
    ends(completed, "completed", clock())
    again = actions.call_again(
        run=fresh(run), outcomes=["busy"], name="Again", by=None, now=clock()
    )
    assert [job.phone_e164 for job in jobs_of(again)] == [busy.to_e164]
    assert (again.status, again.again_of_id, again.retries) == ("draft", run.pk, {})


def test_q05_who_objects_is_not_dialled_though_the_job_waits(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers)
    with business_scope(flowers):
        DoNotCall.objects.add(
            business_id=flowers.pk,
            phone_e164=job_of(run).phone_e164,
            via=DoNotCallVia.VOICE,
            now=NOW,
        )
    assert dialled(run, clock) == []
    assert (job_of(run).status, verdicts_of(run)) == ("rejected", [("do_not_call", "business")])


def test_a_number_that_the_operator_has_closed_is_dialled_by_nobody(
    flowers: Business, clock: Clock
) -> None:
    run = started(flowers)
    SuppressedNumber.objects.create(phone_e164=job_of(run).phone_e164)
    assert dialled(run, clock) == []
    assert verdicts_of(run) == [("do_not_call", "installation")]


def test_q07_the_minutes_of_a_day_are_never_passed(flowers: Business, clock: Clock) -> None:
    with business_scope(flowers):
        seconds_a_call = 25 + AgentSettings.objects.of(flowers).max_call_s
    limits(flowers, minutes_a_day=3 * seconds_a_call // 60 + 1)
    run = started(flowers, *(new_number() for _ in range(20)))
    placed = dialled(run, clock)
    assert len(placed) == 3
    assert ("minutes_a_day", "used_up") not in verdicts_of(run)
    assert dialled(run, clock) == []
    assert ("minutes_a_day", "used_up") in verdicts_of(run)
    ends(placed[0], "completed", clock(), duration_s=5)
    with business_scope(flowers):
        usage = DialUsage.objects.get()
    assert (usage.reserved_s, usage.used_s) == (2 * seconds_a_call, 5)


def test_a_new_business_calls_fifty_a_day_until_it_was_looked_at(
    flowers: Business, clock: Clock
) -> None:
    limits(flowers, verified_at=None, minutes_a_day=100_000)
    with business_scope(flowers):
        DialUsage.objects.create(business=flowers, day=clock().date(), calls=50)
    run = started(flowers)
    assert dialled(run, clock) == []
    assert verdicts_of(run) == [("calls_a_day", "used_up")]


def test_lines_of_run_and_business_hold(flowers: Business, clock: Clock) -> None:
    limits(flowers, concurrency=3)
    first = started(flowers, *(new_number() for _ in range(5)), concurrency=2)
    second = started(flowers, *(new_number() for _ in range(5)), concurrency=2, name="Winter")
    assert (len(dialled(first, clock)), len(dialled(second, clock))) == (2, 1)


def test_part_of_the_lines_is_kept_for_who_rings_in(
    flowers: Business, clock: Clock, settings: Any
) -> None:
    settings.LIVE_CALLS, settings.INBOUND_SHARE_PERCENT = 10, 30
    run = started(flowers, *(new_number() for _ in range(20)))
    assert len(dialled(run, clock, most=20)) == 7


def test_a_run_whose_calls_fail_is_paused_and_says_so(flowers: Business, clock: Clock) -> None:
    run = started(flowers, *(new_number() for _ in range(30)), retries={}, concurrency=10)
    for attempt in dialled(run, clock):
        ends(attempt, "failed", clock())
    paused = fresh(run)
    assert (paused.status, paused.pause_reason) == (RunStatus.PAUSED, PauseReason.FAILURES)
    assert "10 of the last 10" in paused.pause_detail
    clock.moves(minutes=1)
    assert actions.start_run(run=paused, by=None, now=clock())
    assert len(dialled(run, clock)) == 10


def test_without_an_account_a_run_cannot_start(flowers: Business, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    run = make_run(flowers)
    with pytest.raises(ValidationError, match="TWILIO_ACCOUNT_SID"):
        actions.start_run(run=run, by=None, now=NOW)


def test_a_business_dials_on_its_own_account(flowers: Business, clock: Clock) -> None:
    make_credential(flowers, Credential.Provider.TWILIO, "its token", "ACflowers")
    run = started(flowers)
    take_jobs(run_id=run.pk, business_id=flowers.pk, owner=7, most=1, clock=clock)
    assert attempt_of(run).account_sid == "ACflowers"


@pytest.mark.parametrize(
    "act",
    [
        lambda run, by: actions.start_run(run=run, by=by, now=NOW),
        lambda run, by: actions.pause_run(run=run, by=by, now=NOW),
        lambda run, by: actions.stop_run(run=run, by=by, now=NOW),
        lambda run, by: actions.edit_run(run=run, by=by, now=NOW, concurrency=2),
        lambda run, by: actions.add_leads(run=run, leads=[], by=by, now=NOW),
        lambda run, by: actions.hang_up_all(run=run, by=by, now=NOW),
        lambda run, by: actions.call_again(
            run=run, outcomes=["busy"], name="Again", by=by, now=NOW
        ),
    ],
    ids=["start", "pause", "stop", "edit", "add leads", "hang up", "call again"],
)
def test_a_stranger_does_nothing_to_a_run(
    flowers: Business, charlie: User, act: Callable[[OutboundCallRun, User], object]
) -> None:
    run = make_run(flowers)
    with pytest.raises(PermissionDenied):
        act(run, charlie)
    assert fresh(run).status == RunStatus.DRAFT


def test_nothing_of_a_run_is_seen_by_another_business(flowers: Business, garage: Business) -> None:
    run = started(flowers)
    with business_scope(garage):
        assert not OutboundCallRun.objects.filter(pk=run.pk).exists()
        assert not OutboundCallJob.objects.filter(run_id=run.pk).exists()
