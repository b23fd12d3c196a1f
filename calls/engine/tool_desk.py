"""The tools that were called and have not answered yet."""

from __future__ import annotations

import json
from typing import Final

from calls.engine import notes
from calls.engine.commands import AddNote, AnswerTool, RunTool
from calls.engine.core import Core
from calls.engine.events import FunctionCall
from calls.engine.timers import Timer
from calls.engine.tooling import ToolEffect, ToolOutcome

END_CALL: Final = "end_call"
# Rounds of tool calls without a word to the caller, after which the model has to say one.
ROUNDS: Final = 5
LATE: Final = json.dumps(
    {"error": "no answer in time; tell the caller that it did not work now, and go on"}
)
ENOUGH: Final = json.dumps({"error": "too many tool calls in a row; speak to the caller first"})


class ToolDesk:
    def __init__(self, core: Core) -> None:
        self.transferring = False  # a person is to take over as soon as all tools have answered
        self._core = core
        self._running: dict[str, FunctionCall] = {}
        self._keys: set[str] = set()  # ids that no model has given
        self._strange: set[str] = set()  # ids that a session has given which is gone
        self._rounds = 0
        self._pressed = 0

    @property
    def busy(self) -> bool:
        return bool(self._running)

    @property
    def exhausted(self) -> bool:
        """There were so many without a word that the model has to speak first."""
        return self._rounds > ROUNDS

    def new_turn(self) -> None:
        self._rounds = 0

    def start(self, calls: tuple[FunctionCall, ...], now: float) -> None:
        self._rounds += 1
        if self.exhausted:
            self._core.tell(*[_answer(call, ToolOutcome(ENOUGH, False)) for call in calls])
        else:
            for call in calls:
                self._run(call, now)

    def start_key(self, name: str, now: float) -> None:
        self._pressed += 1
        call = FunctionCall(f"key_{self._core.profile.stream_number}_{self._pressed}", name, "{}")
        self._keys.add(call.call_id)
        self._run(call, now)

    def running(self, name: str) -> bool:
        return any(call.name == name for call in self._running.values())

    def finished(self, call_id: str, outcome: ToolOutcome) -> bool:
        """False if nobody waits for this any more."""
        call = self._running.pop(call_id, None)
        if call is None:
            return False
        if not self._running:
            self._core.timers.clear(Timer.TOOL)
        self.transferring |= outcome.effect is ToolEffect.TRANSFER
        self._report(call, outcome)
        return True

    def give_up(self) -> None:
        """Our own tools keep time; whoever did not is not waited for."""
        for call_id in tuple(self._running):
            self.finished(call_id, ToolOutcome(LATE, succeeded=False))

    def session_lost(self) -> None:
        """What is answered from now on, the next session hears of as text."""
        self._strange |= self._running.keys()

    def _run(self, call: FunctionCall, now: float) -> None:
        self._running[call.call_id] = call
        self._core.do(RunTool(call.call_id, call.name, call.arguments))
        self._core.timers.set(Timer.TOOL, now + self._core.limits.tool_s)

    def _report(self, call: FunctionCall, outcome: ToolOutcome) -> None:
        core = self._core
        core.transcript.aside(_in_words(call, outcome))
        if call.call_id in self._keys:
            core.tell(AddNote(notes.key_pressed(call.name, outcome.output)))
        elif call.call_id not in self._strange:
            core.tell(_answer(call, outcome))
        elif core.online:
            core.tell(AddNote(_in_words(call, outcome)))


def ending(call: FunctionCall) -> AnswerTool:
    return _answer(call, ToolOutcome('{"status":"ending"}', succeeded=True))


def _answer(call: FunctionCall, outcome: ToolOutcome) -> AnswerTool:
    return AnswerTool(
        call.call_id, call.name, call.arguments, outcome.output, succeeded=outcome.succeeded
    )


def _in_words(call: FunctionCall, outcome: ToolOutcome) -> str:
    return f"(You called {call.name} with {call.arguments}. The result: {outcome.output})"
