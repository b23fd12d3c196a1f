"""An event loop whose time passes only while everybody waits: half an hour is over at once."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class Jump(selectors.DefaultSelector):
    """Instead of waiting for the next timer, it moves the clock there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits, and nothing is there to wake anybody")
        self.now += max(0.0, timeout)
        return super().select(0)


class ClockworkLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = Jump()
        self.faults: list[dict[str, Any]] = []
        super().__init__(self.clock)
        self.set_exception_handler(lambda _loop, context: self.faults.append(context))

    def time(self) -> float:
        return self.clock.now

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that would still ring."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return [timer for timer in scheduled if not timer.cancelled()]
