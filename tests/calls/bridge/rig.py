"""A bridge between a model and a carrier that are lists: no socket, no database, no clock."""

from __future__ import annotations

import asyncio
import uuid
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, Final
from unittest import mock

import orjson
from picows import WSCloseCode, WSMsgType
from picows.picows import _make_test_ws_frame

from calls.admission import AdmittedCall
from calls.bridge import CallBridge, Ending
from calls.engine.commands import AnswerTool, ReportKey, RunTool, SaveTurn
from calls.engine.limits import Limits
from calls.engine.profile import Profile
from calls.engine.tooling import ToolEffect, ToolOutcome
from calls.realtime_client import Account, ModelSocket, ModelUnreachableError, WarmPool
from calls.records import CallRecords, Entry
from calls.tools.offer import END_CALL
from calls.wire.realtime import SessionSettings
from calls.wire.twilio import StreamStarted
from tests.calls.bridge.clockwork import ClockworkLoop

Message = dict[str, Any]

KEY: Final = "sk-of-nobody-else"
CALLER: Final = b64encode(b"\x7f" * 160).decode()
VOICE: Final = b64encode(b"\x10" * 160).decode()  # loud
SETTINGS: Final = SessionSettings("marin", "gpt-4o-mini-transcribe", "", (END_CALL,), Limits())
PCMU: Final = {"format": {"type": "audio/pcmu"}}


def admitted_call(limits: Limits | None = None, profile: Profile | None = None) -> AdmittedCall:
    return AdmittedCall(
        call_id=uuid.uuid4(),
        business_id=uuid.uuid4(),
        business_slug="flowers",
        direction="inbound",
        call_sid="CA1",
        account_sid="AC1",
        language="he",
        compact="the compact prompt",
        full="the full prompt",
        transcription="",
        compact_sha256="c" * 64,
        full_sha256="f" * 64,
        voice="marin",
        greeting="",
        openai_api_key=KEY,
        api_key_owner="installation",
        limits=limits or Limits(),
        profile=profile or Profile(),
        tools=(END_CALL,),
    )


class Line:
    """What picows would hand to a ModelSocket as its transport."""

    def __init__(self, socket: ModelSocket) -> None:
        self.socket = socket
        self.sent: list[bytes] = []
        self.closes: list[WSCloseCode] = []
        self.disconnected = False

    def send(self, kind: WSMsgType, message: bytes) -> None:
        assert kind is WSMsgType.TEXT
        assert not self.disconnected
        self.sent.append(message)

    def send_close(self, code: WSCloseCode) -> None:
        self.closes.append(code)

    def disconnect(self, graceful: bool = True) -> None:
        assert graceful
        self.disconnected = True
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: self.socket.on_ws_disconnected(self))  # type: ignore[arg-type]


class Model:
    """The other end of a real ModelSocket."""

    def __init__(self) -> None:
        self.socket = ModelSocket()
        self.line = Line(self.socket)
        self.socket.on_ws_connected(self.line)  # type: ignore[arg-type]
        self.says({"type": "session.created"})

    @property
    def heard(self) -> list[Message]:
        return [orjson.loads(message) for message in self.line.sent]

    def heard_of(self, kind: str) -> list[Message]:
        return [message for message in self.heard if message["type"] == kind]

    def says(self, message: Message) -> None:
        self.sends(orjson.dumps(message))

    def sends(self, data: bytes) -> None:
        frame = _make_test_ws_frame(WSMsgType.TEXT, data, True, False)
        self.socket.on_ws_frame(self.line, frame)  # type: ignore[arg-type]

    def breaks(self) -> None:
        self.socket.on_ws_disconnected(self.line)  # type: ignore[arg-type]

    # What a model says in the course of a call

    def confirms(self) -> None:
        self.says(
            {"type": "session.updated", "session": {"audio": {"input": PCMU, "output": PCMU}}}
        )

    def starts_response(self, response_id: str = "resp_1") -> None:
        request_id = self.heard_of("response.create")[-1]["event_id"]
        response = {"id": response_id, "metadata": {"request": request_id}}
        self.says({"type": "response.created", "response": response})

    def speaks(self, ms: int, item_id: str = "item_1", response_id: str = "resp_1") -> None:
        ids = {"response_id": response_id, "item_id": item_id}
        delta = b64encode(b"\x55" * (ms * 8)).decode()
        self.says({"type": "response.output_audio.delta", "delta": delta} | ids)

    def finishes(self, response_id: str = "resp_1", **fields: object) -> None:
        response = {"id": response_id, "status": "completed", "output": []} | fields
        self.says({"type": "response.done", "response": response})

    def calls_tool(self, name: str, call_id: str = "call_1", response_id: str = "resp_2") -> None:
        """And says nothing beside it."""
        call = {"type": "function_call", "id": f"item_of_{call_id}", "name": name}
        self.finishes(response_id, output=[call | {"call_id": call_id, "arguments": "{}"}])

    def hears_caller(self, item_id: str = "caller_1") -> None:
        kind = "input_audio_buffer.speech_started"
        self.says({"type": kind, "item_id": item_id, "audio_start_ms": 0})

    def commits(self, item_id: str = "caller_1") -> None:
        """The caller has finished."""
        self.says({"type": "input_audio_buffer.committed", "item_id": item_id})

    def understands(self, text: str, item_id: str = "caller_1") -> None:
        kind = "conversation.item.input_audio_transcription.completed"
        self.says({"type": kind, "item_id": item_id, "transcript": text})


class Pool(WarmPool):
    """Gives a socket when the test says so, each time that it is asked."""

    def __init__(self) -> None:
        super().__init__(Account("installation", KEY), size=0)
        self.asked: list[Account] = []
        self.given: list[ModelSocket] = []
        self.answer: asyncio.Future[ModelSocket] = asyncio.get_running_loop().create_future()

    async def socket(self, account: Account) -> ModelSocket:
        if self.asked and self.answer.done():
            self.answer = asyncio.get_running_loop().create_future()
        self.asked.append(account)
        socket = await self.answer
        if not socket.alive:
            raise ModelUnreachableError("it has ended already")
        self.given.append(socket)
        return socket


class Tools:
    """Answers a tool when the test says so."""

    def __init__(self) -> None:
        self.asked: list[RunTool] = []
        self._answers: dict[str, asyncio.Future[ToolOutcome]] = {}

    async def run(self, tool_call_id: str, name: str, arguments: str) -> ToolOutcome:
        self.asked.append(RunTool(tool_call_id, name, arguments))
        return await self._answer_to(tool_call_id)

    def answers(
        self,
        call_id: str = "call_1",
        output: str = '{"done":true}',
        effect: ToolEffect = ToolEffect.NONE,
    ) -> None:
        outcome = ToolOutcome(output, succeeded=True, effect=effect)
        self._answer_to(call_id).set_result(outcome)

    @property
    def open(self) -> list[RunTool]:
        """Those that have not been answered."""
        return [each for each in self.asked if not self._answer_to(each.call_id).done()]

    def raises(self, error: Exception, call_id: str = "call_1") -> None:
        self._answer_to(call_id).set_exception(error)

    def _answer_to(self, call_id: str) -> asyncio.Future[ToolOutcome]:
        if call_id not in self._answers:
            self._answers[call_id] = asyncio.get_running_loop().create_future()
        return self._answers[call_id]


class Records(CallRecords):
    """Keeps what the real one would write."""

    def __init__(self, business_id: uuid.UUID, call_id: uuid.UUID) -> None:
        super().__init__(business_id, call_id)
        self.saved: list[Entry] = []

    def save(self, entry: Entry) -> None:
        self.saved.append(entry)

    @property
    def turns(self) -> list[SaveTurn]:
        return [entry for entry in self.saved if isinstance(entry, SaveTurn)]

    @property
    def tools(self) -> list[AnswerTool]:
        return [entry for entry in self.saved if isinstance(entry, AnswerTool)]

    @property
    def keys(self) -> list[str]:
        """What was reported of the account's key; nothing is good news."""
        return [entry.code for entry in self.saved if isinstance(entry, ReportKey)]


class Rig:
    def __init__(
        self,
        limits: Limits | None = None,
        send: Callable[[str], Awaitable[None]] | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.call = admitted_call(limits, profile)
        self.models = [Model()]
        self.pool = Pool()
        self.tools = Tools()
        self.records = Records(self.call.business_id, self.call.call_id)
        self.carrier_took: list[tuple[float, Message]] = []
        self.bridge = CallBridge(
            call=self.call,
            stream=StreamStarted("MZ1", "CA1", "AC1", "audio/x-mulaw"),
            send=send or self._take,
            session=SETTINGS,
            records=self.records,
            tools=self.tools,
        )
        self.running = self.loop.create_task(self.bridge.run())

    @property
    def model(self) -> Model:
        """The one that the call has, or had last."""
        return self.models[-1]

    async def _take(self, text: str) -> None:
        self.carrier_took.append((self.loop.time(), orjson.loads(text)))

    # What happens

    async def settles(self) -> None:
        """Everybody does what there is to do now; a microsecond passes."""
        await asyncio.sleep(1e-6)

    async def connects(self) -> None:
        """A socket for the call that waits for one: another one, when the last was lost."""
        await self.settles()
        if not self.pool.answer.done():
            if not self.model.socket.alive:
                self.models.append(Model())
            self.pool.answer.set_result(self.model.socket)
        await self.settles()

    async def connects_in_vain(self, code: str = "") -> None:
        await self.settles()
        if not self.pool.answer.done():
            self.pool.answer.set_exception(ModelUnreachableError("no answer", code=code))
        await self.settles()

    async def greets(self, ms: int = 200) -> None:
        """Connected, confirmed, greeted, and the greeting played to its end."""
        await self.connects()
        self.model.confirms()
        self.model.starts_response()
        self.model.speaks(ms)
        self.model.finishes()
        await asyncio.sleep(ms / 1000 + 2)

    def caller_sends(self, payload: str = CALLER) -> None:
        media = {"track": "inbound", "payload": payload}
        self.carrier_says({"event": "media", "media": media})

    def carrier_says(self, message: Message) -> None:
        self.bridge.carrier_message(orjson.dumps(message).decode())

    async def ends(self) -> Ending:
        """The end, which is to come of itself within the second."""
        async with asyncio.timeout(1):
            return await self.running

    # What was seen

    @property
    def frames_taken(self) -> int:
        return sum(message["event"] == "media" for _at, message in self.carrier_took)

    @property
    def forwarded(self) -> list[str]:
        """To whichever model the call had, in the order of the frames."""
        return [
            each["audio"]
            for model in self.models
            for each in model.heard_of("input_audio_buffer.append")
        ]

    def counted(self, kind: str) -> int:
        return self.bridge._metrics.counters[kind]

    def assert_nothing_left(self) -> None:
        """No task, no timer, no socket; and nobody noticed a fault that the call did not."""
        assert self.running.done()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert isinstance(self.loop, ClockworkLoop)
        assert self.loop.timers == []
        assert self.loop.faults == []
        assert not any(socket.alive for socket in self.pool.given)


@asynccontextmanager
async def on_the_line(*rigs: Rig) -> AsyncIterator[None]:
    """Calls that are being connected. They are ended at the end, and must leave nothing behind."""
    pools = cycle([rig.pool for rig in rigs])  # the bridges ask in this order
    with mock.patch("calls.bridge.warm_pool", side_effect=pools):
        try:
            yield
        finally:
            for rig in rigs:
                rig.bridge.end("owner_hangup", "the test is over")
            await asyncio.wait([rig.running for rig in rigs], timeout=1)
            for rig in rigs:
                for task in rig.bridge.tool_tasks:  # the owner of the call does not wait for ever
                    task.cancel()
            await asyncio.sleep(1e-6)
    for rig in rigs:
        rig.assert_nothing_left()


@asynccontextmanager
async def rigged(
    limits: Limits | None = None,
    send: Callable[[str], Awaitable[None]] | None = None,
    profile: Profile | None = None,
) -> AsyncIterator[Rig]:
    rig = Rig(limits, send, profile)
    async with on_the_line(rig):
        yield rig


@asynccontextmanager
async def two_calls() -> AsyncIterator[tuple[Rig, Rig]]:
    alices, charlies = Rig(), Rig()
    async with on_the_line(alices, charlies):
        yield alices, charlies
