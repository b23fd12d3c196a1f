"""A model that answers in time: what the engine asks for becomes events, some tenths later."""

from __future__ import annotations

import heapq
from typing import Final

from calls.engine import commands, events
from calls.engine.commands import Command, Purpose
from calls.engine.configuration import AUDIO_FORMAT
from calls.engine.events import Event

BEGINS_S: Final = 0.3
SPEAKS_S: Final = 0.6
CANCELS_S: Final = 0.1
# How long the agent speaks.
LENGTH_MS: Final = {Purpose.GREETING: 3000, Purpose.MESSAGE: 6000}
OTHERWISE_MS: Final = 2000


class Model:
    def __init__(self) -> None:
        self._due: list[tuple[float, int, Event]] = []
        self._count = 0
        self._responses = 0
        self._running = ""
        self._cancelled: set[str] = set()
        self.purposes: dict[str, Purpose] = {}  # by item

    def at(self, when: float, event: Event) -> None:
        self._count += 1
        heapq.heappush(self._due, (when, self._count, event))

    def due(self, now: float) -> Event | None:
        """The next event whose time has come; of a cancelled response no audio comes any more."""
        while self._due and self._due[0][0] <= now:
            event = heapq.heappop(self._due)[2]
            if isinstance(event, events.ResponseStarted):
                self._running = event.response_id
            if isinstance(event, events.AgentAudio) and event.response_id in self._cancelled:
                continue
            if isinstance(event, events.ResponseFinished) and event.response_id != self._running:
                continue
            if isinstance(event, events.ResponseFinished):
                self._running = ""
            return event
        return None

    def hear(self, command: Command, now: float) -> None:
        match command:
            case commands.ConfigureSession():
                self.at(now, events.SessionConfirmed(AUDIO_FORMAT, AUDIO_FORMAT))
            case commands.RequestResponse(request_id, purpose):
                self._respond(request_id, purpose, now)
            case commands.CancelResponse(response_id):
                self._cancelled.add(response_id)
                self.at(now + CANCELS_S, events.ResponseFinished(response_id, "cancelled"))

    def _respond(self, request_id: str, purpose: Purpose, now: float) -> None:
        self._responses += 1
        response, item = f"resp_{self._responses}", f"item_{self._responses}"
        self.purposes[item] = purpose
        audio = b"\x91\x11" * (LENGTH_MS.get(purpose, OTHERWISE_MS) * 4)
        self.at(now + BEGINS_S, events.ResponseStarted(response, request_id))
        self.at(now + SPEAKS_S, events.AgentAudio(response, item, audio))
        done = events.ResponseFinished(response, "completed", item_ids=(item,))
        self.at(now + SPEAKS_S + 0.1, done)
