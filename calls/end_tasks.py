from __future__ import annotations

import asyncio
from typing import Any, Final

AGAIN_AFTER_S: Final = 1.0


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancelled until they are over; what they came to is nobody's business any more.

    Once is not always enough. `asyncio.wait_for` of Python 3.11, by which the client of Redis writes,
    returns a result that has come at the same moment instead of the cancellation, and a loop around
    it would go on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_AFTER_S)
    await asyncio.gather(*tasks, return_exceptions=True)
