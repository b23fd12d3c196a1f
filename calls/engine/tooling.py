"""What comes of a tool that the model has called."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class ToolEffect(StrEnum):
    """What a tool has done to the call itself, beside answering."""

    NONE = "none"
    TRANSFER = "transfer"  # the caller leaves the agent as soon as the last word is heard


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    output: str = field(repr=False)  # JSON, for the model
    succeeded: bool
    effect: ToolEffect = ToolEffect.NONE


class ToolRunner(Protocol):
    """Runs the tools of one call. Never raises, and answers within its deadline of 4 s.

    `tool_call_id` is executed once, however often it is asked for: a second time gets what the
    first one got. `arguments` is what the model wrote, JSON or not.
    """

    async def run(self, tool_call_id: str, name: str, arguments: str) -> ToolOutcome: ...
