"""One response from its request to `response.done`."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, Protocol

from prosaas.simulator.clock import Clock
from prosaas.simulator.model.conversation import Conversation, Item
from prosaas.simulator.model.outputs import Calling, Output, Place, Sink, Utterance, Writing
from prosaas.simulator.model.scenario import (
    Completed,
    Failed,
    Incomplete,
    Pacing,
    Range,
    Reply,
    Say,
    UseTool,
)
from prosaas.simulator.model.voice import speech

Json = dict[str, Any]

_MS_PER_OUTPUT_TOKEN = 50


CutReason = Literal["turn_detected", "client_cancelled"]


class State(Enum):
    REQUESTED = auto()
    ACTIVE = auto()
    CLOSING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Order:
    """What a response was asked to be, the session's settings filled in."""

    id: str
    by_turn: bool
    in_conversation: bool
    text_only: bool
    instructions: str
    asked: str
    """Instructions of this response alone."""
    tools: tuple[Json, ...]
    voice: Any
    audio_format: Json
    max_output_tokens: int | str
    metadata: Json | None
    input: tuple[Item, ...] | None
    """A context of its own instead of the conversation."""

    @property
    def voice_name(self) -> str:
        return self.voice if isinstance(self.voice, str) else str(self.voice["id"])


class Stage(Sink, Protocol):
    """What a response needs of the session it plays in."""

    clock: Clock
    dice: random.Random
    conversation: Conversation

    async def reply_to(self, order: Order) -> Reply: ...
    def response_begins(self, response: Response) -> None: ...
    def usage_of(self, order: Order, output: Sequence[Item]) -> Json: ...
    def response_is_over(self, response: Response) -> None: ...


class Response:
    def __init__(self, stage: Stage, order: Order, pacing: Pacing) -> None:
        self.order = order
        self.state = State.REQUESTED
        self.cut_reason: CutReason | None = None
        self.items: list[Item] = []
        self._stage = stage
        self._pacing = pacing
        self._asked_at = stage.clock.now()
        self._open: Output | None = None

    async def run(self) -> None:
        reply = await self._stage.reply_to(self.order)
        self._pacing = reply.pacing or self._pacing
        first = self._draw(self._pacing.first_delta)
        usual = (
            self._pacing.created_by_turn if self.order.by_turn else self._pacing.created_by_client
        )
        await self._stage.clock.sleep_until(self._asked_at + min(first, self._draw(usual)))
        self._begin()
        await self._stage.clock.sleep_until(self._asked_at + first)
        self._end(reply, complete=await self._perform(reply))

    def begin_to_close(self) -> None:
        """Ends it early. `run` must be cancelled first; `close` does the rest."""
        if self.state is State.REQUESTED:
            self._begin()
        self.state = State.CLOSING

    async def close(self, reason: CutReason) -> None:
        """Some more deltas, which were on their way already, then the end."""
        self.cut_reason = reason
        late = self._stage.dice.randint(*self._pacing.late_deltas)
        pause = self._draw(self._pacing.cut) / (late + 1)
        for _ in range(late):
            if self._open is None or self._open.advance() is None:
                break
            await self._stage.clock.sleep(pause)
        await self._stage.clock.sleep(pause)
        self._close_item("incomplete")
        self._finish("cancelled", {"type": "cancelled", "reason": reason})

    def _begin(self) -> None:
        self.state = State.ACTIVE
        self._stage.emit("response.created", response=self._wire("in_progress", None, None))
        self._stage.response_begins(self)

    async def _perform(self, reply: Reply) -> bool:
        """Whether all of the reply left."""
        rest_ms = self._allowed_ms(reply)
        for output in reply.output:
            if rest_ms is not None and rest_ms <= 0:
                return False
            made = await self._produce(output, rest_ms)
            if made.cut_short:
                return False
            if rest_ms is not None:
                rest_ms -= made.item.audio_ms
        return True

    def _allowed_ms(self, reply: Reply) -> int | None:
        if isinstance(reply.ending, Failed | Incomplete):
            return reply.ending.after_ms
        if isinstance(self.order.max_output_tokens, int):
            return self.order.max_output_tokens * _MS_PER_OUTPUT_TOKEN
        return None

    async def _produce(self, output: Say | UseTool, allowed_ms: int | None) -> Output:
        made = self._made(output, allowed_ms)
        self._open_item(made)
        left, pause_ms = self._burst(), 0.0
        while (worth_ms := made.advance()) is not None:
            pause_ms += worth_ms
            left -= 1
            if left <= 0:
                await self._pause(pause_ms)
                left, pause_ms = self._burst(), 0.0
        self._close_item("incomplete" if made.cut_short else "completed")
        return made

    def _made(self, output: Say | UseTool, allowed_ms: int | None) -> Output:
        place = Place(self.order.id, len(self.items))
        if isinstance(output, UseTool):
            return Calling(self._stage, place, output)
        if self.order.text_only:
            return Writing(self._stage, place, output.text)
        return Utterance(
            self._stage,
            place,
            output.text,
            speech(output.text, self.order.voice_name),
            self.order.audio_format,
            self._pacing.delta_ms,
            self._stage.dice,
            allowed_ms,
        )

    def _burst(self) -> int:
        return self._stage.dice.randint(*self._pacing.burst)

    async def _pause(self, worth_ms: float) -> None:
        """Even without pauses the other sessions get their turn."""
        times = self._pacing.times_real_time
        await self._stage.clock.sleep(worth_ms / 1000 / self._draw(times) if times else 0)

    def _draw(self, between: Range) -> float:
        return self._stage.dice.uniform(*between)

    def _open_item(self, made: Output) -> None:
        self._open = made
        self.items.append(made.item)
        blank = made.item.wire()
        if "content" in blank:
            blank["content"] = []
        self._emit_item("response.output_item.added", blank)
        if self.order.in_conversation:
            previous = self._stage.conversation.append(made.item)
            self._stage.emit("conversation.item.added", previous_item_id=previous, item=blank)
        made.open()

    def _close_item(self, status: str) -> None:
        made, self._open = self._open, None
        if made is None:
            return
        made.close()
        made.item.body["status"] = status
        if self.order.in_conversation:
            previous = self._stage.conversation.before(made.item)
            self._stage.emit(
                "conversation.item.done", previous_item_id=previous, item=made.item.wire()
            )
        self._emit_item("response.output_item.done", made.item.wire())

    def _emit_item(self, kind: str, item: Json) -> None:
        self._stage.emit(
            kind, response_id=self.order.id, output_index=len(self.items) - 1, item=item
        )

    def _end(self, reply: Reply, *, complete: bool) -> None:
        match reply.ending:
            case Failed(code, message):
                error = {"type": code, "code": code, "message": message}
                self._finish("failed", {"type": "failed", "error": error})
            case Incomplete(reason):
                self._finish("incomplete", {"type": "incomplete", "reason": reason})
            case Completed() if not complete:
                details = {"type": "incomplete", "reason": "max_output_tokens"}
                self._finish("incomplete", details)
            case Completed():
                self._finish("completed", None)

    def _finish(self, status: str, details: Json | None) -> None:
        self.state = State.OVER
        usage = self._stage.usage_of(self.order, self.items)
        self._stage.emit("response.done", response=self._wire(status, details, usage))
        self._stage.response_is_over(self)

    def _wire(self, status: str, details: Json | None, usage: Json | None) -> Json:
        order = self.order
        return {
            "object": "realtime.response",
            "id": order.id,
            "conversation_id": self._stage.conversation.id if order.in_conversation else None,
            "status": status,
            "status_details": details,
            "output": [item.wire() for item in self.items],
            "output_modalities": ["text"] if order.text_only else ["audio"],
            "audio": {"output": {"format": order.audio_format, "voice": order.voice}},
            "max_output_tokens": order.max_output_tokens,
            "metadata": order.metadata,
            "usage": usage,
        }
