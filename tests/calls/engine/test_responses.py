from __future__ import annotations

import pytest

from calls.engine import events
from calls.engine.commands import (
    AnswerTool,
    CancelResponse,
    ConnectModel,
    Purpose,
    RequestResponse,
    RunTool,
)
from calls.engine.core import Phase
from calls.engine.responses import BUSY_CODE, FATAL_CODES
from calls.engine.tool_desk import ROUNDS
from tests.calls.engine.line import Line
from tests.calls.engine.model import Response

GREETED = [Purpose.GREETING]


def test_a_turn_of_the_callers_asks_for_an_answer_at_once() -> None:
    line = Line.listening()
    line.caller_starts()
    line.caller_commits()
    assert line.done[-1] == RequestResponse("req_2", Purpose.ANSWER)
    line.transcribed("What does it cost?")
    line.assert_phase(Phase.THINKING)
    line.agent_responds(300)
    line.assert_phase(Phase.SPEAKING)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_a_turn_that_nobody_heard_begin_is_answered_all_the_same() -> None:
    line = Line.listening()
    line.wait(2)
    line.feed(events.CallerCommitted("caller_9"))
    assert line.requested() == [*GREETED, Purpose.ANSWER]
    assert (line.turn("caller_9").started_ms, line.turn("caller_9").ended_ms) == (2500, 2500)


def test_a_response_that_nobody_asked_for_is_cancelled_once_and_not_heard() -> None:
    line = Line.listening()
    before = line.heard
    assert line.response_begins() == [CancelResponse("resp_2")]
    line.agent_sends(8000)
    line.wait(0.5)
    line.response_ends("cancelled")
    line.assert_cancelled("resp_2")
    line.assert_deleted("item_2")
    line.assert_heard(before)
    line.assert_phase(Phase.LISTENING)


def test_an_answer_waits_for_the_end_of_a_response_that_nobody_asked_for() -> None:
    """Or the model refuses it, being busy."""
    line = Line.listening()
    line.response_begins()
    line.caller_says("What does it cost?")
    assert line.requested() == GREETED
    line.response_ends("cancelled")
    assert line.requested() == [*GREETED, Purpose.ANSWER]


def test_a_response_that_nobody_asked_for_and_that_never_ends_keeps_no_caller_waiting() -> None:
    line = Line.listening()
    line.response_begins()
    line.caller_says("What does it cost?")
    line.wait(line.session.core.limits.answer_recreate_s)
    assert line.requested() == [*GREETED, Purpose.ANSWER]


def test_a_response_that_is_announced_twice_begins_once() -> None:
    line = Line.thinking()
    line.response_begins()
    again = events.ResponseStarted("resp_2", "req_2")
    assert line.feed(again) == []
    line.agent_says(200)
    line.response_ends()
    assert line.feed(again) == []


def test_a_response_that_is_not_wanted_and_announced_twice_is_cancelled_once() -> None:
    line = Line.thinking()
    line.caller_starts()
    line.response_begins()
    assert line.feed(events.ResponseStarted("resp_2", "req_2")) == []
    line.assert_cancelled("resp_2")


def test_the_audio_of_another_response_is_not_heard() -> None:
    line = Line.speaking(ms=100)
    line.feed(events.AgentAudio("resp_1", "item_2", b"late" * 40))
    line.item_ends()
    line.wait(1)
    assert line.turn("item_2").generated_ms == 100
    assert line.session.summary().counters["late_audio"] == 1


def busy(line: Line, request_id: str) -> None:
    """With a response that nobody has told us of: it had begun before the request was read."""
    line.model.pending.clear()
    line.model.active = Response("resp_9", "", line.now)
    line.feed(events.ModelError(BUSY_CODE, "busy", request_id))


@pytest.mark.parametrize("named", ["req_2", ""], ids=["named", "of an older server"])
def test_refused_as_busy_the_request_waits_for_the_end_of_the_other_response(named: str) -> None:
    line = Line.thinking()
    busy(line, named)
    line.wait(1)
    assert line.requested() == [*GREETED, Purpose.ANSWER]
    line.assert_phase(Phase.THINKING)
    line.response_ends("cancelled")
    assert line.requested() == [*GREETED, Purpose.ANSWER, Purpose.ANSWER]
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_a_busy_answer_to_a_request_that_is_not_wanted_any_more_asks_for_nothing() -> None:
    line = Line.thinking()
    line.caller_starts()
    busy(line, "req_2")
    line.response_ends("cancelled")
    assert line.requested() == [*GREETED, Purpose.ANSWER]
    line.assert_phase(Phase.LISTENING)
    line.caller_commits()
    assert line.requested() == [*GREETED, Purpose.ANSWER, Purpose.ANSWER]


def test_a_busy_answer_to_something_else_changes_nothing() -> None:
    line = Line.thinking()
    assert line.feed(events.ModelError(BUSY_CODE, "busy", "req_1")) == []
    assert line.feed(events.ModelError("unsupported_content_type", "too late", "")) == []
    assert line.session.summary().counters[f"model_error.{BUSY_CODE}"] == 1
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_a_request_that_is_refused_is_made_once_more() -> None:
    line = Line.thinking()
    line.request_fails()
    assert line.requested() == [*GREETED, Purpose.ANSWER, Purpose.ANSWER]
    line.request_fails()
    assert line.commanded(ConnectModel) == [ConnectModel()]
    line.assert_goes_on()


def test_a_refused_request_that_is_not_wanted_any_more_is_not_made_again() -> None:
    line = Line.thinking()
    line.caller_starts()
    line.request_fails()
    assert line.requested() == [*GREETED, Purpose.ANSWER]
    assert "response_recreated" not in line.session.summary().counters


@pytest.mark.parametrize("status", ["failed", "cancelled", "incomplete"])
def test_a_response_without_a_sound_is_asked_for_once_more(status: str) -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(status, code="server_error")
    assert line.requested() == [*GREETED, Purpose.ANSWER, Purpose.ANSWER]
    assert line.session.summary().counters["response_recreated"] == 1
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_the_next_turn_has_a_second_chance_of_its_own() -> None:
    line = Line.listening()
    for _ in range(3):
        line.caller_says()
        line.response_begins()
        line.response_ends("failed")
        line.agent_responds(300)
        line.wait(0.3)
    line.assert_goes_on()


def test_a_response_that_breaks_off_is_heard_as_far_as_it_came_and_not_repeated() -> None:
    line = Line.speaking(ms=333)
    line.response_ends("incomplete")
    line.wait(0.34)
    assert line.requested() == [*GREETED, Purpose.ANSWER]
    assert line.turn("item_2").heard_ms == 333
    line.assert_phase(Phase.LISTENING)


@pytest.mark.parametrize("code", sorted(FATAL_CODES))
def test_what_no_second_attempt_mends_ends_the_call_with_an_apology(code: str) -> None:
    line = Line.thinking()
    line.feed(events.ModelError(code, "no"))
    line.assert_ended("model_lost", apologise=True)
    line = Line.thinking()
    line.response_begins()
    line.response_ends("failed", code=code)
    line.assert_ended("model_lost", apologise=True)


def test_a_tool_is_run_and_its_answer_is_spoken_about() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("book_a_table",))
    assert line.commanded(RunTool) == [RunTool("call_1", "book_a_table", "{}")]
    assert line.commanded(AnswerTool) == []
    line.wait(1)
    line.assert_phase(Phase.THINKING)
    line.tool_finishes("call_1", '{"booked":true}')
    (answer,) = line.commanded(AnswerTool)
    assert (answer.call_id, answer.output) == ("call_1", '{"booked":true}')
    assert line.requested() == [*GREETED, Purpose.ANSWER, Purpose.ANSWER]
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_several_tools_of_one_response_are_answered_before_one_request() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("one", "two"))
    assert [type(each) for each in line.tool_finishes("call_2")] == [AnswerTool]
    kinds = [type(command) for command in line.tool_finishes("call_1")]
    assert kinds == [AnswerTool, RequestResponse]


def test_a_tool_is_called_with_words_that_are_heard_to_their_end() -> None:
    line = Line.thinking()
    line.response_begins()
    preamble = line.agent_says(500)
    line.response_ends(tools=("look_up",))
    line.wait(0.2)
    line.tool_finishes("call_1")
    answer = line.agent_responds(300)
    line.wait(0.6)
    assert (line.turn(preamble).heard_ms, line.turn(answer).heard_ms) == (500, 300)
    line.assert_phase(Phase.LISTENING)


def test_a_model_that_does_nothing_but_call_tools_has_to_say_something() -> None:
    line = Line.thinking()
    for turn in range(ROUNDS + 1):
        line.response_begins()
        line.response_ends(tools=("look_up",))
        if turn < ROUNDS:
            line.tool_finishes(f"call_{turn + 1}")
    assert len(line.commanded(RunTool)) == ROUNDS
    assert len(line.commanded(AnswerTool)) == ROUNDS + 1
    assert line.requested() == [Purpose.GREETING, *[Purpose.ANSWER] * (1 + ROUNDS), Purpose.WORDS]
    words = line.agent_responds(300)
    line.wait(0.5)
    assert line.turn(words).heard_ms == 300
    line.assert_phase(Phase.LISTENING)


def test_the_tools_of_an_interrupted_response_are_not_called() -> None:
    line = Line.speaking()
    line.wait(0.2)
    line.caller_starts()
    line.response_ends(tools=("end_call",))  # it was complete before the cancel came
    assert line.commanded(AnswerTool) == []
    line.assert_deleted("item_3")  # the call, which would stay open
    line.assert_goes_on()


def test_the_tools_of_an_incomplete_response_are_not_called() -> None:
    line = Line.speaking(ms=200)
    line.response_ends("incomplete", tools=("end_call",))
    line.wait(1)
    assert line.commanded(AnswerTool) == []
    line.assert_goes_on()


def test_a_slow_tool_after_a_slow_response_is_waited_for() -> None:
    line = Line.thinking()
    line.wait(3)
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.wait(4)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.tool_finishes("call_1")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]


def test_an_answer_that_was_asked_for_beside_a_tool_is_waited_for_as_well() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.caller_says("And for two?")
    line.response_begins()
    line.tool_finishes("call_1")  # a second answer waits
    line.response_ends(tools=("book",))
    asked = len(line.requested())
    line.tool_finishes("call_2")
    line.wait(6)
    assert len(line.requested()) == asked + 1
