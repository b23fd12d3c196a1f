"""A call that comes to a media stream again: why, and what has been said in it so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from itertools import takewhile
from typing import Any, NamedTuple

from calls import twiml
from calls.engine.profile import PastItem, Resumption, Role
from calls.models import FAILED_TRANSFERS, Call, ToolCall, Transfer, Turn
from prompts.render import cut_at

# What a new session of the model is told of the old one: the latest of it, within these bounds.
MOST_ITEMS = 200
MOST_CHARACTERS = 20_000
# Of a tool's arguments, and of its result.
MOST_OF_A_TOOL = 500

NOT_UNDERSTOOD = "(not understood)"
CUT = "…"


class Moment(NamedTuple):
    at_ms: int
    item: PastItem


def stream_after(call: Call, number: int) -> str:
    """The document that opens the media stream behind number `number`."""
    following = number + 1
    return twiml.connect(
        call_id=call.pk, number=following, token=call.token(following), language=call.language
    )


def resumption_of(call: Call) -> Resumption | None:
    """None for a call that begins, also when the streams before never came to an agent."""
    if call.stream_number == 0:
        return None
    transfers = Transfer.objects.for_business(call.business_id).filter(call=call)
    left_for = transfers.after_stream(call.stream_number - 1).first()
    if left_for and left_for.status in FAILED_TRANSFERS:
        return Resumption(left_for.status)
    return Resumption.PROCESS_LOST if call.counters.get("taken_up") else None


def past_of(call: Call) -> tuple[PastItem, ...]:
    """The conversation so far, oldest first. Turns that the agent did not go by are left out."""
    moments = list(merge(_turns(call), _tool_calls(call), key=lambda moment: moment.at_ms))
    return _latest([moment.item for moment in moments])


def _latest(items: Sequence[PastItem]) -> tuple[PastItem, ...]:
    room = MOST_CHARACTERS

    def fits(item: PastItem) -> bool:
        nonlocal room
        room -= len(item.text)
        return room >= 0

    kept = list(takewhile(fits, reversed(items[-MOST_ITEMS:])))
    return tuple(reversed(kept))


def _turns(call: Call) -> Iterable[Moment]:
    turns = Turn.objects.for_business(call.business_id).filter(call=call, verdict="")
    for turn in reversed(turns.order_by("-position")[:MOST_ITEMS]):
        if item := _spoken(turn):
            yield Moment(turn.started_ms, item)


def _spoken(turn: Turn) -> PastItem | None:
    if turn.speaker == Turn.Speaker.CALLER:
        return PastItem(Role.CALLER, turn.text or NOT_UNDERSTOOD)
    text = heard_part(turn)
    return PastItem(Role.AGENT, text) if text else None


def heard_part(turn: Turn) -> str:
    """As much of the agent's text as its sound had been heard of, to the last whole word."""
    heard, generated = turn.heard_ms or 0, turn.generated_ms or 0
    if not turn.interrupted or heard >= generated:
        return turn.text
    text = cut_at(turn.text, len(turn.text) * heard // generated).rstrip()
    return f"{text}{CUT}" if text else ""


def _tool_calls(call: Call) -> Iterable[Moment]:
    tool_calls = ToolCall.objects.for_business(call.business_id).filter(call=call)
    began = call.answered_at or call.created_at
    for tool_call in reversed(tool_calls.order_by("-created_at")[:MOST_ITEMS]):
        yield Moment(
            _ms_between(began, tool_call.created_at), PastItem(Role.SYSTEM, _told(tool_call))
        )


def _ms_between(earlier: datetime, later: datetime) -> int:
    return round((later - earlier).total_seconds() * 1000)


def _told(tool_call: ToolCall) -> str:
    result = "no answer yet" if tool_call.result is None else _short(tool_call.result)
    return f"You called {tool_call.name} with {_short(tool_call.arguments)}. It answered: {result}"


def _short(value: Any) -> str:
    return cut_at(json.dumps(value, ensure_ascii=False), MOST_OF_A_TOOL)
