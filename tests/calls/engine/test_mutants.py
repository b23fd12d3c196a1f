"""Faults planted in the engine, each of which the rules must find among the short histories.

A rule that catches nothing is no rule: whoever adds a behaviour adds its mutant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from calls.engine import events, session
from calls.engine.audio import FRAME_BYTES, FRAME_S
from calls.engine.commands import (
    CancelResponse,
    ClearPlayback,
    Command,
    DeleteItem,
    Purpose,
    TruncateItem,
)
from calls.engine.configuration import Configuration
from calls.engine.core import Phase
from calls.engine.playback import Heard, Item, PlaybackLedger
from calls.engine.responses import Request, ResponseArbiter, State
from calls.engine.session import EXPIRIES, TABLE, CallSession
from calls.engine.timers import Timer, Timers
from calls.engine.transcript import Transcript
from calls.engine.turns import Decision
from tests.calls.engine.histories import explore
from tests.calls.engine.rules import RuleBroken
from tests.calls.engine.test_histories import BEGINNINGS

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
MUTANTS: list[tuple[Mutant, str]] = []


def caught_from(beginning: str) -> Callable[[Mutant], Mutant]:
    """From where in a call the fault is a few steps away."""

    def plant(mutant: Mutant) -> Mutant:
        MUTANTS.append((mutant, beginning))
        return mutant

    return plant


# Playback


@caught_from("speaking")
def heard_is_not_clamped_to_the_item(monkeypatch: Patch) -> None:
    def heard(self: PlaybackLedger, item: Item, now: float) -> Heard:
        return self._heard_of(item, max(0, self._position(now) - item.offset_ms))

    monkeypatch.setattr(PlaybackLedger, "_heard", heard)


@caught_from("connected")
def what_was_sent_counts_as_heard(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_position", lambda self, now: self._sent_ms)


@caught_from("speaking")
def a_mark_is_credited_to_the_first_item(monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        PlaybackLedger, "_find", lambda self, item_id: self._items[0] if self._items else None
    )


@caught_from("connected")
def every_mark_completes_its_item(monkeypatch: Patch) -> None:
    def reached(self: PlaybackLedger, mark: events.Mark, now: float) -> Heard | None:
        item = self._find(mark.item_id)
        return None if item is None else self._played(item)

    monkeypatch.setattr(PlaybackLedger, "reached", reached)


@caught_from("speaking")
def marks_of_the_past_correct_the_present(monkeypatch: Patch) -> None:
    def correct(self: PlaybackLedger, position_ms: int, now: float) -> None:
        self._anchor_ms, self._anchor_at = position_ms, now

    monkeypatch.setattr(PlaybackLedger, "_correct_anchor", correct)


@caught_from("connected")
def a_remainder_is_filled_up_in_mid_item(monkeypatch: Patch) -> None:
    def sendable(self: PlaybackLedger) -> Item | None:
        return next((item for item in self._items if item.sent < len(item.audio)), None)

    monkeypatch.setattr(PlaybackLedger, "_sendable", sendable)


@caught_from("connected")
def a_remainder_is_thrown_away(monkeypatch: Patch) -> None:
    add = PlaybackLedger.add

    def whole_frames(self: PlaybackLedger, response_id: str, item_id: str, data: bytes) -> None:
        add(self, response_id, item_id, data[: len(data) // FRAME_BYTES * FRAME_BYTES])

    monkeypatch.setattr(PlaybackLedger, "add", whole_frames)


@caught_from("connected")
def a_clear_leaves_the_queue_as_it_is(monkeypatch: Patch) -> None:
    def clear(self: PlaybackLedger, now: float) -> list[Heard]:
        self.generation += 1
        return [self._heard(item, now) for item in self._items]

    monkeypatch.setattr(PlaybackLedger, "clear", clear)


@caught_from("at the start")
def the_lead_is_ignored(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_frame_at", lambda self: 0.0)


@caught_from("at the start")
def there_is_no_lead(monkeypatch: Patch) -> None:
    monkeypatch.setattr(PlaybackLedger, "_frame_at", lambda self: self._empty_at)


@caught_from("connected")
def an_underrun_goes_unnoticed(monkeypatch: Patch) -> None:
    take = PlaybackLedger._take_frame

    def from_where_it_was(self: PlaybackLedger, item: Item, now: float) -> bytes:
        empty_at = self._empty_at
        frame = take(self, item, now)
        if empty_at:
            self._empty_at = empty_at + FRAME_S
        return frame

    monkeypatch.setattr(PlaybackLedger, "_take_frame", from_where_it_was)


@caught_from("connected")
def the_end_of_an_item_is_overdue_at_once(monkeypatch: Patch) -> None:
    overdue_at = PlaybackLedger.overdue_at

    def early(self: PlaybackLedger) -> float | None:
        at = overdue_at(self)
        return None if at is None else self._empty_at

    monkeypatch.setattr(PlaybackLedger, "overdue_at", early)


# Responses


@caught_from("at the start")
def a_cancel_is_sent_before_there_is_an_id(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def at_once(self: ResponseArbiter) -> list[Command]:
        if self.state is State.REQUESTED and not self._cancelled:
            return [*cancel(self), CancelResponse(self.response_id)]
        return cancel(self)

    monkeypatch.setattr(ResponseArbiter, "cancel", at_once)


@caught_from("thinking")
def a_cancel_before_the_response_began_is_forgotten(monkeypatch: Patch) -> None:
    started = ResponseArbiter.started

    def forgetful(self: ResponseArbiter, response_id: str, request_id: str) -> list[Command]:
        self._cancelled = False
        return started(self, response_id, request_id)

    monkeypatch.setattr(ResponseArbiter, "started", forgetful)


@caught_from("thinking")
def a_response_is_cancelled_twice(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def again(self: ResponseArbiter) -> list[Command]:
        self._cancelled = False
        return cancel(self)

    monkeypatch.setattr(ResponseArbiter, "cancel", again)


@caught_from("connected")
def a_second_request_does_not_wait(monkeypatch: Patch) -> None:
    def request(self: ResponseArbiter, purpose: Purpose) -> list[Command]:
        self._count += 1
        return self._send(Request(f"req_{self._count}", purpose))

    monkeypatch.setattr(ResponseArbiter, "request", request)


@caught_from("at the start")
def a_request_that_waits_is_forgotten(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "_send_waiting", lambda self: [])


@caught_from("speaking")
def a_request_that_waits_is_not_taken_back(monkeypatch: Patch) -> None:
    cancel = ResponseArbiter.cancel

    def only_the_current(self: ResponseArbiter) -> list[Command]:
        waiting = self._waiting
        commands = cancel(self)
        self._waiting = waiting
        return commands

    monkeypatch.setattr(ResponseArbiter, "cancel", only_the_current)


@caught_from("connected")
def late_audio_is_accepted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        ResponseArbiter, "accepts", lambda self, response_id: response_id == self.response_id
    )


@caught_from("at the start")
def the_audio_of_every_response_is_accepted(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "accepts", lambda self, response_id: True)


@caught_from("at the start")
def a_foreign_response_is_taken_for_ours(monkeypatch: Patch) -> None:
    def started(self: ResponseArbiter, response_id: str, _request_id: str) -> list[Command]:
        self.state, self.response_id = State.ACTIVE, response_id
        return []

    monkeypatch.setattr(ResponseArbiter, "started", started)


@caught_from("at the start")
def a_failed_response_is_left_at_that(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CallSession, "_recreate", lambda self, purpose, why, now: None)


# Configuration


@caught_from("at the start")
def the_greeting_does_not_wait_for_the_right_format(monkeypatch: Patch) -> None:
    def confirms(self: Configuration, _event: events.SessionConfirmed) -> bool:
        self.format_confirmed = True
        return True

    monkeypatch.setattr(Configuration, "confirms", confirms)


@caught_from("connected")
def the_full_prompt_is_sent_after_every_response(monkeypatch: Patch) -> None:
    def expand(self: CallSession, now: float) -> None:
        self._do(self.configuration.full())

    monkeypatch.setattr(CallSession, "_expand", expand)


@caught_from("at the start")
def the_full_prompt_is_sent_with_the_greeting(monkeypatch: Patch) -> None:
    arm = CallSession._on_confirmed

    def confirmed(self: CallSession, event: events.SessionConfirmed, now: float) -> None:
        arm(self, event, now)
        if self.phase is Phase.GREETING:
            self._expand(now)

    monkeypatch.setitem(TABLE[events.SessionConfirmed], Phase.CONFIGURING, confirmed)


@caught_from("at the start")
def the_compact_prompt_is_sent_again_and_again(monkeypatch: Patch) -> None:
    def retry(self: CallSession, now: float) -> None:
        self._do(self.configuration.compact())
        self.timers.set(Timer.CONFIGURE_RETRY, now + 1)

    monkeypatch.setitem(EXPIRIES, Timer.CONFIGURE_RETRY, retry)


# Turns


@caught_from("connected")
def the_caller_cannot_interrupt(monkeypatch: Patch) -> None:
    monkeypatch.setattr(session, "judge_candidate", lambda **_: Decision.GO_ON)


@caught_from("connected")
def an_interruption_cancels_nothing(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ResponseArbiter, "cancel", lambda self: [])


@caught_from("connected")
def an_unheard_item_is_truncated_at_zero(monkeypatch: Patch) -> None:
    def silence(self: CallSession, now: float) -> None:
        self._do([ClearPlayback(), *self.arbiter.cancel()])
        for heard in self.ledger.clear(now):
            self._record_heard(heard)
            self._do([TruncateItem(heard.item_id, heard.heard_ms)])

    monkeypatch.setattr(CallSession, "_silence_agent", silence)


@caught_from("connected")
def an_item_is_deleted_while_it_is_made(monkeypatch: Patch) -> None:
    silence_agent = CallSession._silence_agent

    def silence(self: CallSession, now: float) -> None:
        silence_agent(self, now)
        self._do([DeleteItem(turn.item_id) for turn in self.transcript._turns.values()])

    monkeypatch.setattr(CallSession, "_silence_agent", silence)


@caught_from("at the start")
def what_nobody_heard_stays_in_the_conversation(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CallSession, "_delete_unheard", lambda self, item_ids: None)


@caught_from("connected")
def the_turn_is_handed_over_before_all_was_heard(monkeypatch: Patch) -> None:
    def settle(self: CallSession, now: float) -> None:
        if self.arbiter.idle and self.phase in (Phase.GREETING, Phase.SPEAKING):
            self._hand_over(now)

    monkeypatch.setattr(CallSession, "_settle", settle)


@caught_from("connected")
def a_turn_during_the_greeting_is_forgotten(monkeypatch: Patch) -> None:
    monkeypatch.setitem(TABLE[events.CallerCommitted], Phase.GREETING, CallSession._on_turn_noted)


@caught_from("at the start")
def what_is_owed_is_said_over_the_caller(monkeypatch: Patch) -> None:
    hand_over = CallSession._hand_over

    def at_once(self: CallSession, now: float) -> None:
        self.transcript.caller_speaking = False
        hand_over(self, now)

    monkeypatch.setattr(CallSession, "_hand_over", at_once)


@caught_from("connected")
def two_turns_share_a_position(monkeypatch: Patch) -> None:
    agent_spoke = Transcript.agent_spoke

    def spoke(self: Transcript, item_id: str) -> None:
        known = item_id in self._turns
        agent_spoke(self, item_id)
        self._positions -= not known

    monkeypatch.setattr(Transcript, "agent_spoke", spoke)


# Timers and the end


@caught_from("at the start")
def timers_are_never_cleared(monkeypatch: Patch) -> None:
    def clear(self: Timers, *timers: Timer) -> None:
        if len(timers) == 1:  # pop_due() takes out the one that rings
            self._at.pop(timers[0], None)
        self._find_next()

    monkeypatch.setattr(Timers, "clear", clear)


def without(timer: Timer, monkeypatch: Patch) -> None:
    set_timer = Timers.set

    def all_but_one(self: Timers, which: Timer, at: float) -> None:
        if which is not timer:
            set_timer(self, which, at)

    monkeypatch.setattr(Timers, "set", all_but_one)


@caught_from("at the start")
def nobody_watches_for_the_greeting(monkeypatch: Patch) -> None:
    without(Timer.GREETING_AUDIO, monkeypatch)


@caught_from("at the start")
def nobody_gives_up_waiting_for_an_answer(monkeypatch: Patch) -> None:
    without(Timer.ANSWER_GIVE_UP, monkeypatch)


@caught_from("at the start")
def nobody_notices_that_the_caller_is_silent(monkeypatch: Patch) -> None:
    without(Timer.SILENCE, monkeypatch)


@caught_from("at the start")
def nobody_gives_up_waiting_for_a_confirmation(monkeypatch: Patch) -> None:
    without(Timer.CONFIGURE_GIVE_UP, monkeypatch)


@caught_from("connected")
def the_line_is_hung_up_before_the_farewell_was_heard(monkeypatch: Patch) -> None:
    close = CallSession._close

    def abruptly(self: CallSession, *args: Any) -> None:
        close(self, *args)
        self._finish_closing(args[-1])

    monkeypatch.setattr(CallSession, "_close", abruptly)


@caught_from("connected")
def a_goodbye_is_said_as_often_as_the_model_ends_the_call(monkeypatch: Patch) -> None:
    run_tools = CallSession._run_tools

    def regardless(self: CallSession, *args: Any) -> None:
        self.phase = Phase.THINKING
        run_tools(self, *args)

    monkeypatch.setattr(CallSession, "_run_tools", regardless)


@caught_from("at the start")
def a_call_ends_twice(monkeypatch: Patch) -> None:
    monkeypatch.setitem(TABLE[events.CarrierStopped], Phase.ENDED, CallSession._on_carrier_stopped)


@caught_from("connected")
def an_ended_call_forgets_what_was_heard(monkeypatch: Patch) -> None:
    end = CallSession._end

    def forgetful(self: CallSession, *args: Any, **options: Any) -> None:
        self.ledger = PlaybackLedger(dataclasses.replace(self.limits))
        end(self, *args, **options)

    monkeypatch.setattr(CallSession, "_end", forgetful)


@caught_from("at the start")
def a_tool_call_is_left_open(monkeypatch: Patch) -> None:
    monkeypatch.setattr(CallSession, "_run_tools", lambda self, calls, spoken, now: None)


@pytest.mark.parametrize(
    ("mutant", "beginning"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS]
)
def test_the_rules_find_the_fault(mutant: Mutant, beginning: str, monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    with pytest.raises(RuleBroken):
        explore_deeper_and_deeper(beginning)


def explore_deeper_and_deeper(beginning: str) -> None:
    for length in (1, 2, 3, 4):
        explore(BEGINNINGS[beginning](), length)
