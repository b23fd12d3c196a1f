from __future__ import annotations

from calls.engine import events, notes
from calls.engine.commands import AddNote, ConnectModel, Purpose
from calls.engine.core import Phase
from calls.engine.limits import Limits
from tests.calls.engine.line import HOLD, Line


def test_the_greeting_is_heard_and_then_it_is_the_callers_turn() -> None:
    line = Line.greeting()
    line.wait(0.3)
    item = line.agent_responds(500)
    line.wait(0.48)
    line.assert_phase(Phase.GREETING)
    line.wait(0.02)
    line.assert_phase(Phase.LISTENING)
    assert line.turn(item).heard_ms == 500
    assert line.session.summary().greeting_latency_ms == 300


def test_after_five_seconds_without_a_sound_the_call_goes_on_without_a_greeting() -> None:
    line = Line.greeting()
    line.response_begins()
    line.wait(4.99)
    line.assert_phase(Phase.GREETING)
    line.wait(0.01)
    line.assert_phase(Phase.LISTENING)
    line.assert_cancelled("resp_1")
    assert line.session.summary().full_sent == 1
    assert line.session.summary().counters["greeting_overdue"] == 1
    assert line.requested() == [Purpose.GREETING]


def test_a_greeting_that_comes_too_late_is_not_heard() -> None:
    line = Line.greeting()
    line.wait(5)
    line.response_begins()
    line.assert_cancelled("resp_1")
    line.agent_says(500)
    line.response_ends("cancelled")
    line.wait(1)
    line.assert_heard(b"")
    line.assert_deleted("item_1")


def test_a_sound_in_time_is_enough_however_long_the_greeting_is() -> None:
    line = Line.greeting()
    line.wait(4.9)
    line.response_begins()
    line.agent_says(6000)
    line.response_ends()
    line.wait(5.9)
    line.assert_phase(Phase.GREETING)
    assert "greeting_overdue" not in line.session.summary().counters


def test_hello_into_the_silence_does_not_stop_a_greeting_that_is_on_its_way() -> None:
    line = Line.greeting()
    line.caller_says("hello?")
    item = line.agent_responds(500)
    line.wait(1)
    assert line.turn(item).heard_ms == 500
    assert line.requested() == [Purpose.GREETING]  # which knew of the hello
    line.assert_cancelled()


def test_a_turn_that_the_running_greeting_does_not_know_of_is_answered_after_it() -> None:
    line = Line.greeting()
    line.response_begins()
    line.caller_says("hello?")
    line.agent_says(500)
    line.response_ends()
    assert line.requested() == [Purpose.GREETING]
    line.wait(0.5)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.assert_phase(Phase.THINKING)


def test_a_turn_before_a_greeting_that_never_came_is_answered() -> None:
    line = Line.greeting()
    line.caller_says("hello?")
    line.wait(5)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.assert_phase(Phase.THINKING)


def test_who_goes_on_speaking_after_it_is_not_answered_before_he_has_finished() -> None:
    line = Line.greeting()
    line.response_begins()
    line.caller_says("hello?")
    line.caller_starts()
    line.response_ends()  # it had nothing to say
    line.assert_phase(Phase.LISTENING)
    line.wait(3)
    assert line.requested() == [Purpose.GREETING]
    line.caller_commits()
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_nor_is_he_warned_of_the_time_before_he_has_finished() -> None:
    line = Line.greeting(Limits(max_call_s=31))
    line.caller_starts()
    line.agent_responds(2000)
    line.wait(2.5)
    line.assert_phase(Phase.LISTENING)
    assert line.commanded(AddNote) == []
    line.caller_ends()
    line.agent_responds(300)
    line.wait(0.3)
    assert line.commanded(AddNote) == [AddNote(notes.WARNING)]


def test_the_caller_may_interrupt_the_greeting() -> None:
    line = Line.greeting()
    line.response_begins()
    item = line.agent_says(3000)
    line.wait(0.42)
    line.caller_starts()
    line.assert_silent_within(0)
    line.assert_truncated(item, 420)
    line.assert_cancelled("resp_1")
    line.assert_phase(Phase.LISTENING)


def test_a_greeting_that_fails_is_asked_for_once_more() -> None:
    line = Line.greeting()
    line.response_begins()
    line.response_ends("failed", code="server_error")
    assert line.requested() == [Purpose.GREETING, Purpose.GREETING]
    line.agent_responds(500)
    line.wait(0.5)
    line.assert_phase(Phase.LISTENING)
    line.assert_goes_on()


def test_a_model_whose_greeting_fails_twice_is_replaced() -> None:
    line = Line.greeting()
    for _ in range(2):
        line.response_begins()
        line.response_ends("failed", code="server_error")
    assert line.commanded(ConnectModel) == [ConnectModel()]
    line.model_returns()
    line.confirmed()
    assert line.requested()[-1] is Purpose.GREETING
    line.agent_responds(500)
    line.wait(0.5)
    line.assert_phase(Phase.LISTENING)


def test_a_greeting_of_no_words_is_the_callers_turn() -> None:
    line = Line.greeting()
    line.response_begins()
    line.response_ends()
    line.assert_phase(Phase.LISTENING)
    assert line.requested() == [Purpose.GREETING]


def test_a_second_confirmation_does_not_greet_twice() -> None:
    line = Line.configuring()
    line.wait(3)  # the update goes out again, and both are answered
    line.confirmed()
    line.confirmed()
    assert line.requested() == [Purpose.GREETING]


def test_an_echo_of_a_mark_is_nothing_before_the_greeting() -> None:
    line = Line.configuring()
    line.feed(events.MarkReached(events.Mark("item_1", 100, 0)))
    line.assert_phase(Phase.CONFIGURING)


def test_a_tool_before_the_greeting_has_the_time_that_a_tool_has() -> None:
    line = Line.greeting()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.wait(4)
    line.tool_finishes("call_1")
    line.wait(2)
    line.agent_responds(500)
    line.wait(0.5)
    line.assert_heard(bytes(line.rules.utterance("item_2").audio))


def test_who_speaks_while_a_tool_runs_before_the_greeting_is_answered() -> None:
    line = Line.greeting(profile=HOLD)
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.caller_starts()
    line.tool_finishes("call_1")
    line.caller_ends()
    line.assert_phase(Phase.THINKING)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
