"""The tools of a test: looked up where that changes nothing, only shown where it would."""

from __future__ import annotations

import json
import uuid
from typing import Final

from calls.engine.tooling import ToolOutcome
from calls.tool_names import BuiltIn
from calls.tools.running import BusinessTools

HARMLESS: Final = frozenset({BuiltIn.CHECK_AVAILABILITY.value})
NOT_DONE: Final = ToolOutcome(
    json.dumps(
        {
            "test": True,
            "result": "This is a test by the owner of the business: nothing was really done. Go on "
            "as if it had worked.",
        }
    ),
    succeeded=True,
)


class TrialTools:
    """Whoever tries out the agent books, writes down and puts through nothing."""

    def __init__(self, *, business_id: uuid.UUID, call_id: uuid.UUID) -> None:
        self._real = BusinessTools(business_id=business_id, call_id=call_id)

    async def run(self, tool_call_id: str, name: str, arguments: str) -> ToolOutcome:
        if name in HARMLESS:
            return await self._real.run(tool_call_id, name, arguments)
        return NOT_DONE

    async def close(self) -> None:
        await self._real.close()
