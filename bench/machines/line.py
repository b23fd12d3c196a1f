"""One labelled call through the pure engine, on a clock of its own."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from bench.machines.callee import Callee
from bench.machines.cases import Case
from bench.machines.model import Model
from calls.engine import commands, events
from calls.engine.audio import FRAME_S
from calls.engine.commands import Command, Purpose
from calls.engine.events import Mark
from calls.engine.limits import Limits
from calls.engine.profile import MachinePolicy, OnMachine, Profile
from calls.engine.session import CallSession

# So long nothing more happens, and the callee hangs up.
HANGS_UP_S: Final = 20.0
LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    answered_by: str
    reason: str
    message: str
    into_greeting: bool  # the message, of which the mailbox has recorded but a part
    slowest_us: float  # a frame, and all that came of it
    mean_us: float  # of a frame while a beep may come


class Call:
    def __init__(self, case: Case, then: OnMachine) -> None:
        self._case = case
        self._now = 0.0
        policy = MachinePolicy(then, "This is the flower shop. Your order is ready.")
        self._session = CallSession(LIMITS, 0.0, Profile(machine=policy))
        self._model = Model()
        self._callee = Callee(case, self._model, LIMITS)
        self._buffer: deque[bytes | Mark] = deque()
        self._end: commands.EndCall | None = None
        self._message_at: float | None = None
        self._costs: list[float] = []

    def run(self) -> Result:
        self._model.at(0.0, events.ModelReady())
        if self._case.carrier is not None:
            verdict, at = self._case.carrier
            self._model.at(at, events.AnsweredBy(verdict))
        quiet_s = 0.0
        while self._end is None:
            quiet_s = quiet_s + FRAME_S if self._callee.done else 0.0
            if quiet_s > HANGS_UP_S:
                self._do(self._session.receive(events.CarrierStopped(), self._now))
                break
            self._tick()
        return self._result()

    def _tick(self) -> None:
        self._now += FRAME_S
        while self._end is None and (event := self._model.due(self._now)) is not None:
            if isinstance(event, events.AgentAudio):
                self._note_message(event)
            self._do(self._session.receive(event, self._now))
        deadline = self._session.deadline
        if self._end is None and deadline is not None and deadline <= self._now:
            self._do(self._session.expire(self._now))
        if self._end is None:
            self._callee_frame()
            self._play()

    def _note_message(self, event: events.AgentAudio) -> None:
        if self._model.purposes[event.item_id] is Purpose.MESSAGE:
            self._message_at = self._now  # of several the last counts

    def _callee_frame(self) -> None:
        frame = self._callee.frame(self._now)
        self._session.caller_frame(self._now)
        if self._session.attentive(self._now):
            began = time.perf_counter()
            batch = self._session.caller_sound(frame, self._now)
            self._costs.append(time.perf_counter() - began)
            self._do(batch)

    def _play(self) -> None:
        while self._end is None and (output := self._session.next_output(self._now)) is not None:
            self._buffer.append(output)
        sounding = False
        while self._end is None and self._buffer:
            head = self._buffer.popleft()
            if isinstance(head, Mark):
                self._do(self._session.receive(events.MarkReached(head), self._now))
                continue
            sounding = True
            break
        self._callee.agent(self._now, sounding=sounding)

    def _do(self, batch: list[Command]) -> None:
        for command in batch:
            self._model.hear(command, self._now)
            match command:
                case commands.EndCall():
                    self._end = command
                case commands.ClearPlayback():
                    self._buffer.clear()

    def _result(self) -> Result:
        assert self._end is not None
        summary, begun = self._session.summary(), self._message_at
        mean = sum(self._costs) / len(self._costs) if self._costs else 0.0
        return Result(
            case=self._case,
            answered_by=summary.answered_by,
            reason=self._end.reason,
            message=summary.message,
            into_greeting=begun is not None and begun < self._callee.free_at,
            slowest_us=max(self._costs, default=0.0) * 1e6,
            mean_us=mean * 1e6,
        )
