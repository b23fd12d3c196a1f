"""What the conversation looks like from the chair of whoever must answer it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from prosaas.simulator.model.caller import Caller
from prosaas.simulator.model.conversation import Conversation, Item
from prosaas.simulator.model.conversationalist import Heard, Situation, language_of
from prosaas.simulator.model.response import Order


async def situation_of(order: Order, conversation: Conversation, caller: Caller) -> Situation:
    items = list(conversation) if order.input is None else list(order.input)
    unanswered = list(takewhile(lambda item: not _is_spoken_by_model(item), reversed(items)))
    asked = [item for item in unanswered if item.role == "user"]
    return Situation(
        instructions=order.instructions,
        asked=order.asked,
        tools=order.tools,
        heard=await _heard(asked[0], caller) if asked else None,
        note=unanswered[0].text if unanswered and unanswered[0].role == "system" else "",
        has_spoken=len(unanswered) < len(items),
        tools_answered=_tools_answered(unanswered, items),
        last_language=await _last_language(reversed(items), caller),
    )


def _is_spoken_by_model(item: Item) -> bool:
    return item.role == "assistant"


def _tools_answered(unanswered: Iterable[Item], items: Iterable[Item]) -> tuple[str, ...]:
    names = {
        item.body["call_id"]: str(item.body["name"])
        for item in items
        if item.type == "function_call"
    }
    outputs = [item.body["call_id"] for item in unanswered if item.type == "function_call_output"]
    return tuple(names.get(call_id, "") for call_id in outputs)


async def _heard(item: Item, caller: Caller) -> Heard:
    recognised = await caller.understanding_of(item)
    if recognised is None:
        return Heard(item.text, language_of(item.text))
    return Heard(recognised.text, recognised.language)


async def _last_language(items: Iterable[Item], caller: Caller) -> str:
    """Noises and unknown speech have none: the caller keeps the one spoken before."""
    for item in items:
        if item.role == "user" and (language := (await _heard(item, caller)).language):
            return language
    return ""
