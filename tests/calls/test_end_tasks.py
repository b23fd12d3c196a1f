from __future__ import annotations

import asyncio

import pytest

from calls import end_tasks as module
from calls.end_tasks import end_tasks


async def deaf(times: int) -> None:
    """Takes so many cancellations for nothing, as a loop around `asyncio.wait_for` may."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


async def broken() -> None:
    raise ZeroDivisionError


async def test_whoever_misses_a_cancellation_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_AFTER_S", 0.01)
    tasks = [asyncio.create_task(each) for each in (deaf(2), deaf(0), broken())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await end_tasks(*tasks)
    assert [task.cancelled() for task in tasks] == [True, True, False]


async def test_who_is_over_is_left_as_he_is() -> None:
    done = asyncio.create_task(asyncio.sleep(0, "done"))
    await done
    await end_tasks(done)
    await end_tasks()
    assert done.result() == "done"
