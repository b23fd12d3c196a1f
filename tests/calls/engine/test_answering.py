"""Outbound calls: who has answered, and what becomes of it."""

from __future__ import annotations

import dataclasses

import pytest

from calls.engine import events, notes
from calls.engine.commands import AddItem, AddNote, EndCall, Purpose
from calls.engine.core import Phase
from calls.engine.profile import MachinePolicy, OnMachine, Profile
from tests.calls.engine.called import (
    MESSAGE_MS,
    a_mailbox_answers,
    a_message_is_left,
    called,
    greeted,
    perhaps_a_machine,
)
from tests.calls.engine.histories import MAILBOX
from tests.calls.engine.line import (
    CACHED,
    GREETING_AUDIO,
    HANGING_UP,
    LEAVING,
    MESSAGE_TEXT,
    TALKING_ON,
    Line,
)
from tests.calls.engine.sounds import BEEP, QUIET, hush, tone

NEUTRAL = "The days are getting longer, and the garden is full of birds again."
SCREENING = "Please state your name and why you are calling."
TO_LEAVE = AddNote(notes.leave_message(MESSAGE_TEXT))


def carrier_says(line: Line, verdict: str) -> None:
    line.feed(events.AnsweredBy(verdict))


def callee_says(line: Line, text: str, seconds: float = 1.5) -> str:
    line.caller_starts()
    line.wait(seconds)
    return line.caller_ends(text)


def counted(line: Line, what: str) -> int:
    return line.session.summary().counters[f"machine.{what}"]


# The agent's first words


def test_who_says_hello_is_greeted_at_once_and_answered_by_that() -> None:
    line = called()
    line.response_begins()
    line.agent_says(500)
    line.response_ends()
    line.caller_starts()
    line.wait(0.7)
    line.assert_heard(b"")
    line.caller_ends("Hello?")
    line.wait(0.1)
    assert len(line.heard) == 800
    line.wait(1)
    assert line.requested() == [Purpose.GREETING]
    assert line.session.summary().answered_by == "human"


def test_who_says_nothing_is_greeted_after_a_second_and_a_half() -> None:
    line = called()
    line.agent_responds(500)
    line.wait(1.49)
    line.assert_heard(b"")
    line.wait(0.02)
    assert line.heard
    line.wait(1)
    assert line.session.summary().answered_by == "unknown"


def test_words_that_are_late_keep_nobody_waiting() -> None:
    line = called()
    line.agent_responds(500)
    line.caller_starts()
    line.wait(0.6)
    line.caller_commits()
    line.wait(0.69)
    line.assert_heard(b"")
    line.wait(0.02)
    assert line.heard


def test_a_greeting_that_is_late_does_not_begin_while_he_speaks() -> None:
    line = called()
    line.response_begins()
    line.wait(2)
    line.caller_starts()
    line.agent_says(500)
    line.wait(1)
    line.assert_heard(b"")
    line.caller_ends("Hello?")
    line.wait(0.02)
    assert line.heard


def test_a_stored_greeting_waits_as_well() -> None:
    stored = dataclasses.replace(LEAVING, greeting_audio=GREETING_AUDIO, greeting_text="Hello!")
    line = Line(profile=stored)
    line.wait(1)
    line.assert_heard(b"")
    line.model_ready()
    line.confirmed()
    callee_says(line, "Hello?", 0.5)
    line.wait(0.7)
    line.assert_heard(GREETING_AUDIO)
    line.assert_phase(Phase.LISTENING)


def test_whoever_calls_us_waits_for_nothing() -> None:
    line = Line(profile=CACHED)
    line.wait(0.1)
    assert line.heard
    assert not line.session.attentive(line.now) or line.session.core.ledger.sounding


def test_half_a_greeting_of_a_machine_is_not_greeted_into() -> None:
    line = called()
    line.agent_responds(500)
    callee_says(line, "You've reached Dana.")
    line.wait(1.4)
    line.assert_heard(b"")
    callee_says(line, MAILBOX)
    line.wait(5)
    line.assert_heard(b"")


def test_a_model_that_is_lost_before_the_greeting_greets_when_it_is_back() -> None:
    line = called()
    line.caller_starts()
    line.model_goes()
    line.model_returns()
    line.confirmed()
    line.agent_responds(500)
    line.wait(2.1)
    assert len(line.heard) >= 500 * 8


# Hang up


def test_a_mailbox_is_hung_up_on_by_its_first_words() -> None:
    line = a_mailbox_answers(HANGING_UP)
    line.assert_ended("voicemail")
    assert line.session.summary().answered_by == "machine"
    assert counted(line, "phrase") == 1
    assert counted(line, "message") == 0
    assert line.session.summary().message == ""
    line.assert_heard(b"")


def test_a_menu_is_no_person_either() -> None:
    line = called(HANGING_UP)
    callee_says(line, "For sales, press one.")
    line.assert_ended("voicemail")
    assert counted(line, "menu") == 1


def test_the_carriers_word_alone_is_no_reason() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    carrier_says(line, "machine_start")
    line.assert_phase(Phase.GREETING)
    callee_says(line, "Hello?")
    line.agent_responds(500)
    line.wait(5)
    line.assert_goes_on()
    assert counted(line, "carrier") == 1


def test_the_carriers_word_and_a_long_first_sentence_are_one_if_nobody_protests() -> None:
    line = perhaps_a_machine()
    line.wait(3.9)
    line.assert_goes_on()
    line.wait(0.1)
    line.assert_ended("voicemail")
    assert (counted(line, "length"), counted(line, "carrier")) == (1, 1)


@pytest.mark.parametrize("text", ["Hello? Who is this?", NEUTRAL])
def test_a_person_who_protests_is_talked_to(text: str) -> None:
    line = perhaps_a_machine()
    line.wait(1)
    callee_says(line, text, 5)
    assert line.commanded(AddNote)[-1] == AddNote(notes.NOT_A_MACHINE)
    assert line.requested()[-1] is Purpose.ANSWER
    line.agent_responds(500)
    line.wait(5)
    line.assert_goes_on()
    assert line.session.summary().answered_by == "human"
    assert counted(line, "taken_back") == 1


def test_while_he_speaks_nobody_is_hung_up_on() -> None:
    line = perhaps_a_machine()
    line.wait(3.5)
    line.caller_starts()
    line.wait(3)
    line.assert_goes_on()
    line.caller_ends("Hello? Who is this?")
    line.assert_goes_on()


def test_what_a_machine_goes_on_to_say_is_no_protest() -> None:
    line = perhaps_a_machine()
    line.wait(1)
    callee_says(line, MAILBOX)
    line.wait(4)
    line.assert_ended("voicemail")


def test_words_before_the_verdict_take_it_back_when_they_are_known_after_it() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    line.caller_starts()
    line.wait(1)
    line.caller_commits()
    carrier_says(line, "fax")
    line.assert_phase(Phase.CLOSING)
    line.transcribed("Hello, who is this?")
    line.assert_goes_on()
    assert line.session.summary().answered_by == "human"


def test_a_long_sentence_that_nobody_can_understand_is_long_all_the_same() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    line.caller_starts()
    line.wait(9)
    item = line.caller_commits()
    line.feed(events.TranscriptionFailed(item, "unintelligible"))
    line.wait(4)
    line.assert_ended("voicemail")


def test_noise_of_that_length_counts_as_much() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    callee_says(line, "", 9)
    line.wait(4)
    line.assert_ended("voicemail")


def test_a_cough_is_no_sentence() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    callee_says(line, "", 0.5)
    line.wait(5)
    line.assert_goes_on()
    assert counted(line, "length") == 0


def test_a_fax_is_hung_up_on_whatever_the_policy_is() -> None:
    line = called(TALKING_ON)
    line.caller_sounds(*tone(2500, 2100))
    line.wait(4)
    line.assert_ended("voicemail")
    assert line.session.summary().answered_by == "fax"


def test_who_talks_to_machines_goes_on() -> None:
    line = a_mailbox_answers(TALKING_ON)
    line.agent_responds(500)
    line.wait(3)
    line.assert_goes_on()
    assert line.heard
    assert line.session.summary().answered_by == "machine"
    carrier_says(line, "machine_end_beep")
    assert counted(line, "verdict") == 1


# Leave a message


def test_a_message_is_left_after_the_beep_and_heard_whole() -> None:
    line = called()
    line.agent_responds(500)
    callee_says(line, MAILBOX, 4)
    line.wait(0.5)
    assert TO_LEAVE not in line.commanded(AddNote)
    line.caller_sounds(*BEEP)
    assert line.commanded(AddNote)[-1] == TO_LEAVE
    line.agent_responds(MESSAGE_MS)
    line.wait(MESSAGE_MS / 1000 - 0.01)
    line.assert_goes_on()
    line.wait(0.02)
    line.assert_ended("voicemail")
    assert line.session.summary().message == "heard"
    assert counted(line, "beep") == 1


def test_a_beep_before_the_words_are_known_is_remembered() -> None:
    line = called()
    line.caller_starts()
    line.wait(3)
    item = line.caller_commits()
    line.caller_sounds(*BEEP)
    line.transcribed(MAILBOX, item)
    assert line.commanded(AddNote) == [TO_LEAVE]


def test_without_a_beep_it_is_left_when_the_greeting_is_over_and_the_line_is_quiet() -> None:
    line = a_mailbox_answers()
    line.wait(2)
    callee_says(line, "Dana Cohen")  # the greeting goes on
    line.wait(2.4)
    assert line.commanded(AddNote) == []
    line.wait(0.1)
    assert line.commanded(AddNote) == [TO_LEAVE]


@pytest.mark.parametrize("verdict", ["machine_end_beep", "machine_end_silence"])
def test_the_carrier_may_know_that_the_greeting_is_over(verdict: str) -> None:
    line = a_mailbox_answers()
    carrier_says(line, verdict)
    assert line.commanded(AddNote) == [TO_LEAVE]


def test_but_whoever_speaks_then_is_heard_out() -> None:
    line = a_mailbox_answers()
    line.caller_starts()
    carrier_says(line, "machine_end_other")
    line.wait(2)
    assert line.commanded(AddNote) == []
    line.caller_ends("Dana Cohen")
    assert line.commanded(AddNote) == [TO_LEAVE]


def test_a_person_who_speaks_into_the_message_is_one_after_all() -> None:
    line = a_message_is_left()
    callee_says(line, "Yes, that is me.", 0.5)
    line.assert_silent_within(0)
    assert line.commanded(AddNote)[-1] == AddNote(notes.NOT_A_MACHINE)
    line.response_ends("cancelled")
    line.agent_responds(500)
    line.wait(2)
    line.assert_goes_on()
    assert line.session.summary().message == "interrupted"
    assert line.session.summary().answered_by == "human"


def test_a_message_of_two_items_is_heard_whole_when_both_are() -> None:
    line = a_message_is_left()
    line.item_ends()
    line.agent_says(500)
    line.response_ends()
    line.wait(1.1)
    line.assert_goes_on()
    line.wait(0.2)
    line.assert_ended("voicemail")
    assert line.session.summary().message == "heard"


def test_a_hum_into_the_message_is_nobody() -> None:
    line = a_message_is_left()
    callee_says(line, "uh-huh", 0.3)
    line.item_ends()
    line.response_ends()
    line.wait(2)
    line.assert_ended("voicemail")
    assert line.session.summary().message == "heard"


def test_a_greeting_that_went_on_is_left_the_message_once_more_and_no_third_time() -> None:
    line = a_mailbox_answers()
    for _ in range(3):
        line.wait(2.5)
        line.response_begins()
        if line.model.active and line.model.active.cancelled_at is None:
            line.agent_sends(8000)
        line.wait(0.3)
        line.caller_starts()
        line.wait(2)  # so long that he has interrupted
        if line.model.active:
            line.response_ends("cancelled")
        line.caller_ends(MAILBOX)
    line.wait(5)
    line.assert_ended("voicemail")
    assert line.commanded(AddNote).count(TO_LEAVE) == 2
    assert line.session.summary().message == "interrupted"


def test_a_line_that_ends_in_the_message_cuts_it_off() -> None:
    line = a_message_is_left()
    line.feed(events.CarrierStopped())
    line.assert_ended("voicemail")
    assert line.session.summary().message == "cut_off"


def test_a_model_that_is_lost_in_the_message_cuts_it_off() -> None:
    line = a_message_is_left()
    line.model_goes()
    line.wait(2)
    line.assert_ended("voicemail")
    assert line.session.summary().message == "cut_off"


def test_a_model_that_is_lost_before_it_leaves_none() -> None:
    line = a_mailbox_answers()
    line.model_goes()
    line.assert_ended("voicemail")
    assert line.session.summary().message == ""


def test_a_greeting_without_end_is_not_listened_to_for_ever() -> None:
    line = a_mailbox_answers()
    line.caller_starts()
    line.wait(45)
    line.assert_ended("voicemail")


def test_without_words_to_leave_nothing_is_left() -> None:
    line = a_mailbox_answers(Profile(machine=MachinePolicy(OnMachine.LEAVE_MESSAGE)))
    line.assert_ended("voicemail")


def test_a_machine_that_is_known_before_the_model_is_there() -> None:
    line = Line(profile=HANGING_UP)
    carrier_says(line, "fax")
    line.model_ready()
    line.confirmed()
    line.assert_phase(Phase.CLOSING)
    line.wait(4)
    line.assert_ended("voicemail")


def test_keys_that_a_machine_has_pressed_are_nobodys() -> None:
    line = called()
    line.agent_responds(500)
    line.feed(events.KeyPressed("5"))
    callee_says(line, MAILBOX, 1)
    line.response_begins()
    line.response_ends("cancelled")
    line.wait(3)
    assert line.requested()[-1] is Purpose.MESSAGE
    assert line.commanded(AddItem) == []


def test_a_hum_that_only_the_verdict_has_outlived_is_forgotten() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    item = callee_says(line, "uh-huh", 9)
    line.assert_phase(Phase.CLOSING)
    line.assert_deleted(item)


# A person


def test_who_has_replied_three_times_is_a_person_for_good() -> None:
    line = greeted(HANGING_UP)
    for number in range(2):
        callee_says(line, "What does it cost? Who is this?")
        if line.model.active is None:
            line.agent_responds(300)
        line.wait(0.5 + number)
    assert not line.session.conversation.answering.listens
    callee_says(line, "I shall leave a message after the tone, you know.")
    carrier_says(line, "machine_start")
    line.wait(1)
    line.assert_goes_on()


def test_one_reply_is_not_enough_against_a_mailboxs_own_words() -> None:
    line = greeted(HANGING_UP)
    callee_says(line, "I am in the garden.")
    line.agent_responds(300)
    line.wait(0.5)
    callee_says(line, MAILBOX)
    line.assert_ended("voicemail")


def test_the_carrier_does_not_know_better_than_the_conversation() -> None:
    line = greeted(HANGING_UP)
    callee_says(line, "Who is this?")
    for verdict in ("machine_start", "machine_end_beep", "fax"):
        carrier_says(line, verdict)
    line.agent_responds(500)
    line.wait(5)
    line.assert_goes_on()


def test_what_the_carrier_does_not_know_counts_as_a_person() -> None:
    line = called(HANGING_UP)
    for verdict in ("unknown", "human", "of next year"):
        carrier_says(line, verdict)
    line.agent_responds(500)
    line.wait(5)
    line.assert_goes_on()
    assert counted(line, "carrier") == 0


def test_a_tone_of_the_exchange_is_no_beep() -> None:
    line = called(HANGING_UP)
    carrier_says(line, "machine_start")
    line.caller_sounds(*tone(1000, 425), *hush(200))
    line.assert_goes_on()
    assert counted(line, "beep") == 0


def test_the_verdict_does_not_touch_an_end_that_is_under_way() -> None:
    line = greeted()
    callee_says(line, "That was all, thank you.")
    line.response_begins()
    line.agent_says(1000)
    line.response_ends(tools=("end_call",))
    line.assert_phase(Phase.CLOSING)
    carrier_says(line, "fax")
    line.wait(2)
    line.assert_ended("agent_goodbye")


def test_of_calls_that_come_in_nothing_is_asked() -> None:
    line = Line.listening()
    carrier_says(line, "machine_start")
    assert not line.session.attentive(line.now)
    callee_says(line, MAILBOX)
    line.assert_goes_on()
    summary = line.session.summary()
    assert (summary.answered_by, summary.message) == ("", "")
    assert summary.counters["answered_by_unasked"] == 1


# An assistant that asks who is calling


def test_an_assistant_is_told_who_is_calling_and_is_not_hung_up_on() -> None:
    line = called(HANGING_UP)
    line.agent_responds(500)
    callee_says(line, SCREENING)
    assert line.commanded(AddNote) == [AddNote(notes.SCREENED)]
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]
    line.agent_responds(1000)
    line.wait(1)
    assert line.turn("item_1").heard_ms == 0  # the greeting was not what it wanted
    line.wait(29)
    assert line.commanded(EndCall) == []
    assert line.requested() == [Purpose.GREETING, Purpose.ANSWER]  # the person has to read first
    assert line.session.summary().answered_by == "screening"


def test_its_beep_and_the_carriers_word_do_not_make_it_a_mailbox() -> None:
    line = called(HANGING_UP)
    line.agent_responds(500)
    carrier_says(line, "machine_start")
    callee_says(line, SCREENING)
    line.caller_sounds(*BEEP)
    line.agent_responds(500)
    line.wait(5)
    line.assert_goes_on()
    assert line.session.summary().answered_by == "screening"
    callee_says(line, MAILBOX)
    line.assert_ended("voicemail")


def test_asked_again_it_is_answered_like_anybody() -> None:
    line = called(HANGING_UP)
    callee_says(line, SCREENING)
    line.response_begins()
    line.response_ends("cancelled")
    line.agent_responds(500)
    line.wait(1)
    callee_says(line, SCREENING)
    assert line.commanded(AddNote) == [AddNote(notes.SCREENED)]
    assert line.requested()[-1] is Purpose.ANSWER


def test_before_the_model_knows_what_it_is_an_assistant_is_not_answered() -> None:
    line = Line.configuring(profile=HANGING_UP)
    callee_says(line, SCREENING)
    line.assert_phase(Phase.CONFIGURING)
    assert line.requested() == []


def test_a_person_who_comes_to_the_telephone_is_talked_to() -> None:
    line = called(HANGING_UP)
    callee_says(line, SCREENING)
    line.response_begins()
    line.response_ends("cancelled")
    line.agent_responds(500)
    line.wait(8)
    callee_says(line, "Hi, this is Dana.")
    line.agent_responds(500)
    line.wait(1)
    line.assert_goes_on()
    assert line.commanded(EndCall) == []


def test_a_frame_of_silence_is_nothing() -> None:
    line = called()
    line.caller_sounds(QUIET)
    line.assert_phase(Phase.GREETING)
