"""The checker of the dial bench: whatever is promised of a trial, it notices when it is not so."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from bench.dial.checker import check
from bench.dial.facts import Evidence, Freeze, Look
from tests.bench.evidence import (
    BUSINESS,
    RUN,
    accepted,
    after,
    attempt,
    evidence,
    forbidden,
    job,
    named,
    row,
    sid,
    usage,
    with_attempt,
)

OTHER = replace(BUSINESS, id=named("tulips"), slug="tulips", used_before_s=0)


def broken(spoilt: Evidence) -> set[str]:
    return {violation.invariant for violation in check(spoilt)}


def in_place_of(place: int, rows: Any, changed: Any) -> list[Any]:
    return [changed if number == place else one for number, one in enumerate(rows)]


def with_call(place: int, **changed: Any) -> Evidence:
    return evidence(accepted=in_place_of(place, evidence().accepted, accepted(place, **changed)))


def test_a_trial_that_went_well_breaks_nothing() -> None:
    assert check(evidence()) == []


def test_inv1_two_calls_for_one_attempt() -> None:
    again = accepted(0, sid=sid(9), accepted_at=after(50), ended_at=after(55))
    assert "INV1" in broken(evidence(accepted=[*evidence().accepted, again]))


def test_inv1_two_calls_to_one_number_at_a_time() -> None:
    spoilt = with_call(1, to=accepted(0).to, accepted_at=after(3))
    assert "INV1" in broken(spoilt)


def test_inv1_one_call_after_the_other_to_one_number_is_as_it_should_be() -> None:
    spoilt = with_call(1, to=accepted(0).to, accepted_at=accepted(0).ended_at)
    assert "INV1" not in broken(spoilt)


@pytest.mark.parametrize("status", ["queued", "dialing", "in_progress", "unknown"])
def test_inv2_somebody_is_left_behind(status: str) -> None:
    spoilt = evidence(
        jobs=in_place_of(0, evidence().jobs, job(0, status=status)),
        runs={RUN.id: replace(RUN, status="running")},
    )
    assert "INV2" in broken(spoilt)


def test_inv2_somebody_waits_in_a_run_that_was_stopped() -> None:
    waiting = job(0, status="queued", due_at=after(1000))
    spoilt = evidence(
        jobs=in_place_of(0, evidence().jobs, waiting),
        runs={RUN.id: replace(RUN, status="canceled")},
    )
    assert "INV2" in broken(spoilt)


@pytest.mark.parametrize(
    ("due_s", "held"), [(1000.0, None), (0.0, after(1000))], ids=["by the job", "by the run"]
)
def test_inv2_who_waits_until_a_stated_time_is_not_lost(due_s: float, held: Any) -> None:
    running = replace(RUN, status="running", held_until=held)
    waiting = job(0, status="queued", due_at=after(due_s))
    spoilt = evidence(jobs=in_place_of(0, evidence().jobs, waiting), runs={running.id: running})
    assert "INV2" not in broken(spoilt)


def test_inv2_an_unknown_attempt_that_a_person_decides_about_is_not_lost() -> None:
    spoilt = evidence(
        jobs=in_place_of(0, evidence().jobs, job(0, status="unknown")),
        attempts=with_attempt(attempt(0, state="human")),
        runs={RUN.id: replace(RUN, status="running")},
    )
    assert "INV2" not in broken(spoilt)


def test_inv2_a_lead_without_a_job() -> None:
    assert "INV2" in broken(evidence(jobs=evidence().jobs[1:]))


def test_inv2_a_run_that_goes_on_with_nobody_left() -> None:
    assert "INV2" in broken(evidence(runs={RUN.id: replace(RUN, status="running")}))


@pytest.mark.parametrize(
    "spoilt",
    [
        evidence(attempts=with_attempt(attempt(0, call_sid=None, state="rejected"))),
        evidence(attempts=with_attempt(attempt(0, state="queued"))),
        evidence(calls=evidence().calls[1:]),
        evidence(calls=[*evidence().calls, row(0)]),
        evidence(calls=[*evidence().calls, row(0, call_sid=sid(9))]),
        evidence(calls=in_place_of(0, evidence().calls, row(0, is_final=False))),
        evidence(calls=in_place_of(0, evidence().calls, row(0, status="busy"))),
        evidence(calls=in_place_of(0, evidence().calls, row(0, duration_s=6))),
    ],
    ids=[
        "a call without an attempt",
        "a call of an attempt that was given up",
        "a call without a row",
        "a call with two rows",
        "a row of no call",
        "a row that is not final",
        "another outcome",
        "another length",
    ],
)
def test_inv3_rows_and_calls_that_do_not_agree(spoilt: Evidence) -> None:
    assert "INV3" in broken(spoilt)


@pytest.mark.parametrize("state", ["posting", "unknown", "placed"])
def test_inv5_an_attempt_that_is_still_under_way(state: str) -> None:
    assert "INV5" in broken(evidence(attempts=with_attempt(attempt(0, state=state))))


def test_inv5_a_call_that_goes_on() -> None:
    assert "INV5" in broken(with_call(2, ended_at=None, status="in-progress"))


@pytest.mark.parametrize(
    "changed",
    [
        {"runs": {RUN.id: RUN}},
        {
            "runs": {RUN.id: replace(RUN, concurrency=9)},
            "businesses": {BUSINESS.id: replace(BUSINESS, concurrency=1)},
        },
        {
            "runs": {RUN.id: replace(RUN, concurrency=9)},
            "most_live": 1,
        },
    ],
    ids=["of the run", "of the business", "of the installation"],
)
def test_inv5_more_calls_than_lines(changed: dict[str, Any]) -> None:
    assert "INV5" in broken(replace(with_call(0, ended_at=after(12)), **changed))


@pytest.mark.parametrize(
    "changed", [{"used_s": 26}, {"calls": 4}, {"reserved_s": 65}], ids=lambda one: next(iter(one))
)
def test_inv6_an_account_that_is_not_the_carriers(changed: dict[str, int]) -> None:
    assert broken(evidence(usages=[usage(**changed)])) == {"INV6"}


@pytest.mark.parametrize(
    "spoilt",
    [
        with_call(0, slug="tulips"),
        with_call(0, account_sid="AC" + "2" * 32),
        with_call(0, to="+972501119999"),
        evidence(calls=in_place_of(0, evidence().calls, row(0, business_id=OTHER.id))),
        evidence(calls=in_place_of(0, evidence().calls, row(0, attempt_id=None))),
    ],
    ids=["address", "account", "number", "row", "row of nobody"],
)
def test_inv7_a_call_that_crosses_over_to_another_business(spoilt: Evidence) -> None:
    assert "INV7" in broken(spoilt)


@pytest.mark.parametrize(
    ("since_s", "until_s", "number", "caught"),
    [
        (8.5, None, None, True),
        (9.5, None, accepted(1).to, False),  # a request may be on its way for a second
        (0.0, 9.0, accepted(1).to, False),
        (0.0, None, accepted(1).to, True),
        (0.0, None, "+972501119999", False),
        (25.0, None, None, False),
    ],
)
def test_inv8_somebody_is_rung_who_must_not_be(
    since_s: float, until_s: float | None, number: str | None, caught: bool
) -> None:
    ban = forbidden(
        since=after(since_s), until=None if until_s is None else after(until_s), number=number
    )
    assert ("INV8" in broken(evidence(forbidden=[ban]))) is caught


@pytest.mark.parametrize(
    ("pid", "looked_s", "frozen_s", "caught"),
    [
        (7, 6.0, (6.5, 9.8), False),
        (8, 6.0, (6.5, 9.8), True),  # another process was frozen
        (7, 9.9, (6.5, 9.8), True),  # it looked when it had woken
    ],
)
def test_inv8_what_a_frozen_sender_could_not_know_is_no_fault_of_it(
    pid: int, looked_s: float, frozen_s: tuple[float, float], caught: bool
) -> None:
    spoilt = evidence(
        forbidden=[forbidden(since=after(7), number=accepted(1).to)],
        looks=[Look(7, accepted(1).attempt_id, after(looked_s))],
        freezes=[Freeze(pid, after(frozen_s[0]), after(frozen_s[1]))],
    )
    assert ("INV8" in broken(spoilt)) is caught


def test_inv9_a_cap_that_the_calls_under_way_may_pass() -> None:
    tight = replace(BUSINESS, most_seconds=84)  # 10 before, two calls of 5, and 65 that may come
    assert broken(evidence(businesses={BUSINESS.id: tight})) == {"INV9"}
    enough = replace(BUSINESS, most_seconds=85)
    assert check(evidence(businesses={BUSINESS.id: enough})) == []


def test_a_call_of_an_attempt_that_nobody_has_is_noticed() -> None:
    stranger: uuid.UUID = named("somebody else")
    assert "INV3" in broken(with_call(0, attempt_id=stranger))
