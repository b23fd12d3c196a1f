"""A sound of the caller's while the agent speaks: silent at once, and decided afterwards."""

from __future__ import annotations

import pytest

from calls.engine import events
from calls.engine.commands import ClearPlayback, DeleteItem, Purpose, TruncateItem
from calls.engine.core import Phase
from tests.calls.engine.line import CACHED, CONFIRM, HOLD, Line
from tests.calls.engine.sounds import CAR, QUIET, VOICE, talk


def speaking(ms: int = 2000) -> Line:
    line = Line.speaking(ms=ms, profile=HOLD)
    line.wait(0.5)
    return line


def test_the_agent_falls_silent_at_once_and_nothing_is_decided() -> None:
    line = speaking()
    line.caller_starts()
    line.assert_silent_within(0)
    line.assert_phase(Phase.HELD)
    line.assert_cancelled()
    assert line.commanded(ClearPlayback) == [ClearPlayback()]
    assert line.commanded(TruncateItem) == []


@pytest.mark.parametrize("text", ["uh-huh", "אהה", "امم", "", "(cough)"])
def test_after_a_sound_without_meaning_he_goes_on_where_he_was_heard_to(text: str) -> None:
    line = speaking()
    heard = line.heard
    said = line.caller_starts()
    line.wait(0.9)
    line.caller_commits()
    line.wait(0.3)
    line.assert_heard(heard)
    line.transcribed(text)
    line.assert_phase(Phase.SPEAKING)
    assert line.telephone.level_ms(line.now) > 0  # in the same step
    line.assert_deleted(said)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.response_ends()
    line.wait(2)
    line.assert_phase(Phase.LISTENING)
    assert line.turn("item_2").heard_ms == 2000
    assert not line.turn("item_2").interrupted


def test_of_held_audio_nothing_is_lost_and_less_than_a_frame_heard_twice() -> None:
    line = speaking(ms=1000)
    line.item_ends()
    line.response_ends()
    line.caller_says("mm-hm")
    line.wait(1)
    whole = bytes(line.rules.utterance("item_2").audio)
    joined = line.heard[-(len(whole) + 20 * 8) :]
    assert whole[:4000] in joined  # up to the hold
    assert whole[3920:] in joined  # from 10 ms before it


def test_words_are_an_interruption_and_the_model_is_told_where() -> None:
    line = speaking()
    line.caller_starts()
    line.wait(0.8)
    line.caller_commits()
    line.transcribed("wait, how much is that?")
    line.assert_truncated("item_2", 500)
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    assert line.requested()[-1] is Purpose.ANSWER
    line.assert_phase(Phase.THINKING)
    answer = line.agent_responds(300)  # and nobody has to judge what is judged already
    line.wait(0.3)
    assert line.turn(answer).heard_ms == 300
    assert line.session.summary().barge_ins == 1


def test_speech_that_lasts_is_an_interruption_before_anybody_knows_its_words() -> None:
    line = speaking(ms=3000)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_starts()
    line.caller_sounds(*talk(59))
    line.assert_phase(Phase.HELD)
    line.caller_sounds(*talk(3))
    line.assert_phase(Phase.LISTENING)
    line.assert_truncated("item_2", 1000)


def test_a_voice_too_quiet_for_us_is_heard_by_the_server_and_counts() -> None:
    line = speaking()
    line.caller_starts()
    line.caller_sounds(*[QUIET] * 89)
    line.assert_phase(Phase.HELD)
    line.caller_sounds(*[QUIET] * 2)
    line.assert_phase(Phase.LISTENING)
    assert line.session.summary().counters["quiet_speech"] == 1


def test_a_second_sound_before_the_first_was_judged_is_an_interruption() -> None:
    line = speaking()
    line.caller_starts()
    line.wait(0.4)
    line.caller_commits()
    line.caller_starts()
    line.assert_phase(Phase.LISTENING)
    line.assert_truncated("item_2", 500)


def test_our_own_measure_holds_him_after_a_fifth_of_a_second_of_voice() -> None:
    line = speaking()
    line.caller_sounds(*[QUIET] * 25)
    line.caller_sounds(*[VOICE] * 9)
    line.assert_phase(Phase.SPEAKING)
    line.caller_sounds(VOICE)
    line.assert_phase(Phase.HELD)


def test_without_speech_he_goes_on_after_half_a_second() -> None:
    line = speaking()
    line.caller_sounds(*[QUIET] * 25)
    line.caller_sounds(*[VOICE] * 10)
    line.assert_phase(Phase.HELD)
    line.caller_sounds(*[QUIET] * 23)
    line.assert_phase(Phase.HELD)
    line.caller_sounds(*[QUIET] * 1)
    line.assert_phase(Phase.SPEAKING)


def test_those_who_talk_in_the_room_hold_him_once_and_not_again() -> None:
    line = speaking(ms=6000)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_sounds(*talk(100))  # and the server says nothing
    line.assert_phase(Phase.SPEAKING)
    assert line.session.summary().counters["holds"] == 1
    assert line.session.summary().barge_ins == 0


def test_the_server_confirms_what_our_measure_began() -> None:
    line = speaking()
    line.caller_sounds(*[QUIET] * 25)
    line.caller_sounds(*[VOICE] * 10)
    line.caller_starts()
    line.assert_phase(Phase.HELD)  # one sound, not two
    line.caller_sounds(*[VOICE] * 10)
    line.caller_commits()
    line.transcribed("no, on Monday")
    assert line.requested()[-1] is Purpose.ANSWER


def test_a_passing_car_does_not_keep_him_silent_though_the_server_takes_it_for_speech() -> None:
    line = speaking(ms=4000)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_starts()
    line.caller_sounds(*[CAR] * 60)
    line.assert_phase(Phase.SPEAKING)
    assert line.session.summary().barge_ins == 0


@pytest.mark.parametrize(("frames", "phase"), [(10, Phase.SPEAKING), (40, Phase.THINKING)])
def test_without_a_transcript_it_goes_by_how_long_the_voice_was(frames: int, phase: Phase) -> None:
    line = speaking(ms=4000)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_starts()
    line.caller_sounds(*talk(frames))
    line.caller_sounds(*[QUIET] * 20)
    line.caller_commits()
    line.wait(0.49)
    line.assert_phase(Phase.HELD)
    line.wait(0.01)
    line.assert_phase(phase)


def test_nor_if_transcription_fails() -> None:
    line = speaking(ms=4000)
    line.caller_starts()
    line.caller_sounds(*talk(5))
    line.caller_commits()
    line.feed(events.TranscriptionFailed("caller_2", "unintelligible"))
    line.assert_phase(Phase.SPEAKING)


def test_words_that_come_late_interrupt_him_all_the_same() -> None:
    line = speaking(ms=6000)
    line.caller_starts()
    line.wait(0.3)
    line.caller_commits()
    line.wait(1)  # he was dismissed, and the agent goes on
    line.assert_phase(Phase.SPEAKING)
    line.transcribed("stop, please")
    line.response_ends("cancelled")
    line.assert_phase(Phase.THINKING)
    assert line.requested()[-1] is Purpose.ANSWER


def test_a_dismissed_sound_is_not_answered_when_he_has_finished() -> None:
    line = speaking(ms=2000)
    line.item_ends()
    line.response_ends()
    said = line.caller_starts()
    line.wait(0.3)
    line.caller_commits()
    line.wait(4)
    line.assert_phase(Phase.LISTENING)
    line.assert_deleted(said)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_an_echo_of_his_own_words_does_not_stop_him() -> None:
    line = speaking(ms=4000)
    line.agent_writes("We are open from Sunday to Thursday, nine to five.")
    said = line.caller_starts()
    line.wait(0.5)
    line.caller_commits()
    line.transcribed("open from Sunday to Thursday")
    line.assert_phase(Phase.SPEAKING)
    line.assert_deleted(said)
    assert line.turn(said).verdict == "echo"


def test_what_a_transcriber_makes_of_a_noise_is_not_believed() -> None:
    line = speaking(ms=4000)
    said = line.caller_starts()
    line.wait(0.5)
    line.caller_commits()
    line.transcribed("Thanks for watching!")
    line.assert_phase(Phase.SPEAKING)
    assert line.turn(said).verdict == "doubted"
    assert line.session.summary().counters["verdict.doubted"] == 1


def test_while_he_thinks_a_cough_costs_nobody_the_answer() -> None:
    line = Line.thinking(profile=HOLD)
    line.response_begins()
    cough = line.caller_starts()
    line.assert_phase(Phase.HELD)
    item = line.agent_says(500)
    line.response_ends()
    line.wait(0.9)
    line.caller_commits()
    line.transcribed("")
    line.assert_deleted(cough)
    line.wait(0.5)
    assert line.turn(item).heard_ms == 500
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_while_he_thinks_the_caller_takes_his_turn_back() -> None:
    line = Line.thinking(profile=HOLD)
    line.response_begins()
    line.caller_starts()
    line.wait(0.8)
    line.caller_commits()
    line.transcribed("and on Friday?")
    line.assert_cancelled("resp_2")
    line.response_ends("cancelled")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_who_begins_where_the_agent_ends_has_the_floor() -> None:
    line = Line.speaking(ms=300, profile=HOLD)
    line.item_ends()
    line.response_ends()
    line.telephone.marks_return = False  # the last one is on its way
    line.wait(0.315)
    line.caller_starts()
    line.assert_phase(Phase.LISTENING)
    assert line.turn("item_2").heard_ms == 300


def test_the_tools_of_a_response_wait_until_it_is_known_whether_it_stands() -> None:
    line = speaking(ms=1000)
    line.caller_starts()
    line.response_ends(tools=("look_up",))
    assert line.session.summary().counters["ignored.ToolFinished"] == 0
    line.caller_commits()
    line.transcribed("mm")
    line.tool_finishes("call_1")
    assert line.requested()[-1] is Purpose.ANSWER


def test_the_tools_of_an_interrupted_response_are_not_run_and_not_left_open() -> None:
    line = speaking(ms=1000)
    line.caller_starts()
    line.response_ends(tools=("look_up",))
    line.caller_commits()
    line.transcribed("forget it")
    assert DeleteItem("item_3") in line.done
    assert line.rules.calls_running == []


def test_a_tool_that_answers_while_he_is_held_is_spoken_about_when_he_goes_on() -> None:
    line = Line.waiting_for_tool()
    line.caller_starts()
    line.tool_finishes("call_1")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.caller_commits()
    line.transcribed("uh")
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]


# More quietly, by `confirm`


def test_by_confirm_he_goes_on_more_quietly_until_words_were_understood() -> None:
    line = Line.speaking(ms=4000, profile=CONFIRM)
    line.wait(0.5)
    line.caller_starts()
    line.wait(0.5)
    line.assert_phase(Phase.SPEAKING)
    assert line.session.core.ledger.ducked
    line.caller_commits()
    line.transcribed("hold on")
    line.assert_silent_within(0)
    line.assert_truncated("item_2", 1000)


def test_by_confirm_a_hum_changes_nothing_but_the_volume_for_a_while() -> None:
    line = Line.speaking(ms=2000, profile=CONFIRM)
    line.wait(0.5)
    line.caller_starts()
    line.wait(0.5)
    line.caller_commits()
    line.transcribed("mm-hm")
    assert not line.session.core.ledger.ducked
    assert line.commanded(ClearPlayback) == []
    line.response_ends()
    line.wait(1)
    assert line.turn("item_2").heard_ms == 2000


def test_by_confirm_a_second_sound_is_words_or_nothing() -> None:
    line = Line.speaking(ms=8000, profile=CONFIRM)
    line.wait(0.5)
    line.caller_starts()
    line.wait(0.5)
    line.caller_commits()
    line.caller_starts()
    line.assert_phase(Phase.SPEAKING)
    line.wait(1)
    line.caller_commits()
    line.wait(0.51)
    assert not line.session.core.ledger.ducked
    line.assert_phase(Phase.SPEAKING)


def test_by_confirm_too_speech_that_lasts_is_an_interruption() -> None:
    line = Line.speaking(ms=8000, profile=CONFIRM)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_starts()
    line.caller_sounds(*talk(59))
    line.assert_phase(Phase.SPEAKING)
    line.caller_sounds(*talk(3))
    line.assert_phase(Phase.LISTENING)


def test_by_instant_our_own_measure_interrupts_too() -> None:
    line = Line.speaking(ms=2000)
    line.wait(0.5)
    line.caller_sounds(*[QUIET] * 25)
    line.caller_sounds(*[VOICE] * 10)
    line.assert_phase(Phase.LISTENING)


# The greeting


def test_the_greeting_is_interruptible() -> None:
    line = Line.greeting(profile=CACHED)
    line.wait(0.2)
    line.caller_starts()
    line.assert_silent_within(0)
    line.assert_phase(Phase.HELD)
    line.caller_commits()
    line.transcribed("uh-huh")
    line.assert_phase(Phase.GREETING)
    line.wait(0.5)
    assert line.turn("greeting").heard_ms == 600


def test_an_answer_that_begins_while_he_is_held_and_knows_his_words_is_not_taken_back() -> None:
    line = Line.thinking(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.transcribed("And for two?")
    line.assert_phase(Phase.THINKING)
    line.agent_says(500)
    line.assert_phase(Phase.SPEAKING)
    line.assert_cancelled()


def test_by_confirm_a_model_that_goes_leaves_nobody_speaking_quietly() -> None:
    line = Line.speaking(ms=1000, profile=CONFIRM)
    line.caller_starts()
    assert line.session.core.ledger.ducked
    line.model_goes()
    assert not line.session.core.ledger.ducked


def test_by_confirm_the_next_answer_is_as_loud_as_any() -> None:
    line = Line.thinking(profile=CONFIRM)
    line.agent_responds(300)
    line.wait(0.2)
    line.caller_starts()
    line.wait(0.5)
    line.assert_phase(Phase.LISTENING)
    line.caller_ends()
    heard = line.heard
    line.agent_responds(500)
    line.wait(0.5)
    assert line.heard == heard + line.rules.utterance("item_3").audio


def test_by_confirm_a_sound_that_begins_anew_is_waited_for_anew() -> None:
    line = Line.speaking(ms=3000, profile=CONFIRM)
    line.caller_starts()
    line.caller_sounds(*[CAR] * 40)
    line.caller_starts()
    assert line.session.deadline is not None
    assert line.session.deadline > line.now


def late_verdict() -> Line:
    """He speaks again, and nobody waits for his first turn's words any more."""
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.wait(0.8)
    line.caller_starts()
    line.assert_phase(Phase.HELD)
    return line


def test_what_an_older_turn_was_says_nothing_about_who_speaks_now() -> None:
    line = late_verdict()
    line.transcribed("mm", "caller_1")
    line.assert_phase(Phase.HELD)


def test_nor_does_it_that_nobody_understood_it() -> None:
    line = late_verdict()
    line.feed(events.TranscriptionFailed("caller_1", "unintelligible"))
    line.assert_phase(Phase.HELD)


def test_a_verdict_that_nobody_waits_for_any_more_changes_nothing() -> None:
    line = Line.thinking()
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)
    line.caller_starts()
    line.transcribed("mm")  # before he has stopped
    line.assert_phase(Phase.LISTENING)
    line.feed(events.TranscriptionFailed("caller_1", "unintelligible"))
    line.assert_phase(Phase.LISTENING)
