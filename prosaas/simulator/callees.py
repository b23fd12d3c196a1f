"""Who picks up when a number is dialled: by number, by lot, or always the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from prosaas.simulator import called_people, people
from prosaas.simulator.call_plan import Callee, Outcome
from prosaas.simulator.rest_faults import Range, draw

_OUTCOMES: dict[str, Outcome] = {
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}


def callee_named(name: str, language: str) -> Callee:
    """An outcome, a person of `people`, or one of those who are there to be called."""
    if name in _OUTCOMES:
        return Callee(outcome=_OUTCOMES[name])
    if name == "answered":
        return Callee()
    if name in people.PEOPLE:
        return Callee(person=people.PEOPLE[name](language))
    if name not in called_people.CALLEES:
        raise ValueError(f"callee: {name!r} is none of {', '.join(sorted(NAMES))}")
    return called_people.CALLEES[name](language)


NAMES = frozenset({"answered", *_OUTCOMES, *people.PEOPLE, *called_people.CALLEES})


@dataclass(frozen=True, slots=True)
class CalleeMix:
    """Callees by lot. The lot hangs on the seed, the number and how often it was dialled before."""

    weights: Mapping[str, float]
    seed: int = 0
    ring_s: Range = (1.0, 3.0)
    talks_s: Range | None = None  # then hangs up; None: when the person's script says so
    languages: tuple[str, ...] = ("en",)
    changes: Mapping[str, object] = field(default_factory=dict)  # to whatever callee is drawn

    def __post_init__(self) -> None:
        for name in self.weights:
            callee_named(name, self.languages[0])

    def callee(self, number: str, attempt: int) -> Callee:
        dice = random.Random(f"{self.seed} {number} {attempt}")
        name = draw(self.weights, dice) or "answered"
        callee = callee_named(name, dice.choice(self.languages))
        changes: dict[str, object] = {"ring_s": dice.uniform(*self.ring_s)}
        if self.talks_s is not None:
            changes["hangs_up_after_s"] = dice.uniform(*self.talks_s)
        return replace(callee, **(changes | dict(self.changes)))  # type: ignore[arg-type]


class Directory:
    """Every number of the world."""

    def __init__(self) -> None:
        self.numbers: dict[str, Callee] = {}
        self.mix: CalleeMix | None = None
        self.otherwise = Callee()
        self._dialled: Counter[str] = Counter()

    def pick(self, number: str) -> Callee:
        """Who picks up this time."""
        if number in self.numbers or self.mix is None:
            return self.numbers.get(number, self.otherwise)
        attempt = self._dialled[number]
        self._dialled[number] += 1
        return self.mix.callee(number, attempt)
