from __future__ import annotations

import asyncio
import threading

import pytest

from calls.threads import off_loop


async def test_a_task_that_is_cancelled_while_the_thread_works_stays_cancelled() -> None:
    working, may_end = threading.Event(), threading.Event()

    def work() -> str:
        working.set()
        may_end.wait(5)
        return "done"

    task = asyncio.ensure_future(off_loop(work)())
    await asyncio.to_thread(working.wait, 5)
    task.cancel()
    may_end.set()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_function_raises_reaches_the_task() -> None:
    def work() -> None:
        raise LookupError("no row")

    with pytest.raises(LookupError):
        await off_loop(work)()
