"""The speaking side of a session: which responses run, and what they are about to say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from prosaas.simulator.model.caller import Caller
from prosaas.simulator.model.conversation import Item
from prosaas.simulator.model.conversationalist import reply_to, words_told
from prosaas.simulator.model.orders import order
from prosaas.simulator.model.refusal import RefusedError
from prosaas.simulator.model.response import CutReason, Order, Response, State
from prosaas.simulator.model.scenario import Reply, Scenario, say
from prosaas.simulator.model.session_object import Circumstances
from prosaas.simulator.model.situations import situation_of
from prosaas.simulator.model.usage import Piece, piece_of, preamble, usage
from prosaas.simulator.model.workings import Workings

Json = dict[str, Any]

_ASIDE = say("I am a stand-in and cannot judge this.")
_NOT_ACTIVE = RefusedError(
    "response_cancel_not_active", "Cancellation failed: no active response found"
)
_RATE_LIMITS: list[Json] = [
    {"name": "requests", "limit": 1000, "remaining": 999, "reset_seconds": 0.06},
    {"name": "tokens", "limit": 200_000, "remaining": 195_000, "reset_seconds": 1.5},
]


@dataclass(slots=True)
class _Running:
    response: Response
    scripted: Reply | None
    context: list[Piece]
    """As it was when the response was accepted."""
    task: asyncio.Task[None]


class Responder:
    def __init__(self, workings: Workings, caller: Caller, session: Json) -> None:
        self.clock = workings.clock
        self.dice = workings.dice
        self.conversation = workings.conversation
        self.scenario = Scenario()
        self.session = session
        self._outlet = workings.outlet
        self._log = workings.log
        self._spawn = workings.spawn
        self._caller = caller
        self._running: dict[str, _Running] = {}
        self._replies_used = 0
        self._asides_used = 0
        self._turn_waits = False
        self._last_context: list[Piece] = []

    @property
    def active(self) -> Response | None:
        """The one that writes to the default conversation."""
        responses = (running.response for running in self._running.values())
        return next((each for each in responses if each.order.in_conversation), None)

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(
            audio_was_emitted=bool(self._log.spoken), response_is_active=self.active is not None
        )

    def create(self, wanted: Json, *, by_turn: bool = False) -> None:
        ordered = order(
            self.session, wanted, self.conversation, self.circumstances, by_turn=by_turn
        )
        if ordered.in_conversation and (active := self.active) is not None:
            raise RefusedError(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {active.order.id}. "
                "Wait until the response is finished before creating a new one.",
            )
        response = Response(self, ordered, self.scenario.pacing)
        self._running[ordered.id] = _Running(
            response,
            self._next_scripted(ordered),
            self._context_of(ordered),
            self._spawn(response.run()),
        )

    def create_for_turn(self) -> None:
        active = self.active
        if active is not None and active.state is State.CLOSING:
            self._turn_waits = True
            return
        try:
            self.create({}, by_turn=True)
        except RefusedError as refusal:
            self._outlet.refuse(refusal, None)

    def cancel(self, response_id: str | None) -> None:
        cancellable = [
            running
            for running in self._running.values()
            if running.response.state in (State.ACTIVE, State.CLOSING)
        ]
        if response_id is not None:
            named = [each for each in cancellable if each.response.order.id == response_id]
            if not named:
                raise _NOT_ACTIVE
            self._cut(named[0], "client_cancelled")
        elif not cancellable:
            raise _NOT_ACTIVE
        elif len(cancellable) == 1:
            self._cut(cancellable[0], "client_cancelled")
        # With several running, a cancel without an id is reported to do nothing at all.

    def interrupt(self) -> None:
        """The caller speaks."""
        active = self.active
        if active is not None:
            self._cut(self._running[active.order.id], "turn_detected")

    def _cut(self, running: _Running, reason: CutReason) -> None:
        if running.response.state is State.CLOSING:
            return
        running.task.cancel()
        running.response.begin_to_close()
        running.task = self._spawn(running.response.close(reason))

    # What a response needs of its session

    def emit(self, kind: str, **fields: Any) -> None:
        self._outlet.emit(kind, **fields)

    def sent_audio(self, item_id: str, audio: bytes) -> None:
        self._log.sent_audio(item_id, audio)

    async def reply_to(self, ordered: Order) -> Reply:
        scripted = self._running[ordered.id].scripted
        if scripted is not None:
            return scripted
        if not ordered.in_conversation:
            told = words_told(ordered.asked)
            return _ASIDE if told is None else say(told)
        return reply_to(await situation_of(ordered, self.conversation, self._caller))

    def response_begins(self, response: Response) -> None:
        self._rate_limits("early")
        if response.order.in_conversation:
            self._caller.response_begins()

    def usage_of(self, ordered: Order, output: Sequence[Item]) -> Json:
        return usage(self._running[ordered.id].context, self._last_context, output)

    def response_is_over(self, response: Response) -> None:
        running = self._running.pop(response.order.id)
        self._rate_limits("late")
        if not response.order.in_conversation:
            return
        self._last_context = running.context
        if response.cut_reason == "turn_detected" and self.scenario.truncates_itself:
            self._truncate_half(response.items)
        self._caller.response_was_heard_out(sum(item.audio_ms for item in response.items))
        if self._turn_waits:
            self._turn_waits = False
            self.create_for_turn()

    def _truncate_half(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.audio_ms > 1 and not item.truncated:
                end_ms = item.audio_ms // 2
                item.truncate(end_ms)
                self.emit(
                    "conversation.item.truncated",
                    item_id=item.id,
                    content_index=0,
                    audio_end_ms=end_ms,
                )

    def _next_scripted(self, ordered: Order) -> Reply | None:
        if ordered.in_conversation:
            self._replies_used += 1
            return _nth(self.scenario.replies, self._replies_used)
        self._asides_used += 1
        return _nth(self.scenario.asides, self._asides_used)

    def _context_of(self, ordered: Order) -> list[Piece]:
        items: Iterable[Item] = self.conversation if ordered.input is None else ordered.input
        tools = orjson.dumps(ordered.tools).decode()
        return [preamble(ordered.instructions, tools), *map(piece_of, items)]

    def _rate_limits(self, moment: str) -> None:
        if self.scenario.rate_limits == moment:
            self.emit("rate_limits.updated", rate_limits=_RATE_LIMITS)


def _nth(replies: Sequence[Reply], number: int) -> Reply | None:
    return replies[number - 1] if number <= len(replies) else None
