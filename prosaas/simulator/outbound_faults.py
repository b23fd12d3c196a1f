"""What goes wrong with the callbacks of calls that the product asked for: by lot, for all of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.callbacks import CallbackFaults
from prosaas.simulator.rest_faults import Range, draw

VERDICT_FAULTS = frozenset({"late", "never", "twice", "after_the_end"})
_VERDICT = "amd"


@dataclass(frozen=True, slots=True)
class OutboundFaults:
    """The lot of a call hangs on the seed, its number and how often that was dialled before."""

    seed: int = 0
    drop_chance: float = 0.0
    repeat_chance: float = 0.0
    shuffle_s: float = 0.0  # each callback is held back by a random time up to this…
    delay_s: Range = (0.0, 0.0)  # …and all of a call by one that is drawn for it
    verdict: Mapping[str, float] = field(default_factory=dict)  # of the machine detection
    verdict_late_s: Range = (5.0, 15.0)
    answer_twice_chance: float = 0.0  # the request for the first document comes again…
    answer_twice: Literal["in turn", "at once"] = "at once"  # …behind or beside the first

    def __post_init__(self) -> None:
        unknown = set(self.verdict) - VERDICT_FAULTS
        if unknown:
            raise ValueError(f"unknown faults of a verdict: {', '.join(sorted(unknown))}")

    def faults(self, number: str, attempt: int) -> CallFaults:
        dice = random.Random(f"{self.seed} {number} {attempt}")
        verdict = draw(self.verdict, dice)
        twice = dice.random() < self.answer_twice_chance
        late = {_VERDICT: dice.uniform(*self.verdict_late_s)} if verdict == "late" else {}
        callbacks = CallbackFaults(
            drop=frozenset({_VERDICT} if verdict == "never" else ()),
            drop_chance=self.drop_chance,
            repeat={_VERDICT: 1} if verdict == "twice" else {},
            repeat_chance=self.repeat_chance,
            delay_s=late,
            delay_all_s=dice.uniform(*self.delay_s),
            shuffle_s=self.shuffle_s,
            after_the_end=frozenset({_VERDICT} if verdict == "after_the_end" else ()),
            seed=dice.getrandbits(32),
        )
        return CallFaults(callbacks=callbacks, webhook_twice=self.answer_twice if twice else "")


class FaultsByLot:
    def __init__(self, rule: OutboundFaults) -> None:
        self._rule = rule
        self._dialled: Counter[str] = Counter()

    def next(self, number: str) -> CallFaults:
        attempt = self._dialled[number]
        self._dialled[number] += 1
        return self._rule.faults(number, attempt)
