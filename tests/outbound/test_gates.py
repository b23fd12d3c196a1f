"""Each gate by itself, and that they are asked in the order of the list."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outbound import windows
from outbound.gates import (
    JOB_GATES,
    LOOK_AGAIN,
    RUN_GATES,
    JobSituation,
    Lines,
    Refusal,
    RunSituation,
    refusal_of_job,
    refusal_of_run,
)
from outbound.models import Gate, JobStatus, RunStatus
from outbound.windows import Decision, Reason
from tests.outbound.rig import OPEN_HOURS

NOW = OPEN_HOURS
NUMBER = "+972501234567"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OPEN = Decision(Reason.ALLOWED, next_at=NOW, until=NOW + HOUR)


def a_run(**given: Any) -> RunSituation:
    """One that may dial, but for what is given."""
    ordinary: dict[str, Any] = {
        "now": NOW,
        "status": RunStatus.RUNNING,
        "business_is_active": True,
        "account_missing": False,
        "account_refused_code": None,
        "key_missing": False,
        "key_refused_until": None,
        "next_call_at": None,
        "slowed_until": None,
        "account_lines": None,
        "installation": Lines(0, 10),
        "business": Lines(0, 5),
        "run": Lines(0, 2),
        "calls_today": 0,
        "most_calls_today": 50,
        "seconds_today": 0,
        "most_seconds_today": 6000,
        "seconds_a_call": 600,
        "tomorrow": NOW + 12 * HOUR,
        "require_consent": False,
        "countries": {"IL"},
        "most_calls": 3,
        "within": timedelta(days=7),
        "gap": 4 * HOUR,
        "dialled_by_block": Counter(),
        "most_of_a_block": 50,
    }
    return RunSituation(**(ordinary | given))


def a_job(**given: Any) -> JobSituation:
    ordinary: dict[str, Any] = {
        "number": NUMBER,
        "on_business_list": False,
        "on_installation_list": False,
        "consent_at": None,
        "window": OPEN,
        "earlier_calls": (),
        "on_the_line": False,
    }
    return JobSituation(**(ordinary | given))


def test_who_has_nothing_against_them_is_let_through() -> None:
    assert refusal_of_run(a_run()) is None
    assert refusal_of_job(a_run(), a_job()) is None


@pytest.mark.parametrize(
    ("given", "gate", "reason", "wait"),
    [
        ({"status": RunStatus.PAUSED}, Gate.RUN, "paused", None),
        ({"business_is_active": False}, Gate.BUSINESS, "suspended", MINUTE),
        ({"account_missing": True}, Gate.ACCOUNT, "missing", None),
        ({"account_refused_code": 20003}, Gate.ACCOUNT, "refused", None),
        ({"key_missing": True}, Gate.MODEL_KEY, "missing", MINUTE),
        ({"key_refused_until": NOW + HOUR}, Gate.MODEL_KEY, "refused", HOUR),
        # Half of five is two.
        (
            {"key_limited_until": NOW + HOUR, "business": Lines(2, 5)},
            Gate.MODEL_KEY,
            "limited",
            MINUTE / 60,
        ),
        (
            {"key_limited_until": NOW + HOUR, "business": Lines(0, 1)},
            Gate.MODEL_KEY,
            "limited",
            MINUTE / 60,
        ),
        ({"slowed_until": NOW + MINUTE}, Gate.PACE, "carrier_is_congested", MINUTE),
        ({"next_call_at": NOW + MINUTE}, Gate.PACE, "calls_a_second", MINUTE),
        ({"account_lines": Lines(1, 1)}, Gate.PACE, "feeling_its_way", MINUTE / 600),
        ({"installation": Lines(10, 10)}, Gate.INSTALLATION_LINES, "all_in_use", MINUTE / 60),
        ({"business": Lines(6, 5)}, Gate.BUSINESS_LINES, "all_in_use", MINUTE / 60),
        ({"run": Lines(2, 2)}, Gate.RUN_LINES, "all_in_use", MINUTE / 60),
        ({"calls_today": 50}, Gate.CALLS_A_DAY, "used_up", 12 * HOUR),
        ({"seconds_today": 5401}, Gate.MINUTES_A_DAY, "used_up", 12 * HOUR),
        # Calls under way will not come to all that is reserved for them.
        (
            {"seconds_today": 5401, "reserved_today": 1},
            Gate.MINUTES_A_DAY,
            "used_up",
            MINUTE / 60,
        ),
    ],
)
def test_a_run_is_held_up(
    given: dict[str, Any], gate: Gate, reason: str, wait: timedelta | None
) -> None:
    refusal = refusal_of_run(a_run(**given))
    assert refusal is not None
    assert (refusal.gate, refusal.reason) == (gate, reason)
    assert refusal.next_at == (NOW + wait if wait else None)


@pytest.mark.parametrize(
    "given",
    [
        {"key_refused_until": NOW},
        {"key_limited_until": NOW, "business": Lines(4, 5)},
        {"key_limited_until": NOW + HOUR, "business": Lines(1, 5)},
        {"slowed_until": NOW},
        {"next_call_at": NOW},
        {"account_lines": Lines(0, 1)},
        {"seconds_today": 5400},
        {"calls_today": 49},
    ],
)
def test_at_the_very_edge_a_run_goes_on(given: dict[str, Any]) -> None:
    assert refusal_of_run(a_run(**given)) is None


@pytest.mark.parametrize(
    ("run", "job", "gate", "reason"),
    [
        ({}, {"number": "+12025550123"}, Gate.DESTINATION, "country"),
        ({"countries": ()}, {}, Gate.DESTINATION, "country"),
        ({}, {"number": "+9721900123456"}, Gate.DESTINATION, "special_number"),
        ({}, {"on_business_list": True}, Gate.DO_NOT_CALL, "business"),
        ({}, {"on_installation_list": True}, Gate.DO_NOT_CALL, "installation"),
        ({"require_consent": True}, {}, Gate.CONSENT, "missing"),
        (
            {"require_consent": True},
            {"consent_at": NOW - timedelta(days=365)},
            Gate.CONSENT,
            "too_old",
        ),
        ({}, {"window": Decision(Reason.UNKNOWN_ZONE)}, Gate.WINDOW, "unknown_zone"),
    ],
)
def test_some_people_are_never_called(
    run: dict[str, Any], job: dict[str, Any], gate: Gate, reason: str
) -> None:
    refusal = refusal_of_job(a_run(**run), a_job(**job))
    assert refusal is not None
    assert (refusal.gate, refusal.reason) == (gate, reason)
    assert refusal.ends == JobStatus.REJECTED


def test_a_consent_is_good_for_a_year() -> None:
    given = NOW - timedelta(days=365) + timedelta(seconds=1)
    assert refusal_of_job(a_run(require_consent=True), a_job(consent_at=given)) is None


def put_off(run: RunSituation, job: JobSituation) -> Refusal:
    refusal = refusal_of_job(run, job)
    assert refusal is not None
    assert refusal.ends is None
    return refusal


def test_outside_the_window_they_are_called_when_it_opens() -> None:
    shut = Decision(Reason.SHABBAT, next_at=NOW + 20 * HOUR, until=NOW + 30 * HOUR)
    refusal = put_off(a_run(), a_job(window=shut))
    assert (refusal.gate, refusal.reason) == (Gate.WINDOW, "shabbat")
    assert refusal.next_at == NOW + 20 * HOUR


@pytest.mark.parametrize("reason", [Reason.NEVER_OPEN, Reason.TABLE_ENDS])
def test_a_window_that_cannot_be_told_is_shut(reason: Reason) -> None:
    refusal = put_off(a_run(), a_job(window=Decision(reason)))
    assert refusal.next_at == NOW + windows.HORIZON


def test_hours_that_cannot_be_read_put_nobody_off_for_longer_than_a_look() -> None:
    refusal = put_off(a_run(), a_job(window=Decision(Reason.BROKEN_SCHEDULE)))
    assert refusal.next_at == NOW + LOOK_AGAIN
    held = refusal_of_run(a_run(hours_broken=True))
    assert held == Refusal(Gate.BUSINESS, "hours_broken", NOW + LOOK_AGAIN)


def test_nobody_is_called_more_often_than_the_business_says() -> None:
    calls = [(NOW - days * timedelta(days=1), True) for days in (1, 2, 3)]
    refusal = put_off(a_run(), a_job(earlier_calls=calls))
    assert (refusal.gate, refusal.reason) == (Gate.FREQUENCY, "called_often")
    assert refusal.next_at == NOW - timedelta(days=3) + timedelta(days=7)
    assert refusal_of_job(a_run(most_calls=4), a_job(earlier_calls=calls)) is None


def test_another_run_has_called_them_a_moment_ago() -> None:
    refusal = put_off(a_run(), a_job(earlier_calls=[(NOW - HOUR, False)]))
    assert (refusal.reason, refusal.next_at) == ("called_a_moment_ago", NOW + 3 * HOUR)
    assert refusal_of_job(a_run(), a_job(earlier_calls=[(NOW - HOUR, True)])) is None


def test_who_is_on_the_line_is_called_later() -> None:
    assert put_off(a_run(), a_job(on_the_line=True)).gate == Gate.LINE_BUSY


def test_q08_many_calls_to_one_block_stop_the_run() -> None:
    run = a_run(most_of_a_block=2, run=Lines(0, 100))
    for last in range(2):
        assert refusal_of_job(run, a_job(number=f"+97250123450{last}")) is None
        run.allow(f"+97250123450{last}")
    refusal = put_off(run, a_job(number="+972501234509"))
    assert (refusal.gate, refusal.pauses) == (Gate.VELOCITY, True)
    assert refusal_of_job(run, a_job(number="+972501244509")) is None


def test_each_call_that_is_allowed_leaves_room_for_one_less() -> None:
    run = a_run(account_lines=Lines(0, 9))
    run.allow(NUMBER)
    assert (run.installation.free, run.business.free, run.run.free) == (9, 4, 1)
    assert run.account_lines == Lines(1, 9)
    assert (run.calls_today, run.seconds_today) == (1, 600)
    run.allow(NUMBER)
    refusal = refusal_of_run(run)
    assert refusal is not None
    assert refusal.gate == Gate.RUN_LINES


def test_the_money_that_is_left_is_never_overdrawn() -> None:
    run = a_run(run=Lines(0, 100), business=Lines(0, 100), installation=Lines(0, 100))
    allowed = 0
    while refusal_of_run(run) is None:
        run.allow(NUMBER)
        allowed += 1
    assert allowed == 10
    assert run.seconds_today <= run.most_seconds_today


def test_every_gate_is_in_the_list_and_none_twice() -> None:
    assert len(set(RUN_GATES)) == len(RUN_GATES)
    assert len(set(JOB_GATES)) == len(JOB_GATES)


def test_what_stops_everybody_is_said_before_what_stops_one() -> None:
    everything = a_job(
        on_business_list=True, on_the_line=True, window=replace(OPEN, reason=Reason.SHABBAT)
    )
    refusal = refusal_of_job(a_run(countries=()), everything)
    assert refusal is not None
    assert refusal.gate == Gate.DESTINATION
