"""The sending side of a session: every event leaves here, and here things go wrong on purpose."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Coroutine
from typing import Any, Protocol

import orjson
from websockets.asyncio.server import ServerConnection, broadcast

from prosaas.simulator.clock import Clock
from prosaas.simulator.model.conversation import new_id
from prosaas.simulator.model.refusal import RefusedError
from prosaas.simulator.model.scenario import (
    AbortSocket,
    Action,
    CloseSocket,
    Incident,
    Repeat,
    SendError,
    SendEvent,
    SendText,
    Stall,
)
from prosaas.simulator.model.session_log import SessionLog
from prosaas.simulator.model.tally import Tally

Json = dict[str, Any]

# With a linger time of zero the kernel sends a reset instead of an orderly end.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Spawn(Protocol):
    def __call__(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Outlet:
    def __init__(
        self, connection: ServerConnection, clock: Clock, log: SessionLog, spawn: Spawn
    ) -> None:
        self.incidents: list[Incident] = []
        self.sent = Tally(clock)
        self.extra_fields = False
        self.deaf_until = 0.0
        self._connection = connection
        self._clock = clock
        self._log = log
        self._spawn = spawn
        self._held: list[bytes] | None = None
        self._mute = False

    def emit(self, kind: str, **fields: Any) -> None:
        """Sends at once and never waits: what a session does in one step leaves in one piece."""
        event = {"type": kind, "event_id": new_id("event"), **fields}
        if self.extra_fields:
            event["x_from_the_future"] = {"nested": [1, None, "…"]}
        if self._mute:
            return
        self._log.sent(event)
        self._push(orjson.dumps(event))
        self.sent.mark(kind)
        self._strike(event)

    def refuse(self, refusal: RefusedError, event_id: str | None) -> None:
        self._error("invalid_request_error", refusal, event_id)

    def fail(self, code: str | None, message: str, kind: str = "server_error") -> None:
        self._error(kind, RefusedError(code, message), None)

    def _error(self, kind: str, refusal: RefusedError, event_id: str | None) -> None:
        self.emit(
            "error",
            error={
                "type": kind,
                "code": refusal.code,
                "message": refusal.message,
                "param": refusal.param,
                "event_id": event_id,
            },
        )

    def _push(self, message: bytes) -> None:
        if self._held is not None:
            self._held.append(message)
        else:
            broadcast((self._connection,), message, text=True)

    def _strike(self, event: Json) -> None:
        kind = event["type"]
        for incident in self.incidents:
            if incident.after == kind and incident.nth in (0, self.sent[kind]):
                if incident.delay:
                    self._spawn(self._act_later(incident, event))
                else:
                    self._act(incident, event)

    async def _act_later(self, incident: Incident, event: Json) -> None:
        await self._clock.sleep(incident.delay)
        self._act(incident, event)

    def _act(self, incident: Incident, event: Json) -> None:
        for action in incident.does:
            self._do(action, event)

    def _do(self, action: Action, event: Json) -> None:
        match action:
            case CloseSocket(code, reason):
                self.close(code, reason)
            case AbortSocket():
                self._abort()
            case Stall(seconds, deaf):
                self._stall(seconds, deaf=deaf)
            case SendError(code, message, kind):
                self.fail(code, message, kind)
            case SendEvent(kind, fields):
                self.emit(kind, **fields)
            case SendText(text):
                self._push(text.encode())
            case Repeat():
                # Not counted: an incident behind every event would never end otherwise.
                self._log.sent(event)
                self._push(orjson.dumps(event))

    def close(self, code: int, reason: str = "") -> None:
        self._mute = True
        self._spawn(self._connection.close(code, reason))

    def _abort(self) -> None:
        self._mute = True
        transport = self._connection.transport
        plain = transport.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    def _stall(self, seconds: float, *, deaf: bool) -> None:
        if deaf:
            self.deaf_until = self._clock.now() + seconds
        if self._held is None:
            self._held = []
            self._spawn(self._recover(seconds))

    async def _recover(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        held, self._held = self._held or [], None
        for message in held:
            self._push(message)
