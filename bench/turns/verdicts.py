"""What turn-taking has to hold over all situations, and whether it did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.figures import distribution, percentile
from bench.turns.judge import Outcome
from bench.turns.vocabulary import Right

# Faults of ours, whatever the situation. Others are the model's own.
OURS = (
    "response_cancel_not_active",
    "conversation_already_has_active_response",
    "input_audio_buffer_commit_empty",
    "unsupported_content_type",
    "item_truncate_invalid_item_id",
    "item_delete_invalid_item_id",
    "None",  # what a truncate beyond the end is refused with
)


@dataclass(frozen=True, slots=True)
class Pair:
    """When the answer began after the caller had ended, in the same situation at the same time."""

    name: str
    product_ms: float
    relay_ms: float

    @property
    def difference_ms(self) -> float:
        return self.product_ms - self.relay_ms


@dataclass(frozen=True, slots=True)
class Verdict:
    text: str
    measured: float
    limit: float
    of: int  # so many were measured

    @property
    def holds(self) -> bool:
        """What could not be measured holds nothing."""
        return self.of > 0 and not math.isnan(self.measured) and self.measured <= self.limit

    def __str__(self) -> str:
        word = "kept  " if self.holds else "MISSED"
        return f"{word}  {self.text}: {self.measured:.4g}, at most {self.limit:g} (of {self.of})"


def verdicts(outcomes: Sequence[Outcome], pairs: Sequence[Pair]) -> list[Verdict]:
    stops = _right(outcomes, Right.STOP, Right.HUSH)
    resumes = _right(outcomes, Right.RESUME)
    farewells = _right(outcomes, Right.FAREWELL)
    truncates = [truncate for one in outcomes for truncate in one.truncates]
    return [
        _count("situations that did not come about", outcomes, lambda one: not one.came_about),
        _worst(
            "candidate to silence at the caller's ear, ms",
            (one.candidate_to_silence_ms for one in stops),
            60,
        ),
        _count("missed stops", stops, lambda one: one.missed_stop),
        _sum("old audio after an interruption, ms", stops, lambda one: one.old_audio_ms),
        Verdict(
            "false stops, % of what is no reason to stop",
            100 * sum(one.false_stop for one in resumes) / max(1, len(resumes)),
            1,
            len(resumes),
        ),
        _worst(
            "verdict to the agent's next sound, ms",
            (ms for one in resumes for ms in one.resumed_after_ms),
            100,
            needed=False,
        ),
        _sum("audio lost in what was said, ms", outcomes, lambda one: one.lost_ms),
        _worst("audio repeated at once, ms", (one.repeated_ms for one in outcomes), 20),
        _sum("audio that nobody said, ms", outcomes, lambda one: one.foreign_ms),
        _worst(
            "truncate against the carrier's record, ms",
            (truncate.error_ms for truncate in truncates),
            20,
            needed=False,
        ),
        Verdict(
            "truncates at 0 or beyond the item",
            sum(not truncate.possible for truncate in truncates),
            0,
            len(outcomes),
        ),
        _sum("cut items of which the model was not told", outcomes, lambda one: one.untold),
        _sum("answers too many or missing", outcomes, lambda one: one.wrong_answers),
        _sum("items left by fillers and noises", outcomes, lambda one: one.stray_items),
        Verdict(
            "answer against the server's own turn-taking, median difference, ms",
            _median([pair.difference_ms for pair in pairs]),
            10,
            len(pairs),
        ),
        _sum("errors of the model that we caused", outcomes, _ours),
        _sum("farewell not heard, ms", farewells, lambda one: one.farewell_lost_ms),
        _worst(
            "last frame of the farewell to the hang-up, ms",
            (one.hung_up_after_ms for one in farewells),
            500,
        ),
        _worst(
            "`start` to the first frame of a stored greeting, ms",
            (one.greeted_after_ms for one in outcomes),
            100,
        ),
    ]


def errors_of(outcomes: Iterable[Outcome]) -> Counter[str]:
    return Counter(code for one in outcomes for code in one.errors)


def _ours(outcome: Outcome) -> int:
    return sum(code in OURS for code in outcome.errors)


def _right(outcomes: Sequence[Outcome], *rights: Right) -> list[Outcome]:
    return [one for one in outcomes if one.right in rights]


def _count(text: str, outcomes: Sequence[Outcome], is_so: Callable[[Outcome], bool]) -> Verdict:
    return Verdict(text, sum(map(is_so, outcomes)), 0, len(outcomes))


def _sum(text: str, outcomes: Sequence[Outcome], figure: Callable[[Outcome], float]) -> Verdict:
    return Verdict(text, sum(map(figure, outcomes)), 0, len(outcomes))


def _worst(
    text: str, figures: Iterable[float | None], limit: float, *, needed: bool = True
) -> Verdict:
    """Not needed: what never happened cannot have been late."""
    measured = [figure for figure in figures if figure is not None]
    if not measured and not needed:
        return Verdict(text, 0.0, limit, 1)
    return Verdict(text, distribution(measured).max, limit, len(measured))


def _median(values: Iterable[float]) -> float:
    return percentile(sorted(values), 50)
