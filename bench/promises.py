"""What the media path has to hold, and whether it did."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.candidates import QUERY_S
from bench.figures import spread
from bench.results import Result


@dataclass(frozen=True, slots=True)
class Promise:
    """At most `limit`: of times the median run, of faults every run."""

    text: str
    limit: float
    figure: Callable[[Result], float]
    unit: str = ""
    every_run: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    promise: Promise
    measured: float
    worst: float

    @property
    def holds(self) -> bool:
        """A figure that could not be measured holds nothing."""
        return not math.isnan(self.measured) and self.measured <= self.promise.limit

    def __str__(self) -> str:
        promise, unit = self.promise, f" {self.promise.unit}" if self.promise.unit else ""
        worst = "" if promise.every_run else f" (worst run {self.worst:.4g})"
        word = "kept  " if self.holds else "MISSED"
        return (
            f"{word}  {promise.text}: {self.measured:.4g}{worst}, at most {promise.limit:g}{unit}"
        )


PLAIN: tuple[Promise, ...] = (
    Promise("`start` to `session.update`, one call", 30, lambda one: one.setup_ms.max, "ms"),
    Promise(
        "first delta to the caller's first frame, one call",
        60,
        lambda one: one.first_sound_ms.max,
        "ms",
    ),
    Promise("caller's frame to the model, p50", 1, lambda one: one.delay_ms.p50, "ms"),
    Promise("caller's frame to the model, p99", 5, lambda one: one.delay_ms.p99, "ms"),
    Promise(
        "caller's frames lost, repeated, out of order", 0, lambda one: one.faults, every_run=True
    ),
    Promise(
        "calls that heard anything but what the model said, complete and in order",
        0,
        lambda one: one.spoilt,
        every_run=True,
    ),
    Promise(
        "largest payload to the caller",
        160,
        lambda one: one.largest_payload,
        "bytes",
        every_run=True,
    ),
    Promise(
        "furthest ahead of the caller's ear",
        100,
        lambda one: one.furthest_ahead_ms,
        "ms",
        every_run=True,
    ),
    Promise(
        "times that playback ran dry while there was more",
        0,
        lambda one: one.dry_gaps,
        every_run=True,
    ),
)
WITH_QUERY: tuple[Promise, ...] = (
    Promise(
        "with a query: caller's frame to the model, p99", 10, lambda one: one.delay_ms.p99, "ms"
    ),
    Promise(
        "with a query: caller's frames lost, repeated, out of order",
        0,
        lambda one: one.faults,
        every_run=True,
    ),
    # One after the other all the time: else it was not measured with a query in it.
    Promise(
        "with a query: of the time measured, without one",
        2,
        lambda one: max(0.0, one.seconds - one.queries * QUERY_S),
        "s",
        every_run=True,
    ),
)


def judge(promises: Sequence[Promise], runs: Sequence[Result]) -> list[Verdict]:
    return [_judge(promise, runs) for promise in promises]


def _judge(promise: Promise, runs: Sequence[Result]) -> Verdict:
    figures = spread([promise.figure(run) for run in runs])
    return Verdict(promise, figures.max if promise.every_run else figures.median, figures.max)
