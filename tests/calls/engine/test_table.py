from __future__ import annotations

from typing import get_args

import pytest

from calls.engine.core import Phase
from calls.engine.events import Event
from calls.engine.session import EXPIRIES, IGNORE, ILLEGAL, TABLE, CallSession
from calls.engine.timers import Timer
from tests.calls.engine.histories import ALPHABET, EVERYTHING, TALKING
from tests.calls.engine.line import BEGAN_AT, LIMITS

EVENTS: tuple[type[Event], ...] = get_args(Event)


def test_every_event_has_a_cell_in_every_phase_and_there_are_no_others() -> None:
    assert set(TABLE) == set(EVENTS)
    for event in EVENTS:
        assert set(TABLE[event]) == set(Phase), event.__name__


@pytest.mark.parametrize("timer", Timer)
def test_every_timer_has_an_expiry(timer: Timer) -> None:
    assert callable(EXPIRIES[timer])


@pytest.mark.parametrize("event", EVENTS)
def test_an_ended_call_ignores_every_event(event: type[Event]) -> None:
    assert TABLE[event][Phase.ENDED] is IGNORE


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.LISTENING, Phase.THINKING, Phase.SPEAKING])
def test_in_mid_call_nothing_that_the_other_sides_send_is_a_fault_of_ours(
    event: type[Event], phase: Phase
) -> None:
    assert TABLE[event][phase] is not ILLEGAL


@pytest.mark.parametrize("cell", [IGNORE, ILLEGAL])
def test_a_cell_without_a_handler_is_never_called(cell: object) -> None:
    session = CallSession(LIMITS, BEGAN_AT)
    assert callable(cell)
    with pytest.raises(AssertionError):
        cell(session, EVERYTHING[0], BEGAN_AT)


def test_the_tests_know_every_event() -> None:
    assert {type(event) for event in EVERYTHING} == set(EVENTS)
    assert len({letter.name for letter in ALPHABET}) == len(ALPHABET)
    assert set(TALKING) < set(ALPHABET)
