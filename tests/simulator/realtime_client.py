"""A client of the stand-in model that checks every event it is sent against the official types."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from openai.types.realtime import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter
from websockets.asyncio.client import ClientConnection, connect

from prosaas.simulator.clock import Clock
from prosaas.simulator.model import (
    INSTANT,
    Handshake,
    ModelSession,
    Pacing,
    RealtimeModel,
    Scenario,
)

Json = dict[str, Any]

KEY = "sk-alice"
# So slow that a response never ends by itself while a test looks at it.
ENDLESS = Pacing(first_delta=(0, 0), times_real_time=(0.0001, 0.0001), burst=(1, 1))
PCMU = {"type": "audio/pcmu"}
SERVER_VAD = {
    "type": "server_vad",
    "threshold": 0.6,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 600,
    "create_response": False,
    "interrupt_response": False,
}
SESSION: Json = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "instructions": "Name of the business: Alice's clinic",
    "audio": {
        "input": {
            "format": PCMU,
            "transcription": {"model": "gpt-4o-mini-transcribe", "prompt": "a clinic"},
            "turn_detection": SERVER_VAD,
        },
        "output": {"format": PCMU, "voice": "marin"},
    },
}
SILENCE = b"\xff" * 160 * 50

_OFFICIAL: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)
# The service sends these with a session, though the types do not declare them.
_SERVER_ONLY = {"id", "object", "expires_at"}
_PATIENCE_S = 10


def validate(event: Json) -> None:
    """Missing fields and fields that do not exist are both mistakes of the stand-in."""
    _refuse_extras(_OFFICIAL.validate_python(event))


def _refuse_extras(value: object) -> None:
    if isinstance(value, BaseModel):
        extras = set(value.model_extra or ()) - _SERVER_ONLY
        assert not extras, f"{type(value).__name__} does not have {extras}"
        for name in value.model_fields_set:
            _refuse_extras(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            _refuse_extras(each)


def with_turns(**changes: Any) -> Json:
    """The session with another turn detection."""
    audio = SESSION["audio"]
    turns = {**SERVER_VAD, **changes}
    return {**SESSION, "audio": {**audio, "input": {**audio["input"], "turn_detection": turns}}}


class Client:
    def __init__(self, connection: ClientConnection, *, checks: bool = True) -> None:
        self.connection = connection
        self.events: list[Json] = []
        self._checks = checks
        self._numbers = itertools.count(1)

    async def send(self, kind: str, **fields: Any) -> str:
        """Returns the event's id."""
        event_id = f"alice_{next(self._numbers)}"
        event = {"type": kind, "event_id": event_id, **fields}
        await self.connection.send(orjson.dumps(event).decode())
        return event_id

    async def receive(self) -> Json:
        async with asyncio.timeout(_PATIENCE_S):
            event: Json = orjson.loads(await self.connection.recv())
        if self._checks:
            validate(event)
        self.events.append(event)
        return event

    async def until(self, kind: str, times: int = 1) -> Json:
        """Reads on until so many events of a type have come; returns the last of them."""
        while True:
            event = await self.receive()
            if event["type"] == kind:
                times -= 1
                if times == 0:
                    return event

    async def refused(self, kind: str, **fields: Any) -> Json:
        """Sends an event that must be answered by an error and nothing else."""
        event_id = await self.send(kind, **fields)
        event = await self.receive()
        assert event["type"] == "error", event
        error: Json = event["error"]
        assert error["event_id"] == event_id
        return error

    async def configure(self, session: Json | None = None) -> Json:
        await self.send("session.update", session=session or SESSION)
        return await self.until("session.updated")

    async def speak(self, audio: bytes, frame: int = 160) -> None:
        for start in range(0, len(audio), frame):
            encoded = base64.b64encode(audio[start : start + frame]).decode()
            await self.send("input_audio_buffer.append", audio=encoded)

    async def reply(self, **response: Any) -> Json:
        """Asks for a response and reads it to its end, the rate limits included."""
        await self.send("response.create", **({"response": response} if response else {}))
        return await self.finished()

    async def finished(self) -> Json:
        done = await self.until("response.done")
        await self.until("rate_limits.updated")
        response: Json = done["response"]
        return response

    def of(self, kind: str) -> list[Json]:
        return [event for event in self.events if event["type"] == kind]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def audio(self, item_id: str | None = None) -> bytes:
        deltas = self.of("response.output_audio.delta")
        own = (delta for delta in deltas if item_id in (None, delta["item_id"]))
        return b"".join(base64.b64decode(delta["delta"]) for delta in own)


@asynccontextmanager
async def model(
    scenario: Scenario | None = None,
    *,
    speed: float = 1000,
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[RealtimeModel]:
    async with RealtimeModel(
        clock=clock or Clock(speed),
        scenario=scenario or Scenario(pacing=INSTANT),
        key=KEY,
        **options,
    ) as running:
        yield running


@asynccontextmanager
async def client_of(
    running: RealtimeModel, *, checks: bool = True, key: str = KEY
) -> AsyncIterator[Client]:
    url = f"{running.url}/realtime?model=gpt-realtime-2.1"
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(url, additional_headers=headers, proxy=None, max_size=None) as connection:
        yield Client(connection, checks=checks)


@asynccontextmanager
async def session(
    scenario: Scenario | None = None,
    *,
    settings: Json | None = None,
    checks: bool = True,
    speed: float = 1000,
    clock: Clock | None = None,
    handshake: Handshake | None = None,
) -> AsyncIterator[tuple[Client, ModelSession]]:
    """One configured session, the client's end and the stand-in's."""
    async with (
        model(scenario, speed=speed, clock=clock, handshake=handshake) as running,
        client_of(running, checks=checks) as client,
    ):
        await client.until("session.created")
        await client.configure(settings)
        client.events.clear()
        yield client, await running.session()
