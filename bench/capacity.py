"""How many calls one core carries: more and more of them, until one frame in a hundred is late."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench.results import Result

LATE_MS = 20.0
FIRST = 40
GROWTH = 1.5
# Between what went well and what did not, as a share: closer is beyond what can be told apart.
CLOSE = 0.10
# What a stand-in that is not idle some of the time sends and stamps late itself.
STAND_INS_FULL = 0.90
CARRIER_LATE_MS = 10.0


@dataclass(frozen=True, slots=True)
class Capacity:
    candidate: str
    calls: int  # the most that went well; 0 when nothing did
    p99_ms: float
    busy: float
    strangers: float
    limit: str  # what ended it

    def __str__(self) -> str:
        at = f"p99 {self.p99_ms:.2f} ms, its core {self.busy:.0%} busy, others {self.strangers:.0%}"
        return f"{self.candidate}: {self.calls} calls ({at}); {self.limit}"


def find_capacity(candidate: str, attempt: Callable[[int], Result], most: int) -> Capacity:
    """`attempt(calls)` is one trial. One that fails is repeated: the machine may have hiccupped."""
    good: Result | None = None
    reached, failed, calls = 0, most + 1, FIRST
    limit = f"more than {most} were not tried"
    while failed - reached > CLOSE * failed:
        result = attempt(calls)
        if not holds(result):
            result = attempt(calls)
        if holds(result):
            good, reached = result, calls
        else:
            failed, limit = calls, why(result)
        calls = following(reached, failed, most)
    if good is None:
        return Capacity(candidate, 0, math.nan, math.nan, math.nan, limit)
    return Capacity(candidate, reached, good.delay_ms.p99, good.busy, good.strangers, limit)


def holds(result: Result) -> bool:
    return result.delay_ms.p99 <= LATE_MS and not (result.faults or result.unconnected)


def following(good: int, failed: int, most: int) -> int:
    """Up by a half until something fails, then into the middle."""
    if failed > most:
        return min(most, max(FIRST, int(good * GROWTH)))
    return (good + failed) // 2


def why(result: Result) -> str:
    """Whose limit it was. Where the stand-ins gave out first, it is not the candidate's."""
    what = f"with {result.calls} p99 was {result.delay_ms.p99:.1f} ms, {result.faults} frames lost"
    if result.stand_ins >= STAND_INS_FULL or result.carrier_lag_p99_ms > CARRIER_LATE_MS:
        return (
            f"{what}, but the STAND-INS were at their end ({result.stand_ins:.0%} of their core, "
            f"{result.carrier_lag_p99_ms:.0f} ms late themselves): it may carry more"
        )
    return f"{what}, its core {result.busy:.0%} busy"
