"""The consumer between a server that is two functions and a database that is none."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pytest
from channels.layers import InMemoryChannelLayer

from calls.admission import AdmittedCall
from calls.consumers import MediaStreamConsumer
from calls.engine.commands import ReportKey
from calls.engine.tooling import ToolOutcome
from calls.groups import call_group
from calls.records import Entry
from calls.watch import News, live_calls
from tests.calls.bridge.clockwork import ClockworkLoop
from tests.calls.bridge.rig import CALLER, Model, Pool, admitted_call

Message = dict[str, Any]

MEDIA: Final = {"event": "media", "media": {"track": "inbound", "payload": CALLER}}


@dataclass
class Finished:
    """What finish_call was told."""

    call_id: uuid.UUID
    business_id: uuid.UUID
    end_reason: str
    end_detail: str
    metrics: Message
    stream_number: int


@dataclass
class Left:
    """What leave_stream was told."""

    call_id: uuid.UUID
    business_id: uuid.UUID
    stream_number: int
    metrics: Message


class Database:
    """What stands in for it: each function of the consumer's answers at once, or when told."""

    def __init__(self, call: AdmittedCall) -> None:
        self.call = call
        self.refusal: Exception | None = None
        self.fault: Exception | None = None  # of everything
        self.hang_up_fault: Exception | None = None
        self.slow: dict[str, float] = {}  # seconds that a function takes
        self.admitted: list[Message] = []
        self.finished: list[Finished] = []
        self.left: list[Left] = []
        self.run: list[str] = []  # tools
        self.outcome = ToolOutcome('{"roses":12}', succeeded=True)
        self.tool_fault: Exception | None = None
        self.hung_up: list[uuid.UUID] = []
        self.written: list[Entry] = []
        self.keys: list[tuple[str, str]] = []  # and what was reported of them
        self.ended: list[tuple[uuid.UUID, str, str]] = []  # rows that say so
        self.answered_by = ""  # by the word of the carrier, on the row

    def off_loop(self, function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(self.slow.get(function.__name__, 0))
            return function(*args, **kwargs)

        return call

    def admit_stream(self, **given: Any) -> AdmittedCall:
        self.admitted.append(given)
        if self.refusal is not None:
            raise self.refusal
        return self.call

    def finish_call(self, *, now: object, **given: Any) -> None:
        if self.fault is not None:
            raise self.fault
        self.finished.append(Finished(**given))

    def leave_stream(self, **given: Any) -> None:
        if self.fault is not None:
            raise self.fault
        self.left.append(Left(**given))

    def take_up(self, *, name: str, **_given: Any) -> ToolOutcome:
        self.run.append(name)
        if self.tool_fault is not None:
            raise self.tool_fault
        return self.outcome

    def hang_up(self, *, call_id: uuid.UUID, business_id: uuid.UUID) -> None:
        if (fault := self.hang_up_fault or self.fault) is not None:
            raise fault
        self.hung_up.append(call_id)

    def news_of_calls(self, call_ids: Sequence[uuid.UUID]) -> list[News]:
        ended = [News(*each, self.answered_by) for each in self.ended if each[0] in call_ids]
        answered = [News(each, "", "", self.answered_by) for each in call_ids if self.answered_by]
        return ended or answered

    def write(self, entries: Sequence[Entry], api_key: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.written += entries
        self.keys += [(api_key, each.code) for each in entries if isinstance(each, ReportKey)]


class Rig:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.call = admitted_call()
        self.database = Database(self.call)
        self.model = Model()
        self.pool = Pool()
        self.pool.answer.set_result(self.model.socket)
        self.layer: Any = InMemoryChannelLayer()
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[Message] = []
        self.fails_to_send: Exception | None = None
        self.running: asyncio.Task[None] | None = None
        self._replace(monkeypatch)

    def _replace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("admit_stream", "finish_call", "leave_stream", "hang_up", "off_loop"):
            monkeypatch.setattr(f"calls.consumers.{name}", getattr(self.database, name))
        monkeypatch.setattr("calls.consumers.get_channel_layer", lambda: self.layer)
        monkeypatch.setattr("calls.watch.news_of_calls", self.database.news_of_calls)
        monkeypatch.setattr("calls.watch.off_loop", self.database.off_loop)
        monkeypatch.setattr("calls.records.off_loop", self.database.off_loop)
        monkeypatch.setattr(
            "calls.records.CallRecords._write",
            lambda records, entries: self.database.write(entries, records._api_key),
        )
        monkeypatch.setattr("calls.bridge.warm_pool", lambda: self.pool)
        monkeypatch.setattr("calls.tools.running.take_up", self.database.take_up)
        monkeypatch.setattr("calls.tools.running.off_loop", self.database.off_loop)

    # The server's side

    async def _send(self, message: Message) -> None:
        if self.fails_to_send is not None:
            raise self.fails_to_send
        self.sent.append(message)

    async def connects(self, token: str = "a-token", **headers: str) -> None:
        self.incoming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "path": f"/ws/media/{token}",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "url_route": {"kwargs": {"token": token}},
        }
        consumer = MediaStreamConsumer()
        self.running = asyncio.create_task(consumer(scope, self.incoming.get, self._send))
        await self.settles()

    async def settles(self) -> None:
        await asyncio.sleep(1e-6)

    # The carrier's side

    def says(self, message: Message) -> None:
        self.says_text(orjson.dumps(message).decode())

    def says_text(self, text: str) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": text, "bytes": None})

    def says_bytes(self, data: bytes) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "bytes": data})

    def goes(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})

    async def starts(self, call_sid: str = "CA1", account_sid: str = "AC1") -> None:
        start = {
            "streamSid": "MZ1",
            "callSid": call_sid,
            "accountSid": account_sid,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        self.says({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self.says({"event": "start", "start": start})
        await self.settles()

    async def talks(self) -> None:
        """A call that has been greeted and is listening."""
        await self.connects()
        await self.starts()
        self.model.confirms()
        self.model.starts_response()
        self.model.speaks(200)
        self.model.finishes()
        self.model.confirms()  # the full prompt
        await self.goes_on(2)

    async def asks(self, text: str = "How many roses do you have?") -> None:
        """The caller has said something that is worth an answer, which the model has begun."""
        self.model.commits()
        self.model.understands(text)
        self.model.starts_response("resp_2")
        await self.settles()

    async def goes_on(self, seconds: float) -> None:
        """A frame every 20 ms, as the carrier sends them whether anybody speaks or not."""
        for _ in range(round(seconds * 50)):
            self.says(MEDIA)
            await asyncio.sleep(0.02)

    async def hint(self, **message: str) -> None:
        group = call_group(self.call.business_id, self.call.call_id)
        await self.layer.group_send(group, {"type": "call.ended"} | message)

    def counted(self, kind: str) -> int:
        """In the figures of the call that is over."""
        [finished] = self.database.finished
        counters: dict[str, int] = finished.metrics["counters"]
        return counters.get(kind, 0)

    # What was seen

    @property
    def accepted(self) -> bool:
        return {"type": "websocket.accept"} in self.sent

    @property
    def close_code(self) -> int | None:
        codes = [each["code"] for each in self.sent if each["type"] == "websocket.close"]
        assert len(codes) <= 1
        return codes[0] if codes else None

    @property
    def is_over(self) -> bool:
        assert self.running is not None
        return self.running.done()

    async def is_over_within(self, seconds: float) -> None:
        assert self.running is not None
        await asyncio.wait([self.running], timeout=seconds)
        assert self.running.done()
        self.running.result()

    @property
    def end_reason(self) -> str:
        [finished] = self.database.finished
        return str(finished.end_reason)

    @property
    def is_left(self) -> bool:
        """The stream is over and the call is not: the carrier may come back with another one."""
        return bool(self.database.left) and self.database.finished == []

    async def clears_up(self) -> None:
        """End the call if it goes on, and see that nothing of it is left."""
        self.fails_to_send, self.database.fault = None, None
        if not self.is_over:
            self.says({"event": "stop"})
            self.goes()
            await self.is_over_within(10)
        await live_calls().close()
        await self.settles()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert not live_calls()
        assert not any(socket.alive for socket in self.pool.given)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ClockworkLoop)
        assert loop.timers == []
        assert loop.faults == []
