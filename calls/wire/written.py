"""A session of the Realtime API that writes instead of speaking, for tests of a prompt by hand.

OpenAI API reference, "Realtime": `output_modalities` is text alone, so no format is agreed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from calls.wire import realtime
from calls.wire.fields import Ignored, Json, MalformedError, text

WRITTEN = "response.output_text.done"


@dataclass(frozen=True, slots=True)
class TextWritten:
    """One piece of a response's text, whole."""

    text: str


Inbound = realtime.Inbound | TextWritten


def decode(message: bytes) -> Inbound:
    """One server event. Never raises."""
    try:
        parsed = orjson.loads(message)
        if isinstance(parsed, dict) and parsed.get("type") == WRITTEN:
            return TextWritten(text(parsed, "text"))
    except (orjson.JSONDecodeError, MalformedError):
        return Ignored("model.json")
    return realtime.decode(message)


def session_update(instructions: str, tools: Sequence[Json], event_id: str) -> bytes:
    session = {
        "type": "realtime",
        "output_modalities": ["text"],
        "instructions": instructions,
        "tools": list(tools),
        "tool_choice": "auto",
    }
    return orjson.dumps({"type": "session.update", "event_id": event_id, "session": session})


def request_response(request_id: str, *, words_only: bool = False) -> bytes:
    response: Json = {"metadata": {"request": request_id}, "output_modalities": ["text"]}
    if words_only:
        response["tool_choice"] = "none"
    return orjson.dumps({"type": "response.create", "event_id": request_id, "response": response})
