"""The tools that the model may call, as the session offers them."""

from __future__ import annotations

from typing import Any, Final

from calls.engine.tool_desk import END_CALL

OFFERED: Final[tuple[dict[str, Any], ...]] = (
    {
        "type": "function",
        "name": END_CALL,
        "description": (
            "Hang up. Use it only after you have said goodbye, when the caller has said goodbye "
            "or has nothing more to ask. Say the goodbye first, in the same turn."
        ),
        "parameters": {
            "type": "object",
            "properties": {
                "reason": {"type": "string", "description": "Why the call ends, in a few words."}
            },
            "required": ["reason"],
            "additionalProperties": False,
        },
    },
)
