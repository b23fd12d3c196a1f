from __future__ import annotations

import asyncio
from collections import Counter

from prosaas.simulator.clock import Clock


class Tally:
    """Counts events by their type, and lets somebody wait for the next one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._waiting: list[tuple[str, int, asyncio.Future[None]]] = []

    def __getitem__(self, kind: str) -> int:
        return self._counts[kind]

    def mark(self, kind: str) -> None:
        self._counts[kind] += 1
        for awaited, seen, happened in self._waiting:
            if awaited == kind and self._counts[kind] > seen and not happened.done():
                happened.set_result(None)

    async def exceeds(self, kind: str, seen: int, patience: float) -> bool:
        """Waits until there are more than `seen` events of a kind, or for `patience` seconds."""
        if self._counts[kind] > seen or patience <= 0:
            return self._counts[kind] > seen
        happened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (kind, seen, happened)
        self._waiting.append(entry)
        timer = self._clock.call_at(self._clock.now() + patience, happened.cancel)
        try:
            await asyncio.wait((happened,))
        finally:
            timer.cancel()
            self._waiting.remove(entry)
        return self._counts[kind] > seen
