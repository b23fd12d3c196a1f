"""The one clock of a simulation: every stand-in takes its time from it, never from the wall."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable
from typing import Protocol

_LOOP_TICK_S = 0.001


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock:
    """Simulated seconds. At speed 1 they equal `time.monotonic()`, which all processes of a
    machine share, so that the logs of two stand-ins can be laid beside each other.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("the speed of a clock must be above zero")
        self.speed = speed
        self._origin = time.monotonic()

    def now(self) -> float:
        return self._origin + (time.monotonic() - self._origin) * self.speed

    def real_seconds(self, seconds: float) -> float:
        """What a library that only knows real time must be told to wait."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    async def sleep_until(self, when: float) -> None:
        await self.sleep(when - self.now())

    @property
    def tick(self) -> float:
        """The timers of an event loop count milliseconds: nothing is on time more closely."""
        return _LOOP_TICK_S * self.speed

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """May be early or late by a tick: the callback looks at the clock itself."""
        # Whole ticks, since a loop that rounds down would come early and be asked again at once,
        # many times over.
        ticks = math.ceil((when - self.now()) / self.tick)
        return asyncio.get_running_loop().call_later(max(0, ticks) * _LOOP_TICK_S, callback)


class ManualClock(Clock):
    """Stands still until it is told to advance: tests of timing without waiting."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _ManualTimer]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + seconds)

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        timer = self.call_at(when, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Runs everything that falls due on the way, each at its own moment."""
        target = self._now + seconds
        while self._timers and self._timers[0][0] <= target:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            timer.fire()
            await _settle()
        self._now = target
        await _settle()


class _ManualTimer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def fire(self) -> None:
        if self._callback is not None:
            self._callback()


async def _settle() -> None:
    # A woken task may wake another one: a few turns of the loop let such a chain run out.
    for _ in range(10):
        await asyncio.sleep(0)
