"""The figures as a table: one line for each phase, and the situations in which something was wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.figures import Distribution, distribution
from bench.turns.judge import Outcome
from bench.turns.verdicts import Pair, errors_of
from bench.turns.vocabulary import Phase

# Beyond this the times tell of somebody else's work on the machine as well.
DISTURBED_MS = 15.0


@dataclass(frozen=True, slots=True)
class Column:
    head: str
    figure: Callable[[Sequence[Outcome]], str]


def _number(figure: Callable[[Outcome], float]) -> Callable[[Sequence[Outcome]], str]:
    return lambda outcomes: f"{sum(map(figure, outcomes)):.0f}"


def _spread(
    figure: Callable[[Outcome], Iterable[float | None]],
) -> Callable[[Sequence[Outcome]], str]:
    def shown(outcomes: Sequence[Outcome]) -> str:
        values = [value for one in outcomes for value in figure(one) if value is not None]
        return _shown(distribution(values))

    return shown


def _shown(figures: Distribution) -> str:
    if math.isnan(figures.p50):
        return "-"
    return f"{figures.p50:.0f}/{figures.max:.0f}"


COLUMNS: tuple[Column, ...] = (
    Column("calls", lambda outcomes: str(len(outcomes))),
    Column("false stops", _number(lambda one: one.false_stop)),
    Column("missed stops", _number(lambda one: one.missed_stop)),
    Column("onset to silence", _spread(lambda one: [one.onset_to_silence_ms])),
    Column("candidate to silence", _spread(lambda one: [one.candidate_to_silence_ms])),
    Column("old audio", _number(lambda one: one.old_audio_ms)),
    Column("held for", _spread(lambda one: one.pauses_ms)),
    Column("verdict to sound", _spread(lambda one: one.resumed_after_ms)),
    Column("lost", _number(lambda one: one.lost_ms)),
    Column("repeated", _number(lambda one: one.repeated_ms)),
    Column("answer after", _spread(lambda one: [one.answer_after_ms])),
    Column("truncate off by", _spread(lambda one: [each.error_ms for each in one.truncates])),
)


def table(outcomes: Sequence[Outcome]) -> str:
    """Milliseconds, as median/worst."""
    by_phase = {phase: [one for one in outcomes if one.phase is phase] for phase in Phase}
    rows = [
        ["", *(column.head for column in COLUMNS)],
        *(_row(str(phase), of_phase) for phase, of_phase in by_phase.items() if of_phase),
        _row("all", outcomes),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    return [name, *(column.figure(outcomes) for column in COLUMNS)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return f"{first[0]:<{first[1]}}" + "".join(f"  {cell:>{width}}" for cell, width in rest)


def faulty(outcomes: Sequence[Outcome]) -> str:
    """Each situation in which something was wrong, and what."""
    lines = [
        f"{one.name} -> {one.right}: {', '.join(one.faults)}" for one in outcomes if one.faults
    ]
    return "\n".join(lines) or "Nothing was wrong in any situation."


def errors(outcomes: Sequence[Outcome]) -> str:
    counted = errors_of(outcomes)
    if not counted:
        return "The model reported no error."
    told = ", ".join(f"{code} {count}" for code, count in counted.most_common())
    return f"Errors that the model reported: {told}"


def paired(pairs: Sequence[Pair]) -> str:
    if not pairs:
        return "No pair was measured."
    ours = distribution(pair.product_ms for pair in pairs)
    its = distribution(pair.relay_ms for pair in pairs)
    apart = distribution(pair.difference_ms for pair in pairs)
    return (
        f"Answer after the caller's end, {len(pairs)} pairs, median/worst ms: product {_shown(ours)}, "
        f"relay with the server's turn-taking {_shown(its)}, difference {_shown(apart)}"
    )


def disturbance(outcomes: Sequence[Outcome]) -> str:
    """A sentence about the others on the machine, empty when they were quiet."""
    lags = distribution(one.carrier_lag_ms for one in outcomes)
    if not lags.p50 > DISTURBED_MS:
        return ""
    return (
        f"The stand-in carrier's own frames were up to {_shown(lags)} ms late (median/worst call): "
        "these times are worse than the truth. Repeat them in a quieter moment.\n"
    )
