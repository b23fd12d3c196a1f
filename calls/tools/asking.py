"""What a tool is asked, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from calls.engine.tooling import ToolEffect, ToolOutcome
from calls.json_schema import Schema, Violation, check_value
from calls.models import Call

LONGEST_OUTPUT: Final = 4000
LONGEST_ARGUMENTS: Final = 16_384
LONGEST_REASON: Final = 500

# The engine's own ids for a key that was pressed; the model's begin with call_.
PRESSED: Final = "key_"


@dataclass(frozen=True, slots=True)
class Asked:
    """One execution. Business and lead are those of the call, whatever the model says."""

    call: Call
    tool_call_id: str
    arguments: Mapping[str, Any] = field(repr=False)
    now: datetime

    @property
    def by_key(self) -> bool:
        return is_key(self.tool_call_id)


def is_key(tool_call_id: str) -> bool:
    return tool_call_id.startswith(PRESSED)


@dataclass(frozen=True, slots=True)
class Answer:
    content: Mapping[str, Any] = field(repr=False)
    succeeded: bool = True
    effect: ToolEffect = ToolEffect.NONE

    @property
    def outcome(self) -> ToolOutcome:
        return ToolOutcome(as_output(self.content), self.succeeded, self.effect)


class Refused(Exception):  # noqa: N818 - told to the model, not to us
    """It is not done. The text says why, and what the model should do next."""


def refusal(reason: str) -> Answer:
    return Answer({"error": reason[:LONGEST_REASON]}, succeeded=False)


NOT_KNOWN: Final = refusal(
    "It is not known whether this was done. Do not do it again. "
    "Tell the caller that it will be checked."
)
NOT_NOW: Final = refusal(
    "This could not be done just now, and nothing was changed. "
    "Say so in one sentence and offer to take a message."
)


def as_output(content: object) -> str:
    """In one order: a stored answer comes back from the database with its keys in another."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def read_arguments(written: str, schema: Schema) -> dict[str, Any]:
    """What the model wrote, as its tool wants it. Raises `Refused`."""
    again = "Call the tool again with arguments that follow its parameters."
    value = readable(written)
    if not isinstance(value, dict):
        raise Refused(f"The arguments are not a JSON object. {again}")
    given = {name: child for name, child in value.items() if child is not None}
    try:
        check_value(given, schema)
    except Violation as violation:
        raise Refused(f"{str(violation)[: LONGEST_REASON - 100]}. {again}") from violation
    return given


def readable(written: str) -> Any:
    """JSON that a column can hold; None where it is not JSON, or more than anybody would say."""
    if len(written) > LONGEST_ARGUMENTS:
        return None
    try:
        value = orjson.loads(written)
        orjson.dumps(value)  # it reads deeper nesting than it writes, and Django less than both
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return without_nul(value)


def without_nul(value: Any) -> Any:
    """PostgreSQL stores every character but one."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(child) for child in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(child) for name, child in value.items()}
    return value
