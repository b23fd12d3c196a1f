"""Faults in how a call ends."""

from __future__ import annotations

import dataclasses
from typing import Any

from calls.engine import conversation, events
from calls.engine.commands import Disposition
from calls.engine.conversation import Conversation
from calls.engine.core import Phase
from calls.engine.ending import Ending
from calls.engine.playback import PlaybackLedger
from calls.engine.session import TABLE, CallSession
from calls.engine.timers import Timer, Timers
from tests.calls.engine import test_ending, test_interruption, test_patience, test_reconnect
from tests.calls.engine.mutants import Patch, caught_by, caught_from, without


@caught_from("at the start")
def timers_are_never_cleared(monkeypatch: Patch) -> None:
    def clear(self: Timers, *timers: Timer) -> None:
        if len(timers) == 1:  # pop_due() takes out the one that rings
            self._at.pop(timers[0], None)
        self._find_next()

    monkeypatch.setattr(Timers, "clear", clear)


@caught_from("at the start")
def nobody_gives_up_waiting_for_an_answer(monkeypatch: Patch) -> None:
    without(Timer.ANSWER_GIVE_UP, monkeypatch)


@caught_from("connected")
def the_line_is_hung_up_before_the_farewell_was_heard(monkeypatch: Patch) -> None:
    close = Ending.close

    def abruptly(self: Ending, *args: Any) -> None:
        close(self, *args)
        self.finish(args[-1])

    monkeypatch.setattr(Ending, "close", abruptly)


@caught_from("connected")
def a_goodbye_is_said_as_often_as_the_model_ends_the_call(monkeypatch: Patch) -> None:
    run = Conversation._run_waiting_calls

    def regardless(self: Conversation, now: float) -> None:
        if self._core.phase is Phase.CLOSING and self._calls_waiting:
            self._core.phase = Phase.THINKING
        run(self, now)

    monkeypatch.setattr(Conversation, "_run_waiting_calls", regardless)


@caught_by(test_ending.test_a_farewell_that_never_comes_is_waited_for_fifteen_seconds)
def a_farewell_is_waited_for_without_end(monkeypatch: Patch) -> None:
    without(Timer.FAREWELL, monkeypatch)


@caught_by(test_patience.test_the_limit_ends_a_silence_as_well)
def a_call_may_last_for_ever(monkeypatch: Patch) -> None:
    without(Timer.MAX_CALL, monkeypatch)


@caught_from("at the start")
def a_call_ends_twice(monkeypatch: Patch) -> None:
    monkeypatch.setitem(TABLE[events.CarrierStopped], Phase.ENDED, CallSession._on_carrier_stopped)


@caught_from("connected")
def an_ended_call_forgets_what_was_heard(monkeypatch: Patch) -> None:
    end = Ending.end

    def forgetful(self: Ending, *args: Any, **options: Any) -> None:
        self._core.ledger = PlaybackLedger(dataclasses.replace(self._core.limits))
        end(self, *args, **options)

    monkeypatch.setattr(Ending, "end", forgetful)


@caught_by(test_interruption.test_who_says_goodbye_into_the_farewell_hears_all_of_it)
def a_goodbye_takes_the_farewell_back(monkeypatch: Patch) -> None:
    monkeypatch.setattr(conversation, "is_leave_taking", lambda text: False)


@caught_by(test_interruption.test_who_has_more_to_ask_takes_the_farewell_back)
def a_farewell_is_final(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Ending, "reopenable", property(lambda self: False))


@caught_from("held in the farewell")
def a_question_is_taken_for_a_goodbye(monkeypatch: Patch) -> None:
    monkeypatch.setattr(conversation, "is_leave_taking", lambda text: True)


@caught_from("held in the farewell")
def a_farewell_that_was_taken_back_ends_the_call(monkeypatch: Patch) -> None:
    def reopen(self: Ending) -> None:
        self._core.metrics.counters["reopened"] += 1

    monkeypatch.setattr(Ending, "reopen", reopen)


@caught_by(test_reconnect.test_a_call_that_is_put_through_is_left_when_the_word_of_it_was_heard)
def a_caller_who_is_put_through_is_hung_up_on(monkeypatch: Patch) -> None:
    end = Ending.end

    def hang_up(self: Ending, reason: str, detail: str, now: float, *_then: Disposition) -> None:
        end(self, reason, detail, now)

    monkeypatch.setattr(Ending, "end", hang_up)
