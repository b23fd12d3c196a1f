from __future__ import annotations

import asyncio
import time

import pytest

from prosaas.simulator.clock import Clock, ManualClock


def test_at_speed_one_it_is_the_clock_of_the_machine() -> None:
    assert Clock().now() == pytest.approx(time.monotonic(), abs=0.5)


async def test_a_fast_clock_wakes_early_in_real_time() -> None:
    clock = Clock(speed=1000)
    before = time.monotonic()
    await clock.sleep(60)
    assert time.monotonic() - before < 30
    assert clock.real_seconds(60) == 0.06


def test_a_clock_cannot_stand_still_or_run_backwards() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Clock(speed=0)


async def test_a_manual_clock_wakes_sleepers_in_order_at_their_own_moments() -> None:
    clock = ManualClock(start=100.0)
    woken: list[tuple[float, float]] = []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    async with asyncio.TaskGroup() as group:
        for seconds in (3.0, 1.0, 2.0):
            group.create_task(sleeper(seconds))
        await asyncio.sleep(0)
        await clock.advance(2.5)
        woken_so_far = list(woken)
        await clock.advance(1)
    assert woken_so_far == [(1.0, 101.0), (2.0, 102.0)]
    assert woken[-1] == (3.0, 103.0)
    assert clock.now() == 103.5


async def test_a_cancelled_timer_does_not_fire() -> None:
    clock, fired = ManualClock(), []
    timer = clock.call_at(1.0, lambda: fired.append("cancelled"))
    clock.call_at(1.0, lambda: fired.append("kept"))
    timer.cancel()
    await clock.advance(2)
    assert fired == ["kept"]
