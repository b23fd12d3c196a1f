"""What goes wrong with requests to the carrier's REST interface: scripted, by lot, by number."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RestFault:
    """What happens to one request. By default nothing out of the ordinary."""

    accept: bool = True  # it is carried out (the telephone rings), whatever the answer says
    then: Literal["answer", "hang", "reset", "garbage"] = "answer"
    status: int = 0  # of the error in the answer; none: no error
    code: int = 0
    after_s: float = 0.0  # passes before anything happens, whether or not the client still waits
    answer_after_s: float = 0.0  # passes once it is carried out: callbacks come before the answer
    hang_s: float | None = None  # then the connection is reset; None: hangs as long as the client
    queue_s: float = 0.0  # the call waits for so long before it is dialled

    def __post_init__(self) -> None:
        if not self.accept and self.then == "answer" and not self.status:
            raise ValueError("what is refused has an error for its answer")


NO_FAULT = RestFault()
ACCEPT_500 = RestFault(status=500, code=20500)
ACCEPT_503 = RestFault(status=503, code=20503)
ACCEPT_HANG = RestFault(then="hang")
ACCEPT_RESET = RestFault(then="reset")
ACCEPT_GARBAGE = RestFault(then="garbage")
REFUSE_429 = RestFault(accept=False, status=429, code=20429)
REFUSE_500 = RestFault(accept=False, status=500, code=20500)
REFUSE_503 = RestFault(accept=False, status=503, code=20503)
REFUSE_HANG = RestFault(accept=False, then="hang")
REFUSE_RESET = RestFault(accept=False, then="reset")

FAULTS = {
    "none": NO_FAULT,
    "accept_500": ACCEPT_500,
    "accept_503": ACCEPT_503,
    "accept_hang": ACCEPT_HANG,
    "accept_reset": ACCEPT_RESET,
    "accept_garbage": ACCEPT_GARBAGE,
    "refuse_429": REFUSE_429,
    "refuse_500": REFUSE_500,
    "refuse_503": REFUSE_503,
    "refuse_hang": REFUSE_HANG,
    "refuse_reset": REFUSE_RESET,
    "refuse_20003": RestFault(accept=False, status=401, code=20003),
    "refuse_21210": RestFault(accept=False, status=400, code=21210),
    "refuse_21211": RestFault(accept=False, status=400, code=21211),
    "refuse_21214": RestFault(accept=False, status=400, code=21214),
    "refuse_21215": RestFault(accept=False, status=400, code=21215),
    "refuse_21216": RestFault(accept=False, status=400, code=21216),
    "refuse_21219": RestFault(accept=False, status=400, code=21219),
    "slow": NO_FAULT,
    "late_answer": NO_FAULT,
    "queue": NO_FAULT,
}


def slow(seconds: float) -> RestFault:
    return RestFault(after_s=seconds)


def late_answer(seconds: float) -> RestFault:
    return RestFault(answer_after_s=seconds)


def queued(seconds: float) -> RestFault:
    return RestFault(queue_s=seconds)


def draw(weights: Mapping[str, float], dice: random.Random) -> str:
    """One of the names, each as often as it weighs; nothing for what is missing to a whole."""
    left = dice.random() * max(1.0, sum(weights.values()))
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return ""


@dataclass(frozen=True, slots=True)
class FaultMix:
    """Faults by lot. The lot of a request hangs on the seed, on what it is about and on how often
    that was asked before: other requests do not change it, in whatever order they come.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    slow_s: Range = (0.05, 1.0)
    queue_s: Range = (5.0, 30.0)
    hang_s: float | None = None

    def __post_init__(self) -> None:
        unknown = set(self.weights) - set(FAULTS)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(sorted(unknown))}")

    def fault(self, about: str, attempt: int) -> RestFault:
        dice = random.Random(f"{self.seed} {about} {attempt}")
        name = draw(self.weights, dice) or "none"
        fault = replace(FAULTS[name], hang_s=self.hang_s)
        match name:
            case "slow":
                return replace(fault, after_s=dice.uniform(*self.slow_s))
            case "late_answer":
                return replace(fault, answer_after_s=dice.uniform(*self.slow_s))
            case "queue":
                return replace(fault, queue_s=dice.uniform(*self.queue_s))
        return fault


class FaultPlan:
    """Of one kind of request. What is in the queue comes first, then what a number is scripted for,
    then the lot.
    """

    def __init__(self) -> None:
        self.queue: deque[RestFault] = deque()  # one for each request to come
        self.mix = FaultMix()
        # By number: one for each request, the last of them for all that follow.
        self.numbers: dict[str, Sequence[RestFault]] = {}
        self._asked: Counter[str] = Counter()

    def script(self, mix: FaultMix, numbers: Mapping[str, Sequence[RestFault]]) -> None:
        """Takes the place of what was scripted before; the queue stays."""
        self.mix, self.numbers = mix, dict(numbers)
        self._asked.clear()

    def next(self, about: str = "") -> RestFault:
        if self.queue:
            return self.queue.popleft()
        if about not in self.numbers and not self.mix.weights:
            return NO_FAULT
        attempt = self._asked[about]
        self._asked[about] += 1
        script = self.numbers.get(about)
        if script:
            return script[min(attempt, len(script) - 1)]
        return self.mix.fault(about, attempt)
