"""Pure: whose run is looked at next. Smooth weighted round robin over the businesses, and the runs of
one business one after the other, so a long list never keeps a short one waiting.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    run_id: uuid.UUID
    business_id: uuid.UUID
    weight: int
    due_at: datetime  # of its first job


@dataclass(slots=True)
class Turns:
    _credit: dict[uuid.UUID, int] = field(default_factory=lambda: defaultdict(int))
    _last_run: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    _held_until: dict[uuid.UUID, datetime] = field(default_factory=dict)

    def hold(self, run_id: uuid.UUID, until: datetime) -> None:
        """There is nothing to be had of this run before."""
        self._held_until[run_id] = until

    def ready(self, candidates: Iterable[Candidate], now: datetime) -> list[Candidate]:
        return [one for one in candidates if self._ready_at(one) <= now]

    def next_at(self, candidates: Iterable[Candidate]) -> datetime | None:
        return min(map(self._ready_at, candidates), default=None)

    def choose(self, ready: Iterable[Candidate]) -> Candidate | None:
        by_business: dict[uuid.UUID, list[Candidate]] = defaultdict(list)
        for one in ready:
            by_business[one.business_id].append(one)
        if not by_business:
            return None
        business_id = self._business({id_: runs[0].weight for id_, runs in by_business.items()})
        return self._run(business_id, by_business[business_id])

    def _ready_at(self, candidate: Candidate) -> datetime:
        held = self._held_until.get(candidate.run_id)
        return max(candidate.due_at, held) if held else candidate.due_at

    def _business(self, weights: Mapping[uuid.UUID, int]) -> uuid.UUID:
        for business_id, weight in weights.items():
            self._credit[business_id] += weight
        chosen = max(weights, key=lambda business_id: (self._credit[business_id], business_id))
        self._credit[chosen] -= sum(weights.values())
        return chosen

    def _run(self, business_id: uuid.UUID, runs: list[Candidate]) -> Candidate:
        ordered = sorted(runs, key=lambda one: one.run_id)
        last = self._last_run.get(business_id)
        after = [one for one in ordered if last and one.run_id > last]
        chosen = (after or ordered)[0]
        self._last_run[business_id] = chosen.run_id
        return chosen
