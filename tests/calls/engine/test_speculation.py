"""The answer is asked for at once and withheld until it is known whether one is due."""

from __future__ import annotations

import dataclasses

import pytest

from calls.engine import events
from calls.engine.commands import DeleteItem, EndCall, Purpose
from calls.engine.core import Phase
from tests.calls.engine.line import HOLD, Line


def asked() -> Line:
    """A turn is over, nobody knows its words, and half of the answer is there."""
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.wait(0.8)
    line.caller_commits()
    line.response_begins()
    line.agent_sends(8 * 500)
    return line


def test_the_answer_is_asked_for_at_once_and_not_heard_yet() -> None:
    line = asked()
    heard = line.heard
    line.wait(0.69)
    line.assert_heard(heard)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.assert_phase(Phase.THINKING)


def test_it_is_heard_as_soon_as_the_words_are_known() -> None:
    line = asked()
    line.wait(0.2)
    line.transcribed("Are you open on Friday?")
    line.assert_phase(Phase.SPEAKING)
    assert line.telephone.level_ms(line.now) > 0
    line.response_ends()
    line.wait(0.5)
    assert line.turn("item_2").heard_ms == 500


def test_it_is_heard_after_seven_tenths_of_a_second_in_any_case() -> None:
    line = asked()
    line.wait(0.7)
    line.assert_phase(Phase.SPEAKING)
    line.wait(0.1)
    line.transcribed("mm-hm")  # too late: he is being answered
    line.assert_deleted()
    line.response_ends()
    line.wait(0.5)
    assert line.turn("item_2").heard_ms == 500
    assert line.session.summary().counters["verdict_late"] == 1


def test_and_at_once_if_there_will_be_no_words() -> None:
    line = asked()
    line.feed(events.TranscriptionFailed("caller_1", "unintelligible"))
    line.assert_phase(Phase.SPEAKING)


@pytest.mark.parametrize("text", ["mm", "אהה", "", "hm hm"])
def test_a_sound_without_meaning_gets_no_answer_and_leaves_nothing(text: str) -> None:
    line = asked()
    heard = line.heard
    line.transcribed(text)
    line.assert_phase(Phase.LISTENING)
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    line.assert_deleted("caller_1", "item_2")
    line.wait(5)
    line.assert_heard(heard)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_nor_if_the_answer_was_complete_already() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.agent_responds(700)
    line.transcribed("uh")
    line.assert_cancelled()
    line.assert_deleted("caller_1", "item_2")
    line.assert_phase(Phase.LISTENING)


def test_nor_if_it_had_not_begun() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.transcribed("uh")
    line.response_begins()
    line.assert_cancelled("resp_2")
    line.agent_sends(800)
    line.response_ends("cancelled")
    line.assert_deleted("caller_1", "item_2")


def test_what_he_said_before_is_answered_all_the_same() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_says("What does a cut cost?")
    line.wait(0.1)
    line.caller_starts()
    line.caller_commits()
    line.transcribed("uhm")
    line.assert_deleted("caller_2")
    line.agent_responds(300)
    line.wait(0.4)
    assert line.turn("item_2").heard_ms == 300


def test_no_tool_is_run_for_a_cough() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.agent_says(300)
    line.response_ends(tools=("end_call",))
    line.transcribed("")
    assert line.commanded(EndCall) == []
    line.assert_deleted("caller_1", "item_2", "item_3")
    line.wait(2)
    line.assert_goes_on()


def test_the_tools_of_an_answer_run_once_it_stands() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    assert line.rules.calls_running == []
    line.transcribed("Is there a table at eight?")
    assert line.rules.calls_running == ["call_1"]


def test_who_pauses_to_think_takes_his_turn_back_and_is_answered_once() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.wait(0.2)
    line.caller_starts()  # he was not done
    line.agent_sends(8 * 300)
    line.transcribed("I would like", "caller_1")
    line.wait(0.9)
    line.caller_commits()
    line.wait(0.3)
    line.transcribed("a table for four")
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    line.assert_deleted("item_2")
    answer = line.agent_responds(300)
    line.wait(0.3)
    assert line.turn(answer).heard_ms == 300


def test_a_cough_that_the_transcriber_makes_words_of_is_not_answered() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.wait(0.9)  # 300 ms in front of it, 600 ms behind: no sound at all
    line.caller_commits()
    line.transcribed("Thanks for watching!")
    assert DeleteItem("caller_1") in line.done
    line.assert_phase(Phase.LISTENING)


def test_a_long_turn_whose_transcript_cannot_be_is_answered_since_the_model_has_heard_it() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.wait(3)
    line.caller_commits()
    line.transcribed("Спасибо за просмотр")
    line.assert_deleted()
    line.agent_responds(300)
    line.wait(0.3)
    assert line.turn("item_2").heard_ms == 300
    assert line.turn("caller_1").verdict == "doubted"


def test_a_language_that_is_heard_again_is_believed() -> None:
    line = Line.listening(profile=HOLD)
    for text in ("Сколько это стоит?", "Вы открыты в пятницу?"):
        line.caller_starts()
        line.wait(1.5)
        line.caller_commits()
        line.transcribed(text)
        line.agent_responds(100)
        line.wait(0.1)
    assert line.turn("caller_1").verdict == "doubted"
    line.caller_starts()
    line.wait(1.5)
    line.caller_commits()
    line.transcribed("Спасибо, до свидания")
    assert line.turn("caller_3").verdict == ""


def test_words_that_come_before_the_end_of_a_turn_need_no_waiting() -> None:
    line = Line.listening(profile=HOLD)
    item = line.caller_starts()
    line.transcribed("Are you open on Friday?", item)
    line.caller_commits()
    line.response_begins()
    line.agent_sends(8 * 100)
    line.assert_phase(Phase.SPEAKING)


def test_a_turn_that_the_greeting_knows_of_and_that_meant_nothing_is_forgotten() -> None:
    line = Line.greeting(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.transcribed("mm")
    line.assert_deleted("caller_1")
    line.agent_says(300)
    line.response_ends()
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)
    assert line.requested() == [Purpose.GREETING]


def test_of_two_turns_without_words_a_hum_is_forgotten_and_the_other_answered() -> None:
    line = Line.listening()
    line.caller_starts()
    line.caller_commits()
    line.caller_starts()
    line.wait(0.7)
    line.caller_commits()
    line.transcribed("mm")
    line.assert_deleted("caller_2")
    line.assert_phase(Phase.THINKING)
    line.response_begins()  # the one that was withdrawn
    line.response_ends("cancelled")
    line.agent_responds(300)
    line.assert_phase(Phase.SPEAKING)


def test_keys_that_are_pressed_meanwhile_are_answered_by_themselves() -> None:
    line = asked()
    line.feed(events.KeyPressed("5"))
    line.wait(1.5)
    line.transcribed("mm", "caller_1")
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]


def test_what_came_of_an_answer_to_a_hum_is_forgotten_though_its_end_names_nothing() -> None:
    line = asked()
    line.feed(dataclasses.replace(line.model.finishes("completed", "", ()), item_ids=()))
    line.transcribed("mm")
    line.assert_deleted("caller_1", "item_2")


def test_the_tools_of_an_answer_that_is_interrupted_after_the_verdict_are_not_left_open() -> None:
    line = asked()
    line.caller_starts()
    line.response_ends(tools=("look_up",))
    line.wait(2)
    line.assert_phase(Phase.LISTENING)
    line.assert_deleted("item_3", "item_2")


def test_what_a_tool_has_found_is_told_though_the_caller_only_hummed() -> None:
    line = Line.thinking()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.caller_starts()
    line.tool_finishes("call_1")
    line.caller_ends("mm")
    line.assert_deleted("caller_2")
    line.agent_responds(300)
    line.assert_phase(Phase.SPEAKING)


def test_a_tool_that_answers_after_a_hum_is_spoken_about() -> None:
    line = Line.thinking()
    line.response_begins()
    line.agent_says(300)
    line.response_ends(tools=("look_up",))
    line.wait(0.1)
    line.caller_starts()
    line.caller_ends("mm")
    line.response_begins()
    line.response_ends("cancelled")
    line.assert_phase(Phase.LISTENING)
    line.tool_finishes("call_1")
    line.assert_phase(Phase.THINKING)
    assert line.requested()[-1] is Purpose.ANSWER


def test_a_number_is_in_no_language_and_is_learnt_as_none() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.wait(2)
    line.caller_ends("4021")
    assert line.turn("caller_1").language == ""
    line.assert_phase(Phase.THINKING)
