"""Faults in what is done about machines, and about people who are taken for them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from calls.engine import answering, machines, tones
from calls.engine.answering import Answering
from calls.engine.conversation import Conversation
from calls.engine.ending import Ending
from calls.engine.left_message import LeftMessage, Message
from calls.engine.limits import Limits
from calls.engine.machines import Evidence, MachineEvidence
from calls.engine.mailboxes import Hint
from calls.engine.timers import Timer
from tests.calls.engine import test_answering, test_tones
from tests.calls.engine.line import HANGING_UP
from tests.calls.engine.mutants import Patch, caught_by, caught_from, without
from tests.calls.engine.sounds import tone


@caught_from("called")
def a_callee_is_greeted_while_he_says_hello(monkeypatch: Patch) -> None:
    def at_once(self: Answering, now: float) -> None:
        if self.opening:
            self._floor.greet(now)

    monkeypatch.setattr(Answering, "opening_due", at_once)


@caught_from("the greeting waits")
def a_callee_who_says_nothing_is_never_greeted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Answering, "opening_due", lambda self, now: None)


@caught_from("the greeting waits")
def hello_is_answered_by_the_greeting_and_once_more(monkeypatch: Patch) -> None:
    def greet(self: Conversation, now: float) -> None:
        self.answering.end_opening()
        self.settle(now)

    monkeypatch.setattr(Conversation, "greet", greet)


@caught_by(test_answering.test_the_carriers_word_alone_is_no_reason)
def the_carrier_is_believed(monkeypatch: Patch) -> None:
    monkeypatch.setitem(machines.WEIGHT, Evidence.CARRIER, machines.ENOUGH)


@caught_by(test_answering.test_the_carrier_does_not_know_better_than_the_conversation)
def the_carrier_knows_better_than_the_conversation(monkeypatch: Patch) -> None:
    def believe(self: MachineEvidence, word: str) -> None:
        self._find(*machines.CARRIER_WORDS.get(word, ()))

    monkeypatch.setattr(MachineEvidence, "carrier_says", believe)


@caught_from("a mailbox has spoken")
def a_person_is_taken_for_the_rest_of_the_greeting(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Answering, "takes_back", lambda self, item_id: False)


@caught_from("a message is left")
def who_speaks_into_the_message_is_not_heard(monkeypatch: Patch) -> None:
    hint = Answering._hint

    def only_by_phrases(self: Answering, item_id: str) -> bool:
        return hint(self, item_id) is Hint.PERSON

    monkeypatch.setattr(Answering, "takes_back", only_by_phrases)


@caught_by(
    test_answering.test_the_carriers_word_and_a_long_first_sentence_are_one_if_nobody_protests
)
def nobody_is_given_the_time_to_protest(monkeypatch: Patch) -> None:
    closed = Answering.closed

    def at_once(self: Answering, now: float) -> None:
        closed(self, now)
        self.waiting = False

    monkeypatch.setattr(Answering, "closed", at_once)


@caught_from("perhaps a machine")
def a_verdict_is_final(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Ending, "reopenable", property(lambda self: False))


@caught_by(test_answering.test_what_a_machine_goes_on_to_say_is_no_protest)
def a_mailbox_is_answered(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Answering, "takes_back", lambda self, item_id: True)


@caught_from("called")
def the_agent_talks_to_a_mailbox(monkeypatch: Patch) -> None:
    def leave(self: Conversation, now: float) -> None:
        self.answering.closed(now)

    monkeypatch.setattr(Conversation, "leave_to_machine", leave)


@caught_by(
    test_answering.test_without_a_beep_it_is_left_when_the_greeting_is_over_and_the_line_is_quiet
)
def the_message_does_not_wait_for_the_end_of_the_greeting(monkeypatch: Patch) -> None:
    closed = Answering.closed

    def at_once(self: Answering, now: float) -> None:
        closed(self, now)
        if self.waiting:
            self.due(now)

    monkeypatch.setattr(Answering, "closed", at_once)


@caught_by(test_answering.test_a_message_is_left_after_the_beep_and_heard_whole)
def the_line_is_hung_up_while_the_message_is_played(monkeypatch: Patch) -> None:
    def settle(self: Conversation, now: float) -> None:
        if self.answering.closing and self._core.arbiter.idle and not self.answering.waiting:
            self._end.finish(now)

    monkeypatch.setattr(Conversation, "settle", settle)


@caught_from("a message is left")
def a_message_that_was_cut_off_counts_as_heard(monkeypatch: Patch) -> None:
    monkeypatch.setattr(LeftMessage, "outcome", Message.HEARD)


@caught_from("a message is left")
def a_message_that_a_person_has_interrupted_counts_as_cut_off(monkeypatch: Patch) -> None:
    monkeypatch.setattr(LeftMessage, "stopped", lambda self: None)


@caught_by(
    test_answering.test_a_greeting_that_went_on_is_left_the_message_once_more_and_no_third_time
)
def a_message_is_left_again_and_again(monkeypatch: Patch) -> None:
    monkeypatch.setattr(answering, "MESSAGES", 10)


@caught_by(test_answering.test_a_greeting_without_end_is_not_listened_to_for_ever)
def a_mailbox_is_listened_to_for_ever(monkeypatch: Patch) -> None:
    without(Timer.FAREWELL, monkeypatch)


@caught_by(test_answering.test_an_assistant_is_told_who_is_calling_and_is_not_hung_up_on)
def an_assistant_is_hung_up_on(monkeypatch: Patch) -> None:
    monkeypatch.setitem(machines.HINTED, Hint.SCREENING, Evidence.PHRASE)
    words = MachineEvidence.words

    def convict(self: MachineEvidence, hint: Hint | None, speech_ms: int, *, reply: bool) -> None:
        words(self, Hint.MAILBOX if hint is Hint.SCREENING else hint, speech_ms, reply=reply)

    monkeypatch.setattr(MachineEvidence, "words", convict)
    monkeypatch.setattr(Answering, "_hint", lambda self, item_id: Hint.MAILBOX)


@caught_by(test_answering.test_of_calls_that_come_in_nothing_is_asked)
def whoever_calls_us_may_be_a_machine(monkeypatch: Patch) -> None:
    init = Answering.__init__

    def suspicious(self: Answering, *args: Any) -> None:
        init(self, *args)
        self._policy = self._policy or HANGING_UP.machine

    monkeypatch.setattr(Answering, "__init__", suspicious)


@caught_by(test_answering.test_a_tone_of_the_exchange_is_no_beep)
def a_ringing_tone_is_a_beep(monkeypatch: Patch) -> None:
    monkeypatch.setattr(machines, "SIGNALS_HZ", range(0))


@caught_by(test_answering.test_who_has_replied_three_times_is_a_person_for_good)
def nobody_is_ever_a_person_for_good(monkeypatch: Patch) -> None:
    monkeypatch.setattr(machines, "REPLIES", 1000)


@caught_by(lambda: test_tones.test_nothing_else_is(tone(1000, 440, 480)))
def it_rings_and_that_is_a_beep(monkeypatch: Patch) -> None:
    monkeypatch.setattr(tones, "TONE_SHARE", 0.0)
    monkeypatch.setattr(tones, "SAME_HZ", 1000)
    monkeypatch.setattr(tones, "SAME_LOUDNESS", 1000)


@caught_by(test_answering.test_a_beep_before_the_words_are_known_is_remembered)
def a_beep_is_forgotten(monkeypatch: Patch) -> None:
    monkeypatch.setattr(answering, "BEEP_S", 0.0)


@caught_by(test_answering.test_a_person_who_comes_to_the_telephone_is_talked_to)
def evidence_is_never_enough_for_a_person(monkeypatch: Patch) -> None:
    def prejudiced(self: MachineEvidence, limits: Limits, counters: Counter[str]) -> None:
        init(self, limits, counters)
        self._find(Evidence.PHRASE)

    init = MachineEvidence.__init__
    monkeypatch.setattr(MachineEvidence, "__init__", prejudiced)
