"""Somebody of the business steps into a call: tells the agent something, or takes over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from calls.engine import notes
from calls.engine.commands import AddNote, Disposition, Purpose, RequestResponse
from calls.engine.core import Phase
from calls.engine.events import TakeOverRequested, TeamInstructed
from tests.calls.engine.line import Line
from tests.calls.engine.test_ending import closing

OFFER = TeamInstructed("Offer ten percent.")
TOLD = AddNote(notes.instructed("Offer ten percent."))


@pytest.mark.parametrize("phase", [Line.greeting, Line.listening, Line.thinking, Line.speaking])
def test_the_agent_is_told_and_nobody_is_interrupted(phase: Callable[[], Line]) -> None:
    line = phase()
    before, requested = line.phase, line.requested()
    line.feed(OFFER)
    assert line.commanded(AddNote) == [TOLD]
    assert (line.phase, line.requested()) == (before, requested)


def test_its_next_answer_knows() -> None:
    line = Line.listening()
    line.feed(OFFER)
    line.caller_ends("What does it cost?")
    order = [type(one) for one in line.done if isinstance(one, AddNote | RequestResponse)]
    assert order[-2:] == [AddNote, RequestResponse]


@pytest.mark.parametrize("phase", [Line, Line.configuring, Line.reconnecting])
def test_a_model_that_is_not_there_yet_is_told_when_it_is(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(OFFER)
    assert line.commanded(AddNote) == []
    if line.phase is Phase.CONNECTING:
        line.model_ready()
    elif phase == Line.reconnecting:
        line.model_returns()
    line.confirmed()
    assert TOLD in line.commanded(AddNote)


def test_who_takes_over_from_a_speaking_agent_silences_it_for_one_sentence() -> None:
    line = Line.speaking(ms=1000)
    line.wait(0.2)
    line.feed(TakeOverRequested())
    line.assert_phase(Phase.CLOSING)
    line.assert_silent_within(20)
    assert AddNote(notes.SAY_CONNECTING) in line.commanded(AddNote)
    line.response_ends(status="cancelled")
    assert line.requested()[-1] is Purpose.FAREWELL
    line.agent_responds(700)
    line.wait(0.7)
    line.assert_left("transfer", Disposition.LEAVE)


@pytest.mark.parametrize("phase", [Line.greeting, Line.listening, Line.thinking])
def test_who_takes_over_gets_the_caller_in_any_case(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(TakeOverRequested())
    line.assert_phase(Phase.CLOSING)
    line.wait(60)
    line.assert_left("transfer", Disposition.LEAVE)


def test_a_goodbye_is_said_to_its_end_and_then_a_person_follows() -> None:
    line = closing()
    line.feed(TakeOverRequested())
    line.wait(0.99)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_left("transfer", Disposition.LEAVE)


@pytest.mark.parametrize("phase", [Line, Line.configuring])
def test_where_no_agent_can_say_so_the_caller_is_put_through_at_once(
    phase: Callable[[], Line],
) -> None:
    line = phase()
    line.feed(TakeOverRequested())
    line.assert_left("transfer", Disposition.LEAVE)
