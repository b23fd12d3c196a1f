"""The figures as a table: each candidate's runs as min, median and max, and the ratio of medians."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Spread, spread
from bench.results import Result

# Beyond this share of the measured core the figures tell of somebody else's work as well.
DISTURBED = 0.10
WIDTH = 46


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    figure: Callable[[Result], float]
    compared: bool = False


ROWS: tuple[Row, ...] = (
    Row("caller's frame to the model, p50 ms", lambda one: one.delay_ms.p50, compared=True),
    Row("    p95 ms", lambda one: one.delay_ms.p95, compared=True),
    Row("    p99 ms", lambda one: one.delay_ms.p99, compared=True),
    Row("    max ms", lambda one: one.delay_ms.max),
    Row("    p99 of the worst call, ms", lambda one: one.worst_call_p99_ms),
    Row("processor, ms a call-second", lambda one: one.processor_ms, compared=True),
    Row("`start` to `session.update`, one call, max ms", lambda one: one.setup_ms.max),
    Row("    while all others ring as well", lambda one: one.setup_together_ms.max),
    Row("first delta to first frame, one call, max ms", lambda one: one.first_sound_ms.max),
    Row("    while all others ring as well", lambda one: one.first_sound_together_ms.max),
    Row("furthest ahead of the ear, ms", lambda one: one.furthest_ahead_ms),
    Row("caller's frames lost, repeated, out of order", lambda one: one.faults),
    Row("calls not heard complete and in order", lambda one: one.spoilt),
    Row("playback ran dry", lambda one: one.dry_gaps),
    Row("the measured core: busy with it, %", lambda one: one.busy * 100),
    Row("    with strangers and the kernel, %", lambda one: one.strangers * 100),
    Row("    taken away by the machine below, %", lambda one: one.stolen * 100),
    Row("both stand-ins on the other core, %", lambda one: one.stand_ins * 100),
    Row("carrier's own lag, p99 ms", lambda one: one.carrier_lag_p99_ms),
)


def table(runs: Mapping[str, Sequence[Result]]) -> str:
    """The first candidate is the one in question, the second what it is compared with."""
    names = list(runs)
    head = " " * WIDTH + "".join(f"{name:^30}" for name in names)
    under = " " * WIDTH + f"{'min':>10}{'median':>10}{'max':>10}" * len(names)
    if len(names) > 1:
        under += f"{'ratio':>8}"
    return "\n".join([head, under, *(_line(row, list(runs.values())) for row in ROWS)])


def _line(row: Row, runs: Sequence[Sequence[Result]]) -> str:
    spreads = [spread([row.figure(one) for one in each]) for each in runs]
    return f"{row.text:<{WIDTH}}" + "".join(map(_columns, spreads)) + _ratio(row, spreads)


def _columns(figures: Spread) -> str:
    return "".join(f"{value:>10.2f}" for value in (figures.min, figures.median, figures.max))


def _ratio(row: Row, spreads: Sequence[Spread]) -> str:
    if not row.compared or len(spreads) < 2 or not spreads[1].median:
        return ""
    return f"{spreads[0].median / spreads[1].median:>8.2f}"


def disturbance(runs: Sequence[Result]) -> str:
    """A sentence about the others on the machine, empty when they were quiet."""
    worst = max(one.strangers + one.stolen for one in runs)
    if worst <= DISTURBED:
        return ""
    return (
        f"Others took up to {worst:.0%} of the measured core meanwhile: these figures are worse "
        "than the truth. Repeat them in a quieter moment."
    )
