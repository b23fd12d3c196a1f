"""What happens when somebody says nothing for too long."""

from __future__ import annotations

from calls.engine import events, notes
from calls.engine.commands import AddNote, ConnectModel, Purpose, RunTool
from calls.engine.core import Phase
from calls.engine.limits import Limits
from tests.calls.engine.line import Line

# The model


def test_an_answer_is_asked_for_again_after_six_seconds() -> None:
    line = Line.thinking()
    line.response_begins()
    line.wait(5.99)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.wait(0.01)
    line.assert_cancelled("resp_2")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    line.response_ends("cancelled")  # until when the model was busy
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)
    assert line.session.summary().counters["answer_overdue"] == 1


def test_a_request_that_the_model_never_took_up_is_replaced_too() -> None:
    line = Line.thinking()
    line.wait(6)
    line.assert_cancelled()
    line.response_begins()  # of the first request, at last
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_after_twelve_seconds_without_a_sound_another_model_is_asked() -> None:
    line = Line.thinking()
    line.wait(11.99)
    assert line.commanded(ConnectModel) == []
    line.wait(0.01)
    assert line.commanded(ConnectModel) == [ConnectModel()]
    line.model_returns()
    line.confirmed()
    assert line.requested()[-1] is Purpose.ANSWER
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_a_sound_in_time_is_enough() -> None:
    line = Line.thinking()
    line.wait(5.9)
    line.agent_responds(10_000)
    line.wait(10)
    line.assert_phase(Phase.LISTENING)
    assert "answer_overdue" not in line.session.summary().counters


def test_a_cancelled_response_that_never_ends_holds_nobody_up_for_ever() -> None:
    line = Line.speaking()
    line.wait(0.2)
    line.caller_says()
    line.wait(6)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    line.assert_cancelled("resp_2")


# The caller


def test_after_ten_seconds_of_silence_the_caller_is_asked_whether_he_is_there() -> None:
    line = Line.listening()
    line.wait(9.99)
    line.assert_phase(Phase.LISTENING)
    line.wait(0.01)
    assert line.commanded(AddNote) == [AddNote(notes.SILENCE)]
    assert line.requested() == [Purpose.GREETING, Purpose.SILENCE]


def test_after_two_questions_the_agent_says_goodbye_and_hangs_up() -> None:
    line = Line.listening()
    for _ in range(2):
        line.wait(10)
        line.agent_responds(1000)
        line.wait(1)
    line.wait(10)
    line.assert_phase(Phase.CLOSING)
    assert line.commanded(AddNote)[-1] == AddNote(notes.NO_ANSWER)
    farewell = line.agent_responds(1000)
    line.wait(1)
    assert line.turn(farewell).heard_ms == 1000
    line.assert_ended("silence")


def test_a_word_of_the_callers_starts_the_count_anew() -> None:
    line = Line.listening()
    for _ in range(4):
        line.wait(10)
        line.agent_responds(300)
        line.wait(0.3)
        line.caller_says()
        line.agent_responds(300)
        line.wait(0.3)
    line.assert_goes_on()
    assert line.commanded(AddNote) == [AddNote(notes.SILENCE)] * 4


def test_silence_is_not_counted_while_the_caller_speaks() -> None:
    line = Line.listening()
    line.wait(9)
    line.caller_starts()
    line.wait(60)
    assert line.commanded(AddNote) == []


def test_silence_counts_from_where_the_caller_stopped() -> None:
    line = Line.listening()
    item = line.caller_starts()
    line.wait(9)
    line.feed(events.CallerStopped(item, 9500))
    line.wait(9.99)
    assert line.commanded(AddNote) == []
    line.wait(0.01)
    assert line.commanded(AddNote) == [AddNote(notes.SILENCE)]


def test_the_start_of_a_second_utterance_is_not_ended_by_the_first() -> None:
    line = Line.listening()
    first = line.caller_starts()
    line.caller_starts()
    line.feed(events.CallerStopped(first, 900))
    line.wait(20)
    assert line.commanded(AddNote) == []


def test_a_question_into_the_silence_that_fails_is_not_repeated_at_once() -> None:
    line = Line.listening()
    line.wait(10)
    line.request_fails()
    assert line.requested() == [Purpose.GREETING, Purpose.SILENCE]
    line.assert_phase(Phase.LISTENING)
    line.wait(10)
    assert line.requested() == [Purpose.GREETING, Purpose.SILENCE, Purpose.SILENCE]


def test_a_turn_behind_a_question_that_waits_is_answered_once() -> None:
    line = Line.speaking()
    line.wait(0.2)
    item = line.caller_starts()
    line.feed(events.CallerStopped(item, 700))
    line.wait(10)  # the interrupted response has not ended: the question waits behind it
    line.feed(events.CallerCommitted(item))
    line.response_ends("cancelled")
    line.agent_responds(300)
    line.wait(0.3)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.SILENCE]
    line.assert_phase(Phase.LISTENING)


def test_a_turn_behind_a_question_that_is_refused_is_answered() -> None:
    line = Line.listening()
    line.wait(10)
    line.feed(events.CallerCommitted("caller_1"))
    line.request_fails()
    assert line.requested() == [Purpose.GREETING, Purpose.SILENCE, Purpose.ANSWER]


def test_a_question_that_waits_for_another_response_remains_a_question() -> None:
    line = Line.listening()
    line.response_begins()  # of its own accord, and it does not end
    line.wait(10)
    assert line.requested() == [Purpose.GREETING]
    line.wait(6)
    assert line.requested() == [Purpose.GREETING, Purpose.SILENCE]


def test_no_questions_at_all_are_possible() -> None:
    line = Line.listening(Limits(silence_prompts=0))
    line.wait(10)
    assert line.commanded(AddNote) == [AddNote(notes.NO_ANSWER)]
    line.assert_phase(Phase.CLOSING)


# The clock


def test_half_a_minute_before_the_end_the_caller_is_told() -> None:
    line = Line.listening(Limits(max_call_s=38))
    line.wait(7.49)
    assert line.commanded(AddNote) == []
    line.wait(0.01)
    assert line.commanded(AddNote) == [AddNote(notes.WARNING)]
    assert line.requested()[-1] is Purpose.WARNING


def test_the_warning_waits_for_the_end_of_what_the_agent_says() -> None:
    line = Line.listening(Limits(max_call_s=38))
    line.wait(7)
    line.caller_says()
    line.agent_responds(2000)
    line.wait(1.9)
    assert line.commanded(AddNote) == []
    line.wait(0.1)
    assert line.commanded(AddNote) == [AddNote(notes.WARNING)]


def test_the_warning_waits_for_the_end_of_what_the_caller_says() -> None:
    line = Line.listening(Limits(max_call_s=38))
    line.caller_starts()
    line.wait(10)
    assert line.commanded(AddNote) == []
    line.caller_ends()
    line.agent_responds(300)
    line.wait(0.3)
    assert line.commanded(AddNote) == [AddNote(notes.WARNING)]
    line.wait(4)
    assert len(line.commanded(AddNote)) == 1


def test_at_the_limit_the_agent_stops_and_says_goodbye() -> None:
    line = Line.listening(Limits(max_call_s=30))
    line.caller_starts()
    line.wait(29)
    line.caller_ends()
    line.response_begins()
    item = line.agent_says(5000)
    line.wait(0.5)
    line.assert_phase(Phase.CLOSING)
    line.assert_truncated(item, 500)
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    assert line.requested()[-1] is Purpose.FAREWELL
    line.agent_responds(1000)
    line.wait(1)
    line.assert_ended("max_duration")
    assert line.session.summary().barge_ins == 0


def test_the_limit_ends_a_silence_as_well() -> None:
    line = Line.listening(Limits(max_call_s=9))
    line.wait(8.5)
    line.assert_phase(Phase.CLOSING)
    assert line.commanded(AddNote) == [AddNote(notes.TIME_IS_UP)]  # too short for a warning


def test_a_call_that_never_got_going_ends_at_the_limit_without_a_word() -> None:
    line = Line.configuring(Limits(max_call_s=5))
    line.wait(5)
    line.assert_ended("max_duration", apologise=True)


# The carrier


def test_a_carrier_that_sends_nothing_for_ten_seconds_is_gone() -> None:
    line = Line.speaking(ms=15_000)
    line.wait(3)
    line.carrier_sends = False
    line.wait(9.98)
    line.assert_goes_on()
    line.wait(0.02)
    line.assert_ended("carrier")


def test_a_carrier_that_sends_is_there() -> None:
    line = Line.listening()
    line.caller_starts()
    line.wait(60)
    line.assert_goes_on()


def test_a_carrier_that_falls_silent_in_the_farewell_is_gone_as_well() -> None:
    line = Line.thinking()
    line.response_begins()
    line.carrier_sends = False
    line.agent_sends(8 * 14_000)
    line.response_ends(tools=("end_call",))
    line.wait(10)
    line.assert_ended("carrier")


def test_a_farewell_is_not_begun_again_by_the_limit() -> None:
    line = Line.listening(Limits(max_call_s=20, warning_s=20, silence_prompts=0))
    line.wait(10)
    line.assert_phase(Phase.CLOSING)
    line.wait(10)
    assert line.requested() == [Purpose.GREETING, Purpose.FAREWELL]


def test_at_the_limit_a_tool_that_waits_for_a_verdict_is_not_left_open() -> None:
    line = Line.listening(Limits(max_call_s=60, warning_s=60, silence_prompt_s=100))
    line.wait(59.2)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.wait(0.5)
    assert line.commanded(RunTool) == []
    line.assert_deleted("item_2")
