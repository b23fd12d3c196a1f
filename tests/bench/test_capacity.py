from __future__ import annotations

import dataclasses

from bench.capacity import CLOSE, FIRST, find_capacity
from bench.results import Result
from tests.bench.results import QUICK, RESULT


class Core:
    """Carries so many calls and not one more."""

    def __init__(self, carries: int, stand_ins: float = 0.5) -> None:
        self.tried: list[int] = []
        self._carries = carries
        self._stand_ins = stand_ins

    def attempt(self, calls: int) -> Result:
        self.tried.append(calls)
        p99 = 5.0 if calls <= self._carries else 300.0
        delay = dataclasses.replace(QUICK, p99=p99)
        return dataclasses.replace(RESULT, calls=calls, delay_ms=delay, stand_ins=self._stand_ins)


def test_the_most_calls_are_found_to_within_a_tenth() -> None:
    for carries in (FIRST, 77, 150, 431):
        core = Core(carries)

        found = find_capacity("daphne", core.attempt, most=800)

        assert carries * (1 - CLOSE) - 1 <= found.calls <= carries
        assert len(core.tried) < 20


def test_a_core_that_carries_fewer_than_the_first_try_is_found_as_well() -> None:
    found = find_capacity("daphne", Core(12).attempt, most=800)

    assert 10 <= found.calls <= 12


def test_it_is_said_when_the_stand_ins_gave_out_first() -> None:
    own_limit = find_capacity("daphne", Core(100).attempt, most=800)
    not_its_own = find_capacity("daphne", Core(100, stand_ins=0.97).attempt, most=800)

    assert "STAND-INS" not in str(own_limit)
    assert "STAND-INS" in str(not_its_own)


def test_a_hiccup_of_the_machine_is_given_a_second_chance() -> None:
    steady = Core(150)
    hiccups = iter([True])

    def attempt(calls: int) -> Result:
        result = steady.attempt(calls)
        return dataclasses.replace(result, lost=5) if next(hiccups, False) else result

    assert find_capacity("daphne", attempt, most=800).calls >= 135
    assert steady.tried[:2] == [FIRST, FIRST]


def test_what_is_beyond_the_bound_is_not_claimed() -> None:
    found = find_capacity("uvicorn", Core(10_000).attempt, most=300)

    assert found.calls == 300
    assert "more than 300 were not tried" in str(found)


def test_a_lost_frame_ends_it_whatever_the_delay() -> None:
    def attempt(calls: int) -> Result:
        return dataclasses.replace(RESULT, calls=calls, lost=int(calls > 50))

    assert find_capacity("daphne", attempt, most=800).calls <= 50
