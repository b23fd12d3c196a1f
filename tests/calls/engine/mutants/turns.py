"""Faults in whose turn it is, in what is cut off, and in who said what."""

from __future__ import annotations

from calls.engine.commands import (
    AddItem,
    ClearPlayback,
    DeleteItem,
    EndReason,
    Purpose,
    TruncateItem,
)
from calls.engine.conversation import FLOOR, Conversation, Owed
from calls.engine.ending import Ending
from calls.engine.playback import Heard
from calls.engine.responses import ResponseArbiter
from calls.engine.session import EXPIRIES, CallSession
from calls.engine.timers import Timer
from calls.engine.transcript import Transcript
from calls.engine.turns import Decision, TurnTaking
from tests.calls.engine import test_keys, test_patience
from tests.calls.engine.mutants import Patch, caught_by, caught_from, without


@caught_from("connected")
def the_caller_cannot_interrupt(monkeypatch: Patch) -> None:
    monkeypatch.setattr(TurnTaking, "started", lambda self, item_id, now: Decision.GO_ON)


@caught_from("connected")
def an_interruption_cancels_nothing(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "cancel", lambda self: [])


@caught_from("connected")
def an_unheard_item_is_truncated_at_zero(monkeypatch: Patch) -> None:
    def silence(self: Conversation, now: float) -> bool:
        core = self._core
        core.do(ClearPlayback(), *core.arbiter.cancel())
        for heard in core.ledger.clear(now):
            self._record_heard(heard)
            core.do(TruncateItem(heard.item_id, heard.heard_ms))
        return True

    monkeypatch.setattr(Conversation, "_silence_agent", silence)


@caught_from("speaking")
def what_was_cut_is_cut_a_little_later_for_the_model(monkeypatch: Patch) -> None:
    def later(self: Conversation, heard: Heard) -> None:
        self._core.do(TruncateItem(heard.item_id, min(heard.heard_ms + 20, heard.generated_ms)))

    monkeypatch.setattr(Conversation, "_tell_of_cut", later)


@caught_from("connected")
def an_item_is_deleted_while_it_is_made(monkeypatch: Patch) -> None:
    silence_agent = Conversation._silence_agent

    def silence(self: Conversation, now: float) -> bool:
        anything = silence_agent(self, now)
        self._core.do(*[DeleteItem(item_id) for item_id in self._core.transcript.item_ids()])
        return anything

    monkeypatch.setattr(Conversation, "_silence_agent", silence)


@caught_from("thinking")
def what_nobody_heard_stays_in_the_conversation(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_delete_unheard", lambda self, item_ids: None)


@caught_from("connected")
def the_turn_is_handed_over_before_all_was_heard(monkeypatch: Patch) -> None:
    def settle(self: Conversation, now: float) -> None:
        if self._core.arbiter.idle and self._core.phase in FLOOR:
            self._hand_over(now)

    monkeypatch.setattr(Conversation, "settle", settle)


@caught_from("connected")
def a_turn_during_the_greeting_is_forgotten(monkeypatch: Patch) -> None:
    hand_over = Conversation._hand_over

    def forgetful(self: Conversation, now: float) -> None:
        self._owed.clear()
        hand_over(self, now)

    monkeypatch.setattr(Conversation, "_hand_over", forgetful)


@caught_from("at the start")
def what_is_owed_is_said_over_the_caller(monkeypatch: Patch) -> None:
    hand_over = Conversation._hand_over

    def at_once(self: Conversation, now: float) -> None:
        self._core.transcript.caller_speaking = False
        hand_over(self, now)

    monkeypatch.setattr(Conversation, "_hand_over", at_once)


@caught_from("connected")
def two_turns_share_a_position(monkeypatch: Patch) -> None:
    agent_spoke = Transcript.agent_spoke

    def spoke(self: Transcript, item_id: str) -> None:
        known = item_id in self._turns
        agent_spoke(self, item_id)
        self._positions -= not known

    monkeypatch.setattr(Transcript, "agent_spoke", spoke)


@caught_from("listening, hold")
def which_keys_were_pressed_is_never_told(monkeypatch: Patch) -> None:
    def silent(self: Conversation, keys: str, now: float) -> None:
        self._keypad.forget()

    monkeypatch.setattr(Conversation, "_tell_keys", silent)


@caught_from("listening, hold")
def nobody_notices_that_no_more_keys_follow(monkeypatch: Patch) -> None:
    without(Timer.KEYS, monkeypatch)


@caught_from("listening, hold")
def keys_are_told_and_not_answered(monkeypatch: Patch) -> None:
    ask = Conversation._ask

    def unless_for_keys(self: Conversation, purpose: Purpose, now: float) -> None:
        if Owed.MEANT not in self._owed.values():
            ask(self, purpose, now)

    monkeypatch.setattr(Conversation, "_ask", unless_for_keys)


@caught_by(test_keys.test_pressed_while_the_model_is_away_they_are_told_when_it_is_back)
def keys_that_are_pressed_while_the_model_is_away_are_told_twice(monkeypatch: Patch) -> None:
    tell_keys = Conversation._tell_keys

    def twice(self: Conversation, keys: str, now: float) -> None:
        tell_keys(self, keys, now)
        told = self._core.transcript.past()[-1]
        self._core.tell(AddItem(told.role, told.text))

    monkeypatch.setattr(Conversation, "_tell_keys", twice)


@caught_from("at the start")
def nobody_notices_that_the_caller_is_silent(monkeypatch: Patch) -> None:
    without(Timer.SILENCE, monkeypatch)


@caught_by(test_patience.test_after_two_questions_the_agent_says_goodbye_and_hangs_up)
def a_silent_caller_is_asked_for_ever(monkeypatch: Patch) -> None:
    def silent(session: CallSession, now: float) -> None:
        session.conversation._ask(Purpose.SILENCE, now)

    monkeypatch.setitem(EXPIRIES, Timer.SILENCE, silent)


@caught_by(test_patience.test_after_two_questions_the_agent_says_goodbye_and_hangs_up)
def a_silent_caller_is_hung_up_on_without_a_word(monkeypatch: Patch) -> None:
    close = Ending.close

    def abruptly(self: Ending, reason: EndReason, detail: str, _note: str, now: float) -> None:
        close(self, reason, detail, "", now)

    monkeypatch.setattr(Ending, "close", abruptly)
