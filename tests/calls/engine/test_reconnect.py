"""The model is lost in mid-call: another session of it takes over, and the caller hardly notices."""

from __future__ import annotations

import pytest

from calls.engine import events, notes
from calls.engine.commands import (
    AddItem,
    AddNote,
    AnswerTool,
    ConfigureSession,
    ConnectModel,
    Disposition,
    EndCall,
    Purpose,
    ReportKey,
    ReportLimit,
    RunTool,
    SaveTurn,
    Stage,
    TruncateItem,
)
from calls.engine.core import Phase
from calls.engine.limits import Limits
from calls.engine.profile import BargeIn, PastItem, Profile, Resumption, Role
from calls.engine.tooling import ToolEffect
from tests.calls.engine.line import GREETING_MS, HOLD, Line
from tests.calls.engine.sounds import talk


def comes_back(line: Line) -> None:
    line.wait(0.1)
    line.model_returns()
    line.confirmed()


def test_a_new_session_is_told_the_same_and_all_that_was_said() -> None:
    line = Line.listening(profile=HOLD)
    line.feed(events.AgentTranscribed("resp_1", "item_1", "Hello, how can I help?"))
    line.caller_says("What does a cut cost?")
    line.response_begins()
    line.agent_says(400)
    line.feed(line.model.transcribes("It costs eighty shekels."))
    line.response_ends()
    line.wait(0.5)
    line.done.clear()
    line.model_goes()
    assert line.commanded(ConnectModel) == [ConnectModel()]
    comes_back(line)
    assert line.commanded(ConfigureSession) == [ConfigureSession(Stage.FULL, "cfg_again_1")]
    assert line.told() == [
        PastItem(Role.AGENT, "Hello, how can I help?"),
        PastItem(Role.CALLER, "What does a cut cost?"),
        PastItem(Role.AGENT, "It costs eighty shekels."),
    ]
    # Before what he may have said to this session already.
    assert all(each.first for each in line.commanded(AddItem))
    assert line.requested() == []  # nobody is owed a word
    line.assert_phase(Phase.LISTENING)
    line.caller_says("And on Fridays?")
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)
    assert line.session.summary().reconnects == 1


def test_lost_in_mid_sentence_what_came_is_heard_and_the_rest_follows() -> None:
    line = Line.speaking(ms=1000, profile=HOLD)
    line.agent_writes("We are open from nine")
    line.wait(0.2)
    line.model_goes()
    line.wait(0.3)
    line.assert_phase(Phase.SPEAKING)
    comes_back(line)
    assert line.told()[-1] == PastItem(Role.AGENT, "We are open from nine")
    assert line.commanded(AddNote) == [AddNote(notes.GO_ON)]
    assert line.requested()[-1] is Purpose.ANSWER
    rest = line.agent_responds(500)
    line.wait(1)
    assert (line.turn("item_2").heard_ms, line.turn(rest).heard_ms) == (1000, 500)


def test_lost_while_it_thinks_the_answer_comes_from_the_next_one() -> None:
    line = Line.thinking(profile=HOLD)
    line.model_goes()
    line.assert_phase(Phase.THINKING)
    comes_back(line)
    assert line.told()[-1] == PastItem(Role.CALLER, "What does it cost?")
    answer = line.agent_responds(300)
    line.wait(0.3)
    assert line.turn(answer).heard_ms == 300


def test_a_hum_is_told_to_nobody() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_says("mm-hm")
    line.model_goes()
    comes_back(line)
    assert line.told() == []


def test_what_was_cut_is_told_as_far_as_it_was_heard() -> None:
    line = Line.speaking(ms=1000, profile=HOLD)
    line.agent_writes("one two three four five six seven eight nine ten")
    line.wait(0.5)
    line.caller_says("wait a second please")
    line.model_goes()
    comes_back(line)
    told = [item.text for item in line.told()]
    assert told[-2:] == ["one two three four five…", "wait a second please"]
    assert line.requested()[-1] is Purpose.ANSWER


def test_a_turn_without_words_is_said_to_have_been_one() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.model_goes()
    comes_back(line)
    assert line.told()[-1] == PastItem(Role.CALLER, "(not understood)")


def test_an_old_item_is_not_cut_in_a_session_that_does_not_know_it() -> None:
    line = Line.speaking(ms=3000, profile=HOLD)
    line.wait(0.2)
    line.model_goes()
    comes_back(line)
    line.wait(0.2)
    line.caller_says("stop it please")
    assert line.commanded(TruncateItem) == []
    assert line.turn("item_2").heard_ms == 500


def test_whoever_was_speaking_is_not_waited_for() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.model_goes()
    comes_back(line)
    line.wait(40)
    assert line.ended  # he was asked twice whether he is there
    assert line.requested()[:3] == [Purpose.GREETING, Purpose.SILENCE, Purpose.SILENCE]


def test_it_may_be_lost_twice_and_then_the_caller_gets_an_apology() -> None:
    line = Line.listening(profile=HOLD)
    for _ in range(2):
        line.model_goes()
        comes_back(line)
    line.model_goes("reset by peer")
    line.assert_ended("model_lost", apologise=True)
    assert line.commanded(EndCall)[0].detail == "reset by peer"


def test_a_greeting_that_nobody_heard_is_spoken_by_the_next_one() -> None:
    line = Line.greeting(profile=HOLD)
    line.response_begins()
    line.model_goes()
    comes_back(line)
    assert line.requested() == [Purpose.GREETING, Purpose.GREETING]
    assert line.commanded(AddNote) == []
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)
    assert line.commanded(ConfigureSession)[-1].stage is Stage.FULL


def test_a_greeting_of_which_something_was_heard_is_not_begun_again() -> None:
    line = Line.greeting(profile=HOLD)
    line.response_begins()
    line.agent_sends(8 * 400)
    line.wait(0.2)
    line.model_goes()
    comes_back(line)
    assert line.requested() == [Purpose.GREETING, Purpose.RESUMPTION]
    assert line.commanded(AddNote) == [AddNote(notes.GO_ON)]


def test_one_that_is_lost_before_it_was_told_anything_is_replaced() -> None:
    line = Line.configuring(profile=HOLD)
    line.model_goes()
    line.assert_phase(Phase.CONNECTING)
    line.model_returns()
    line.confirmed()
    assert line.requested() == [Purpose.GREETING]


def test_a_session_that_has_expired_is_renewed() -> None:
    line = Line.listening(profile=HOLD)
    line.feed(events.ModelError("session_expired", "the hour is over"))
    comes_back(line)
    line.assert_goes_on()


@pytest.mark.parametrize("phase", [Line.listening, Line.thinking])
def test_one_that_cannot_be_found_again_is_looked_for_once_more(phase: object) -> None:
    line = phase(profile=HOLD)  # type: ignore[operator]
    line.model_goes()
    line.feed(events.ModelUnavailable("no route"))
    assert len(line.commanded(ConnectModel)) == 2
    line.feed(events.ModelUnavailable("no route"))
    line.assert_ended("model_lost", apologise=True)


def test_not_if_the_key_is_refused() -> None:
    line = Line.listening(profile=HOLD)
    line.model_goes()
    line.feed(events.ModelUnavailable("refused", "invalid_api_key"))
    line.assert_ended("model_lost", apologise=True)
    assert line.commanded(ReportKey) == [ReportKey(), ReportKey("invalid_api_key")]


def test_one_that_does_not_confirm_is_given_up_after_eight_seconds() -> None:
    line = Line.listening(profile=HOLD)
    line.model_goes()
    line.wait(1)
    line.model_returns()
    line.wait(6.99)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_ended("model_lost", apologise=True)


def test_lost_while_the_caller_is_held_it_goes_by_his_voice() -> None:
    line = Line.holding()
    line.model_goes()
    line.assert_phase(Phase.SPEAKING)
    comes_back(line)
    line.agent_responds(300)
    line.wait(2)
    line.assert_phase(Phase.LISTENING)


def test_the_answer_of_a_tool_reaches_the_next_session_as_text() -> None:
    line = Line.waiting_for_tool()
    line.model_goes()
    line.tool_finishes("call_1", '{"free":"9:00"}')
    comes_back(line)
    told = line.told()[-1]
    assert told.role is Role.SYSTEM
    assert '{"free":"9:00"}' in told.text
    assert line.requested()[-1] is Purpose.ANSWER


def test_and_if_it_comes_after_that_as_a_note() -> None:
    line = Line.waiting_for_tool()
    line.model_goes()
    comes_back(line)
    line.tool_finishes("call_1", '{"free":"9:00"}')
    assert '{"free":"9:00"}' in line.commanded(AddNote)[-1].text
    assert line.requested()[-1] is Purpose.ANSWER


def test_a_model_that_is_nowhere_is_looked_for_for_eight_seconds() -> None:
    line = Line.listening(profile=HOLD)
    line.model_goes()
    line.wait(40)
    line.assert_ended("model_lost", apologise=True)  # 8 s without one


def test_while_it_is_away_a_silence_is_asked_about_when_it_is_back() -> None:
    line = Line.listening(Limits(silence_prompt_s=4), profile=HOLD)
    line.model_goes()
    line.wait(5)
    assert line.requested() == [Purpose.GREETING]
    line.model_returns()
    line.confirmed()
    assert line.commanded(AddNote) == [AddNote(notes.SILENCE)]
    assert line.requested()[-1] is Purpose.SILENCE


# A session's hour


def test_before_its_hour_is_over_a_session_is_renewed_between_two_turns() -> None:
    line = Line.listening(Limits(rotate_s=60, max_call_s=300, silence_prompt_s=100), profile=HOLD)
    line.wait(60)
    assert line.commanded(ConnectModel) == [ConnectModel()]
    comes_back(line)
    assert line.session.summary().counters["session_rotated"] == 1
    assert line.session.summary().reconnects == 0
    line.caller_says("Are you still there?")
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_not_in_the_middle_of_a_sentence() -> None:
    line = Line.listening(Limits(rotate_s=5, max_call_s=300), profile=HOLD)
    line.wait(4)
    line.caller_says()
    line.agent_responds(3000)
    line.wait(2)
    assert line.commanded(ConnectModel) == []
    line.wait(1.1)
    assert line.commanded(ConnectModel) == [ConnectModel()]


def test_nor_while_the_caller_speaks() -> None:
    line = Line.listening(Limits(rotate_s=5, max_call_s=300), profile=HOLD)
    line.caller_starts()
    line.wait(6)
    assert line.commanded(ConnectModel) == []
    line.caller_ends()
    line.agent_responds(300)
    line.wait(0.3)
    assert line.commanded(ConnectModel) == [ConnectModel()]


# A rate limit


def limited(line: Line, retry_after_s: float = 1.5) -> None:
    line.response_begins()
    assert line.model.active is not None
    response_id = line.model.active.response_id
    line.model.active = None
    line.feed(
        events.ResponseFinished(
            response_id, "failed", "rate_limit_exceeded", retry_after_s=retry_after_s
        )
    )


def test_after_a_rate_limit_it_is_asked_again_when_it_says() -> None:
    line = Line.thinking(profile=HOLD)
    limited(line)
    line.wait(1.49)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.wait(0.01)
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER, Purpose.ANSWER]
    assert line.commanded(ReportLimit) == [ReportLimit("rate_limit_exceeded")]
    line.agent_responds(300)
    line.wait(0.3)
    line.assert_phase(Phase.LISTENING)


def test_but_never_later_than_in_two_seconds_and_twice_at_the_most() -> None:
    line = Line.thinking(profile=HOLD)
    for _ in range(2):
        limited(line, retry_after_s=60)
        line.wait(2)
    limited(line)
    line.assert_ended("model_lost", apologise=True)


# A call that comes back to us


def resumed(resumption: Resumption) -> Line:
    profile = Profile(
        barge_in=BargeIn.HOLD,
        greeting_audio=bytes(8 * GREETING_MS),
        greeting_text="Hello!",
        resumption=resumption,
        stream_number=1,
        past=(PastItem(Role.AGENT, "Hello!"), PastItem(Role.CALLER, "A cut, please.")),
    )
    line = Line.configuring(profile=profile)
    line.confirmed()
    return line


@pytest.mark.parametrize("resumption", Resumption)
def test_a_resumed_call_goes_on_and_is_not_greeted_again(resumption: Resumption) -> None:
    line = resumed(resumption)
    assert [update.stage for update in line.commanded(ConfigureSession)] == [Stage.FULL]
    assert line.told() == [
        PastItem(Role.AGENT, "Hello!"),
        PastItem(Role.CALLER, "A cut, please."),
    ]
    assert line.commanded(AddNote) == [AddNote(notes.RESUMED[resumption])]
    assert line.requested() == [Purpose.RESUMPTION]
    item = line.agent_responds(500)
    line.wait(0.5)
    line.assert_phase(Phase.LISTENING)
    assert line.turn(item).heard_ms == 500
    assert len(line.commanded(ConfigureSession)) == 1


def test_a_call_that_is_put_through_is_left_when_the_word_of_it_was_heard() -> None:

    line = Line.waiting_for_tool()
    line.tool_finishes("call_1", effect=ToolEffect.TRANSFER)
    assert line.commanded(AddNote) == [AddNote(notes.SAY_CONNECTING)]
    item = line.agent_responds(600)
    line.wait(0.59)
    line.assert_goes_on()
    line.wait(0.01)
    line.assert_left("transfer", Disposition.LEAVE)
    assert line.turn(item).heard_ms == 600


def test_or_at_once_if_it_was_said_already() -> None:

    line = Line.thinking(profile=HOLD)
    line.response_begins()
    line.agent_says(600)
    line.response_ends(tools=("transfer_to_human",))
    line.tool_finishes("call_1", effect=ToolEffect.TRANSFER)
    line.wait(0.6)
    line.assert_left("transfer", Disposition.LEAVE)
    assert line.commanded(AddNote) == []


def test_who_hangs_up_meanwhile_has_hung_up() -> None:

    line = Line.waiting_for_tool()
    line.tool_finishes("call_1", effect=ToolEffect.TRANSFER)
    line.feed(events.CarrierStopped())
    line.assert_ended("caller_hangup")


def test_a_transfer_that_is_certain_while_he_is_held_lets_him_finish_his_sentence() -> None:

    line = Line.thinking(profile=HOLD)
    line.response_begins()
    line.agent_says(600)
    line.response_ends(tools=("transfer_to_human",))
    line.wait(0.2)
    line.caller_starts()
    line.tool_finishes("call_1", effect=ToolEffect.TRANSFER)
    line.caller_commits()
    line.wait(1)
    line.assert_left("transfer", Disposition.LEAVE)
    assert line.rules.saved["item_2"].heard_ms == 600


def test_every_turn_stands_in_a_row_whatever_session_it_was_of() -> None:
    line = Line.speaking(ms=500, profile=HOLD)
    line.model_goes()
    comes_back(line)
    line.agent_responds(300)
    line.wait(1)
    said = {turn.item_id for turn in line.commanded(SaveTurn)}
    assert said == {"item_1", "caller_1", "item_2", "item_3"}


def test_a_tool_that_waited_for_a_verdict_answers_the_next_session_as_text() -> None:
    line = Line.listening(profile=HOLD)
    line.caller_starts()
    line.caller_commits()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.model_goes()
    assert [run.call_id for run in line.commanded(RunTool)] == ["call_1"]
    line.model_returns()
    line.confirmed()
    line.tool_finishes("call_1", '{"rooms": 2}')
    assert line.commanded(AnswerTool) == []
    assert '{"rooms": 2}' in line.commanded(AddNote)[-1].text


def test_what_a_tool_found_before_any_word_was_said_is_told_too() -> None:
    line = Line.greeting(profile=HOLD)
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.tool_finishes("call_1", '{"name": "Dana"}')
    line.model_goes()
    line.model_returns()
    line.confirmed()
    (told,) = line.commanded(AddItem)
    assert told.role is Role.SYSTEM
    assert '{"name": "Dana"}' in told.text


def test_a_session_that_expires_for_the_third_time_ends_the_call_with_an_apology() -> None:
    line = Line.reconnecting()
    for _ in range(2):
        line.model_returns()
        line.confirmed()
        line.feed(events.ModelError("session_expired", "an hour has passed"))
    line.assert_ended("model_lost", apologise=True)


def test_a_model_that_is_not_found_again_before_the_farewell_ends_the_call() -> None:
    line = Line.closing()
    line.wait(0.3)
    line.caller_starts()
    line.model_goes()
    line.assert_phase(Phase.CLOSING)
    line.feed(events.ModelUnavailable("refused"))
    line.wait(15)
    line.assert_ended("agent_goodbye")


def test_nobody_takes_back_a_farewell_when_there_is_no_model_to_answer() -> None:
    line = Line.closing()
    line.wait(0.3)
    line.model_goes()
    line.caller_sounds(*talk(60))
    line.assert_ended("agent_goodbye")


def test_what_was_typed_while_the_model_was_lost_in_his_words_is_answered() -> None:
    line = Line.listening()
    line.caller_starts()
    line.feed(events.KeyPressed("5"))
    line.wait(1.5)
    line.model_goes()
    line.model_returns()
    line.confirmed()
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]


def test_words_of_a_response_that_is_not_wanted_are_nobodys() -> None:
    line = Line.speaking(profile=HOLD)
    line.feed(events.AgentTextDelta("resp_9", "item_2", "Not this."))
    line.model_goes()
    line.model_returns()
    line.confirmed()
    assert [item.role for item in line.commanded(AddItem)] == [Role.CALLER]


def test_of_what_was_cut_before_it_was_heard_nothing_is_told() -> None:
    line = Line.listening()
    line.caller_says()
    line.response_begins()
    line.agent_sends(8 * 500)
    line.agent_writes("Forty a night.")
    line.caller_starts()
    line.model_goes()
    line.model_returns()
    line.confirmed()
    assert [item.role for item in line.commanded(AddItem)] == [Role.CALLER]


def test_what_a_new_session_says_before_it_knows_the_conversation_is_deleted() -> None:
    line = Line.reconnecting()
    line.model_returns()
    line.response_begins()
    line.response_ends(tools=("look_up",))
    line.assert_deleted("item_2")
    line.confirmed()
    line.assert_goes_on()
