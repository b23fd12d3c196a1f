from __future__ import annotations

from collections.abc import Callable

import pytest

from calls.engine import events, notes
from calls.engine.commands import AddNote, AnswerTool, Disposition, EndCall, Purpose
from calls.engine.core import Phase
from calls.engine.limits import Limits
from calls.engine.session import EngineError
from tests.calls.engine.histories import absorb_everything
from tests.calls.engine.line import Line

EVERY_PHASE: list[Callable[[], Line]] = [
    Line,
    Line.configuring,
    Line.greeting,
    Line.listening,
    Line.thinking,
    Line.speaking,
]
WITH_A_MODEL = EVERY_PHASE[1:]


def closing() -> Line:
    """The agent has said goodbye, for a second, and hangs up when that was heard."""
    line = Line.thinking()
    line.response_begins()
    line.agent_says(1000)
    line.response_ends(tools=("end_call",))
    line.assert_phase(Phase.CLOSING)
    return line


def test_the_farewell_is_heard_to_its_end_and_then_the_line_is_hung_up() -> None:
    line = closing()
    (answer,) = line.commanded(AnswerTool)
    assert (answer.output, answer.succeeded) == ('{"status":"ending"}', True)
    line.wait(0.99)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_ended("agent_goodbye")
    assert line.turn("item_2").heard_ms == 1000
    assert line.commanded(AddNote) == []


def test_a_goodbye_without_a_word_is_asked_for_the_word() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    assert line.commanded(AddNote) == [AddNote(notes.SAY_GOODBYE)]
    assert line.requested()[-1] is Purpose.FAREWELL
    line.agent_responds(700)
    line.wait(0.7)
    line.assert_ended("agent_goodbye")


def test_a_farewell_that_fails_ends_the_call_without_one() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    line.request_fails()
    line.assert_ended("agent_goodbye")


def test_a_farewell_that_never_comes_is_waited_for_fifteen_seconds() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    line.response_begins()
    line.wait(14.99)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_ended("agent_goodbye")


def test_while_the_agent_says_goodbye_other_tools_are_answered_and_nothing_more() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    line.response_begins()
    line.agent_says(500)
    line.response_ends(tools=("look_up",))
    line.tool_finishes("call_2")
    assert len(line.commanded(AnswerTool)) == 2
    assert line.requested()[-2:] == [Purpose.ANSWER, Purpose.FAREWELL]
    line.wait(0.5)
    line.assert_ended("agent_goodbye")


def test_a_model_that_ends_the_call_over_and_over_does_not_keep_it_open() -> None:
    line = Line.thinking()
    for _ in range(2):
        line.response_begins()
        line.response_ends(tools=("end_call",))
    assert line.commanded(AddNote) == [AddNote(notes.SAY_GOODBYE)]
    assert len(line.commanded(AnswerTool)) == 2
    line.assert_ended("agent_goodbye")


def test_a_model_that_hangs_up_with_its_farewell_does_not_change_why() -> None:
    line = Line.listening(Limits(silence_prompts=0))
    line.wait(10)
    line.response_begins()
    line.agent_says(700)
    line.response_ends(tools=("end_call",))
    line.wait(0.7)
    line.assert_ended("silence")


def test_the_model_may_go_while_its_farewell_is_played() -> None:
    line = closing()
    line.model_goes()
    line.wait(0.99)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_ended("agent_goodbye")
    assert line.turn("item_2").heard_ms == 1000


def test_the_model_may_go_in_the_middle_of_its_farewell() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    line.response_begins()
    line.agent_sends(8 * 333)
    line.model_goes()
    line.wait(0.34)
    line.assert_ended("agent_goodbye")
    assert line.turn("item_3").heard_ms == 333


def test_the_model_may_go_before_its_farewell() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("end_call",))
    line.model_goes()
    line.assert_ended("agent_goodbye")


@pytest.mark.parametrize("phase", WITH_A_MODEL[1:])
def test_a_model_lost_for_the_third_time_ends_the_call_with_an_apology(
    phase: Callable[[], Line],
) -> None:
    line = phase()
    for _ in range(2):
        line.model_goes()
        line.model_returns()
    line.model_goes("reset by peer")
    line.assert_ended("model_lost", apologise=True)
    assert line.commanded(EndCall)[0].detail == "reset by peer"


@pytest.mark.parametrize("phase", EVERY_PHASE)
def test_the_caller_hangs_up(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(events.CarrierStopped())
    line.assert_ended("caller_hangup")
    line.assert_silent_within(0)


@pytest.mark.parametrize("phase", EVERY_PHASE)
def test_the_carrier_is_lost(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(events.CarrierLost("the socket broke"))
    line.assert_left("carrier", Disposition.LEAVE)  # the caller may come back in another one
    assert line.commanded(EndCall)[0].detail == "the socket broke"


def test_a_carrier_that_babbles_is_hung_up_on() -> None:
    line = Line.listening()
    line.feed(events.CarrierLost("babble", for_good=True))
    line.assert_ended("carrier")


@pytest.mark.parametrize("phase", [*EVERY_PHASE, closing])
def test_the_call_is_ended_from_outside(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(events.EndRequested("owner_hangup", "Alice hung up"))
    line.assert_ended("owner_hangup")


@pytest.mark.parametrize("event", [events.CarrierStopped(), events.CarrierLost("closed")])
def test_who_goes_while_the_agent_says_goodbye_changes_nothing_about_why(
    event: events.Event,
) -> None:
    line = closing()
    line.wait(0.4)
    line.feed(event)
    line.assert_ended("agent_goodbye")
    assert line.turn("item_2").heard_ms == 400


def test_what_was_heard_until_the_end_stands_in_the_row() -> None:
    line = Line.speaking(ms=1000)
    line.wait(0.34)
    line.feed(events.CarrierStopped())
    turn = line.turn("item_2")
    assert (turn.heard_ms, turn.generated_ms, turn.interrupted) == (340, 1000, True)
    assert line.session.summary().heard_ms == 840


@pytest.mark.parametrize("phase", [*EVERY_PHASE, closing])
def test_an_ended_call_does_nothing_more(phase: Callable[[], Line]) -> None:
    line = phase()
    line.feed(events.EndRequested("owner_hangup"))
    absorb_everything(line)
    assert len(line.commanded(EndCall)) == 1
    assert line.done[-1] == line.commanded(EndCall)[0]


@pytest.mark.parametrize(
    ("phase", "event"),
    [
        (Line.configuring, events.ModelReady()),
        (Line.listening, events.ModelReady()),
        (Line.listening, events.ModelUnavailable("")),
        (Line, events.ModelLost("")),
        (Line, events.CallerStarted("caller_1", 0)),
    ],
)
def test_what_only_a_fault_of_ours_can_bring_about_is_raised(
    phase: Callable[[], Line], event: events.Event
) -> None:
    line = phase()
    with pytest.raises(EngineError, match=f"{type(event).__name__} (cannot arrive )?while"):
        line.session.receive(event, line.now)
    line.assert_goes_on()
