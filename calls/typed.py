"""A conversation with the agent in writing: one short session of the model, no sound, no engine.

The tools that it asks for are shown to whoever types, and none is executed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Final, TypeVar

from calls.admission import AdmittedCall
from calls.engine.commands import AddItem, AnswerTool
from calls.engine.events import (
    FunctionCall,
    ModelError,
    ResponseFinished,
    SessionConfirmed,
    Usage,
)
from calls.engine.profile import Role
from calls.engine.tooling import ToolOutcome
from calls.realtime_client import Account, ModelSocket, ModelUnreachableError, warm_pool
from calls.tools.trial import NOT_DONE
from calls.wire import realtime, written
from calls.wire.written import TextWritten

Awaited = TypeVar("Awaited")

CONFIRM_WITHIN_S: Final = 8.0
ANSWER_WITHIN_S: Final = 45.0
# Responses to one thing said: the agent may use tools, and then speaks.
ROUNDS: Final = 4
END_CALL: Final = "end_call"


class TypingFailed(Exception):  # noqa: N818 - told to whoever types
    """The model does not go on. The text is for the log and the row."""


@dataclass(slots=True)
class Reply:
    """What the agent wrote, and what it wanted to do, in the order in which it came."""

    texts: list[str] = field(default_factory=list)
    calls: list[FunctionCall] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    @property
    def hangs_up(self) -> bool:
        return any(call.name == END_CALL for call in self.calls)


class TypedConversation:
    def __init__(self, call: AdmittedCall) -> None:
        self.usage: Counter[str] = Counter()
        self._call = call
        self._socket: ModelSocket | None = None
        self._confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reply = Reply()
        self._finished: asyncio.Future[ResponseFinished] | None = None
        self._requests = 0

    async def open(self) -> None:
        """Raises `TypingFailed`."""
        account = Account(self._call.api_key_owner, self._call.openai_api_key)
        try:
            self._socket = await warm_pool().socket(account)
        except ModelUnreachableError as error:
            raise TypingFailed(str(error)) from error
        self._socket.adopt(self)
        update = written.session_update(self._call.full, self._call.tools, "typed_session")
        self._socket.send(update)
        await self._within(CONFIRM_WITHIN_S, self._confirmed)
        if self._call.greeting:
            self._send(realtime.add_item(AddItem(Role.AGENT, self._call.greeting)))

    async def say(self, text: str, told: Callable[[FunctionCall, ToolOutcome], None]) -> Reply:
        """The agent's answer. Raises `TypingFailed`."""
        self._reply = Reply()
        self._send(realtime.add_item(AddItem(Role.CALLER, text)))
        for round_ in range(ROUNDS):
            calls = await self._respond(words_only=round_ == ROUNDS - 1)
            if not calls or self._reply.hangs_up:
                break
            self._answer(calls, told)
        return self._reply

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # What the model's socket calls

    def model_message(self, message: bytes) -> None:
        event = written.decode(message)
        match event:
            case SessionConfirmed():
                _settle(self._confirmed)
            case TextWritten(text=text):
                self._reply.texts.append(text)
            case ResponseFinished():
                if self._finished is not None and not self._finished.done():
                    self._finished.set_result(event)
            case ModelError(code=code):
                self._fail(f"the model refused: {code}")

    def model_lost(self, detail: str) -> None:
        self._fail(f"the model ended the connection: {detail}")

    async def _respond(self, *, words_only: bool) -> tuple[FunctionCall, ...]:
        self._requests += 1
        self._finished = asyncio.get_running_loop().create_future()
        self._send(written.request_response(f"typed_{self._requests}", words_only=words_only))
        finished = await self._within(ANSWER_WITHIN_S, self._finished)
        self._count(finished.usage)
        if finished.status != "completed":
            raise TypingFailed(f"the answer ended as {finished.status}: {finished.error_code}")
        self._reply.calls += finished.function_calls
        return finished.function_calls

    def _answer(
        self,
        calls: tuple[FunctionCall, ...],
        told: Callable[[FunctionCall, ToolOutcome], None],
    ) -> None:
        for call in calls:
            self._send(
                realtime.answer_tool(
                    AnswerTool(call.call_id, call.name, call.arguments, NOT_DONE.output, True)
                )
            )
            told(call, NOT_DONE)

    def _count(self, usage: Usage) -> None:
        self.usage.update(asdict(usage))

    def _send(self, message: bytes) -> None:
        if self._socket is None or not self._socket.alive:
            raise TypingFailed("the model has gone")
        self._socket.send(message)

    def _fail(self, detail: str) -> None:
        for waiting in (self._confirmed, self._finished):
            if waiting is not None and not waiting.done():
                waiting.set_exception(TypingFailed(detail))

    async def _within(self, seconds: float, waiting: asyncio.Future[Awaited]) -> Awaited:
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            raise TypingFailed("the model did not answer in time") from None


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
