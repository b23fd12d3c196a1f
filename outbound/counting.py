"""How many jobs of a run stand how: counted from the jobs, and not at every look where they are many.

A million jobs take the better part of a second to count, and an open page asks every three. So the
counts of a large run are kept for some seconds, in the table of the cache, for everybody who looks.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache

from outbound.models import OPEN, OVER, JobStatus, OutboundCallJob, OutboundCallRun

# Up to here they are counted within some milliseconds, always.
LARGE: Final = 20_000
KEPT_S: Final = 15
KEPT_OF_WHAT_IS_OVER_S: Final = 60 * 60


@dataclass(frozen=True, slots=True)
class Counts:
    by_status: Mapping[str, int]
    at: datetime

    def of(self, *statuses: JobStatus) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def open(self) -> int:
        return self.of(*OPEN)

    @property
    def ended(self) -> int:
        return self.total - self.open


def counts_of(runs: Collection[OutboundCallRun], *, now: datetime) -> Mapping[uuid.UUID, Counts]:
    """Inside the scope of their business. `Counts.at` says from when they are."""
    kept: dict[str, Any] = cache.get_many([_key(run) for run in runs]) if runs else {}
    known = {run.pk: Counts(*kept[_key(run)]) for run in runs if _key(run) in kept}
    asked = [run for run in runs if run.pk not in known]
    counted = OutboundCallJob.objects.counts_of(asked) if asked else {}
    fresh = {run.pk: Counts(counted[run.pk], now) for run in asked}
    for run in asked:
        _keep(run, fresh[run.pk])
    return known | fresh


def counts_of_run(run: OutboundCallRun, *, now: datetime) -> Counts:
    return counts_of([run], now=now)[run.pk]


def forget_counts(run: OutboundCallRun) -> None:
    """Whoever has just changed the run sees what came of it."""
    cache.delete(_key(run))


def _keep(run: OutboundCallRun, counts: Counts) -> None:
    if counts.total < LARGE:
        return
    is_over = run.status in OVER and not counts.open
    cache.set(
        _key(run),
        (dict(counts.by_status), counts.at),
        KEPT_OF_WHAT_IS_OVER_S if is_over else KEPT_S,
    )


def _key(run: OutboundCallRun) -> str:
    return f"outbound:counts:{run.pk}"
