"""Faults in the tools that the model calls."""

from __future__ import annotations

from calls.engine import tool_desk
from calls.engine.conversation import Conversation
from calls.engine.core import Phase
from calls.engine.timers import Timer
from calls.engine.tool_desk import ToolDesk
from calls.engine.tooling import ToolOutcome
from tests.calls.engine import test_responses
from tests.calls.engine.mutants import Patch, caught_by, caught_from, without


@caught_from("connected")
def a_tool_call_is_left_open(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_run_waiting_calls", lambda self, now: None)


@caught_from("two tools run")
def the_first_answer_of_two_is_spoken_about(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_go_on_after_tools", Conversation._ask_about_tools)


@caught_from("a tool runs")
def the_answer_of_a_tool_is_not_spoken_about(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Conversation, "_ask_about_tools", lambda self, now: None)


@caught_from("a tool runs")
def a_tool_that_keeps_no_time_is_waited_for(monkeypatch: Patch) -> None:
    without(Timer.TOOL, monkeypatch)


@caught_from("a tool runs")
def the_model_is_not_told_what_the_tool_has_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ToolDesk, "_report", lambda self, call, outcome: None)


@caught_from("a tool runs")
def the_answer_of_a_tool_is_told_twice(monkeypatch: Patch) -> None:
    finished = ToolDesk.finished

    def twice(self: ToolDesk, call_id: str, outcome: ToolOutcome) -> bool:
        call = self._running.get(call_id)
        known = finished(self, call_id, outcome)
        if call is not None:
            self._report(call, outcome)
        return known

    monkeypatch.setattr(ToolDesk, "finished", twice)


@caught_from("speaking, hold")
def the_tools_of_a_held_response_are_run(monkeypatch: Patch) -> None:
    run = Conversation._run_waiting_calls

    def at_once(self: Conversation, now: float) -> None:
        phase = self._core.phase
        if phase is Phase.HELD:
            self._core.phase = self._held_from
        run(self, now)
        self._core.phase = phase

    monkeypatch.setattr(Conversation, "_run_waiting_calls", at_once)


@caught_from("held")
def the_tools_of_an_interrupted_response_stay_open(monkeypatch: Patch) -> None:
    def drop(self: Conversation) -> None:
        self._calls_waiting = ()

    monkeypatch.setattr(Conversation, "_drop_waiting_calls", drop)


@caught_by(test_responses.test_a_model_that_does_nothing_but_call_tools_has_to_say_something)
def a_model_may_call_tools_for_ever(monkeypatch: Patch) -> None:
    monkeypatch.setattr(tool_desk, "ROUNDS", 1000)
