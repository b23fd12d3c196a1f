"""The typed test: what is written on the page goes to the agent, and its answers come back.

From the page: `{"say": text}`. To the page: `ready`, `agent` (a text), `tool` (what would be done),
`failed` and `over` (the last one, with why). Bounded in turns and time, and closed by whoever is first.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from channels.consumer import AsyncConsumer
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from calls.actions import admit_test, finish_call
from calls.admission import AdmittedCall, StreamRefused
from calls.engine.commands import AnswerTool, SaveTurn
from calls.engine.events import FunctionCall
from calls.engine.tooling import ToolOutcome
from calls.models import LONGEST_TEST, CallOrigin, EndReason
from calls.records import CallRecords
from calls.sockets.door import Message, Receive, Send, person_of
from calls.threads import off_loop
from calls.typed import TypedConversation, TypingFailed
from calls.watch import live_calls

logger = structlog.get_logger(__name__)

MOST_TURNS: Final = 20
LONGEST_TEXT: Final = 1000
WAITING: Final = 5  # of what was typed while the agent still answers
MAX_MESSAGE: Final = 16 * 1024
FLUSH_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Over:
    reason: EndReason
    detail: str
    why: str  # for the page: which of its sentences to show


class TypedTestConsumer(AsyncConsumer):  # type: ignore[misc]
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            call = await off_loop(admit_test)(
                token=scope["url_route"]["kwargs"]["token"],
                origin=CallOrigin.TYPED,
                by=person_of(scope),
                now=timezone.now(),
            )
        except (StreamRefused, DatabaseError, InterfaceError) as error:
            logger.warning("typed_test_refused", reason=getattr(error, "reason", "database"))
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept"})
        await TypedTest(call, receive, send).run()


class TypedTest:
    def __init__(self, call: AdmittedCall, receive: Receive, send: Send) -> None:
        self._call = call
        self._receive = receive
        self._send = send
        self._typed: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._over: asyncio.Future[Over] = asyncio.get_running_loop().create_future()
        self._began = asyncio.get_running_loop().time()
        self._records = CallRecords(call.business_id, call.call_id, call.openai_api_key)
        self._conversation = TypedConversation(call)
        self._position = 0
        self._turns = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._records.run(), name="write-records")
            others = [
                tasks.create_task(self._read(), name="read-page"),
                tasks.create_task(self._talk(), name="talk-to-model"),
            ]
            live_calls().add(self._call.call_id, self._ended_elsewhere, lambda _verdict: None)
            over = await self._first_end()
            live_calls().discard(self._call.call_id)
            self._conversation.close()
            for task in others:
                task.cancel()
            self._records.close()
            await self._finish(over)
            await self._say_goodbye(over)
            await asyncio.wait([writer], timeout=FLUSH_WITHIN_S)
            writer.cancel()

    async def _first_end(self) -> Over:
        try:
            async with asyncio.timeout(LONGEST_TEST.total_seconds()):
                return await asyncio.shield(self._over)
        except TimeoutError:
            return Over(EndReason.MAX_DURATION, "The longest typed test.", "limit")

    def _end(self, reason: EndReason, detail: str, why: str) -> None:
        if not self._over.done():
            self._over.set_result(Over(reason, detail, why))

    def _ended_elsewhere(self, _reason: str, detail: str) -> None:
        self._end(EndReason.OWNER_HANGUP, detail, "elsewhere")

    # The page

    async def _read(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            text = _said(message.get("text") or "")
            if text and not self._typed.full():
                self._typed.put_nowait(text)
        self._end(EndReason.CALLER_HANGUP, "The page was closed.", "gone")

    async def _tell(self, kind: str, **facts: Any) -> None:
        try:
            text = orjson.dumps({"kind": kind} | facts).decode()
            await self._send({"type": "websocket.send", "text": text})
        except (OSError, RuntimeError):
            self._end(EndReason.CALLER_HANGUP, "The page was closed.", "gone")

    async def _say_goodbye(self, over: Over) -> None:
        if over.why != "gone":
            await self._tell("over", why=over.why)
            try:
                await self._send({"type": "websocket.close", "code": 1000})
            except (OSError, RuntimeError):
                logger.info("typed_test_was_closed_already")

    # The agent

    async def _talk(self) -> None:
        try:
            await self._conversation.open()
            await self._tell("ready")
            if self._call.greeting:
                await self._agent_says(self._call.greeting)
            while self._turns < MOST_TURNS:
                await self._answer(await self._typed.get())
            self._end(EndReason.MAX_DURATION, "The most turns of a typed test.", "limit")
        except TypingFailed as failure:
            logger.warning("typed_test_failed", call_id=str(self._call.call_id), why=str(failure))
            self._end(EndReason.MODEL_LOST, str(failure), "failed")

    async def _answer(self, text: str) -> None:
        self._turns += 1
        self._save("caller", text)
        used: list[FunctionCall] = []
        reply = await self._conversation.say(text, lambda *told: used.append(self._shown(*told)))
        for call in reply.calls:
            await self._tell("tool", name=call.name, arguments=call.arguments)
        if reply.text:
            await self._agent_says(reply.text)
        await self._tell("ready", left=MOST_TURNS - self._turns)
        if reply.hangs_up:
            self._end(EndReason.AGENT_GOODBYE, "The agent ended the test.", "goodbye")

    async def _agent_says(self, text: str) -> None:
        self._save("agent", text)
        await self._tell("agent", text=text)

    # Rows

    def _shown(self, call: FunctionCall, outcome: ToolOutcome) -> FunctionCall:
        self._records.save(
            AnswerTool(call.call_id, call.name, call.arguments, outcome.output, outcome.succeeded)
        )
        return call

    def _save(self, speaker: str, text: str) -> None:
        self._position += 1
        at_ms = round((asyncio.get_running_loop().time() - self._began) * 1000)
        self._records.save(
            SaveTurn(
                position=self._position,
                speaker=speaker,
                item_id=f"typed_{self._position}",
                text=text,
                started_ms=at_ms,
                ended_ms=at_ms,
                generated_ms=0,
                heard_ms=0,
                interrupted=False,
                language=self._call.language,
            )
        )

    async def _finish(self, over: Over) -> None:
        try:
            await off_loop(finish_call)(
                call_id=self._call.call_id,
                business_id=self._call.business_id,
                end_reason=over.reason,
                end_detail=over.detail,
                metrics={
                    "usage": dict(self._conversation.usage),
                    "utterances_total": self._turns,
                },
                now=timezone.now(),
                stream_number=0,
            )
        except (DatabaseError, InterfaceError):
            logger.exception("call_not_finished", call_id=str(self._call.call_id))


def _said(message: str) -> str:
    """What was typed; empty for whatever else a page may send."""
    if len(message) > MAX_MESSAGE:
        return ""
    try:
        parsed = orjson.loads(message)
    except orjson.JSONDecodeError:
        return ""
    said = parsed.get("say") if isinstance(parsed, dict) else None
    return said.replace("\0", "").strip()[:LONGEST_TEXT] if isinstance(said, str) else ""
