"""A conversation as a page shows it."""

from __future__ import annotations

from django.db.models import Q

from calls.models import Call, ToolCall, Turn

# Of what is said in a call, the latest: more than an hour of talk.
MOST_TURNS = 300
MOST_TOOLS = 50


def turns_of(call: Call, most: int = MOST_TURNS) -> list[Turn]:
    """The latest, in their order. A sound that the agent did not go by is none. Inside a scope."""
    turns = Turn.objects.for_business(call.business_id).filter(call=call, verdict="")
    silent = Q(speaker=Turn.Speaker.AGENT, text="")
    return list(reversed(turns.exclude(silent).order_by("-position")[:most]))


def tools_of(call: Call) -> list[ToolCall]:
    used = ToolCall.objects.for_business(call.business_id).filter(call=call)
    return list(used.order_by("created_at", "pk")[:MOST_TOOLS])
