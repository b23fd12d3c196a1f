"""Which faults a trial is made of. `all` is everything at once; each of the others is what one
weakening of the protocol cannot stand, and the protocol itself can.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.dial.scale import LIST_LAG_S
from bench.dial.steps import STEPS, Chances
from bench.dial.world_door import NOTHING_HEARD, Json


@dataclass(frozen=True, slots=True)
class Mix:
    steps: Mapping[str, Chances] = field(default_factory=dict)
    victims: int = (
        1_000_000  # of the dispatchers, in the order of their births, to whom that happens
    )
    rest: Mapping[str, float] = field(default_factory=dict)  # the lot of each request for a call
    reads: Mapping[str, float] = field(default_factory=dict)
    callbacks: Mapping[str, Any] = field(default_factory=dict)
    acts: Mapping[str, float] = field(default_factory=dict)  # of the nemesis, by weight
    act_every_s: float = 1.0
    owners_act: bool = True
    answered: bool = False  # whether somebody picks up now and then
    lag_s: float = LIST_LAG_S
    lag_varies: bool = False
    # The first requests for so many of the numbers are taken in so late, and never answered.
    late: float = 0.0
    late_s: float = 0.0

    def script(self, numbers: Sequence[str], seed: int) -> Json:
        dice = random.Random(f"script {seed}")
        slow: Json = {"after_s": self.late_s, "then": "reset"}
        late = [number for number in numbers if dice.random() < self.late]
        return {
            "seed": seed,
            "mix": dict(self.rest),
            "slow_s": [0.02, 0.3],
            "reads": {"seed": seed, "mix": dict(self.reads), "slow_s": [0.02, 0.5]},
            "numbers": {number: [slow, "none"] for number in late},
            "list_lag_s": self.lag_s,
            "list_lag_varies": self.lag_varies,
        }


ALL: Final = Mix(
    lag_varies=True,
    answered=True,
    steps={step: Chances(die=0.006) for step in STEPS}
    | {
        "after the intent": Chances(die=0.015, freeze=0.015, frozen_s=3.0),
        "before the look": Chances(die=0.006, freeze=0.008, frozen_s=1.0),
        "after the answer": Chances(die=0.015, freeze=0.01, frozen_s=2.0),
    },
    rest={
        "accept_500": 0.04,
        "refuse_500": 0.03,
        "accept_hang": 0.02,
        "refuse_hang": 0.01,
        "accept_reset": 0.04,
        "refuse_reset": 0.03,
        "accept_garbage": 0.03,
        "refuse_429": 0.04,
        "refuse_21211": 0.01,
        "slow": 0.05,
        "late_answer": 0.05,
    },
    reads={"refuse_500": 0.05, "refuse_429": 0.03, "slow": 0.1, "accept_garbage": 0.02},
    act_every_s=1.3,
    callbacks={
        "drop_chance": 0.15,
        "repeat_chance": 0.1,
        "shuffle_s": 0.4,
        "delay_s": [0.0, 0.4],
    },
    acts={
        "kill a dialler": 5,
        "freeze a dialler": 3,
        "kill a watcher": 1,
        "freeze a watcher": 1,
        "take a proof of life": 2,
        "kill a web server": 1.5,
        "restart PostgreSQL": 1,
        "restart Valkey": 0.7,
        "refuse the list": 1,
        "lose all callbacks": 1,
    },
)

# A call that was taken is not in the list for so long: close to `settle_s`, and still below it.
LONG_LAG_S: Final = 2.0
# Held up for longer than it takes until the attempt was given up and is made again.
LONG_FROZEN_S: Final = 8.0

MIXES: Final[Mapping[str, Mix]] = {
    "all": ALL,
    "settle": Mix(
        callbacks=NOTHING_HEARD, owners_act=False, lag_s=LONG_LAG_S, late=0.4, late_s=2.4
    ),
    "lease": Mix(
        victims=2,
        callbacks=NOTHING_HEARD,
        owners_act=False,
        steps={"after the look": Chances(freeze=0.3, frozen_s=LONG_FROZEN_S, alone=True)},
    ),
    "guard": Mix(
        victims=2,
        callbacks=NOTHING_HEARD,
        owners_act=False,
        steps={
            "before the look": Chances(
                freeze=0.25, frozen_s=LONG_FROZEN_S, forlorn=True, alone=True
            )
        },
    ),
    "crash": Mix(
        answered=True,
        rest={"accept_500": 0.03, "accept_reset": 0.03},
        callbacks={"drop_chance": 0.1},
        owners_act=False,
    ),
}
