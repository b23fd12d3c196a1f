"""What the checker is given: the carrier's book, the rows of all businesses, and what happened when.

Plain values: nothing here knows where they come from.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar

Owned = TypeVar("Owned")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call that the carrier has taken, whatever it answered. `attempt_id`: by the call's address."""

    sid: str
    account_sid: str
    to: str
    slug: str
    attempt_id: uuid.UUID
    status: str
    accepted_at: datetime
    ended_at: datetime | None
    duration_s: int


@dataclass(frozen=True, slots=True)
class BusinessFacts:
    id: uuid.UUID
    slug: str
    account_sid: str
    concurrency: int
    most_seconds: int  # of a day
    used_before_s: int  # on the day of the trial, before it began


@dataclass(frozen=True, slots=True)
class RunFacts:
    id: uuid.UUID
    business_id: uuid.UUID
    name: str
    status: str
    concurrency: int
    seconds_a_call: int
    leads: int
    held_until: datetime | None  # nothing of it is due before, as its last verdict says


@dataclass(frozen=True, slots=True)
class JobFacts:
    id: uuid.UUID
    business_id: uuid.UUID
    run_id: uuid.UUID
    number: str
    status: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    id: uuid.UUID
    business_id: uuid.UUID
    run_id: uuid.UUID
    job_id: uuid.UUID
    number: int
    account_sid: str
    to: str
    state: str
    call_sid: str | None


@dataclass(frozen=True, slots=True)
class CallFacts:
    business_id: uuid.UUID
    attempt_id: uuid.UUID | None
    call_sid: str
    status: str
    duration_s: int
    is_final: bool


@dataclass(frozen=True, slots=True)
class UsageFacts:
    business_id: uuid.UUID
    day: date
    calls: int
    reserved_s: int
    used_s: int


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Nobody is to be rung: of a whole run, or a number by a business."""

    why: str
    business_id: uuid.UUID
    since: datetime
    until: datetime | None = None
    run_id: uuid.UUID | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A dialler was told that it may send, as the last thing before it sent."""

    pid: int
    attempt_id: uuid.UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    pid: int
    since: datetime
    until: datetime


class ById(Generic[Owned]):
    def __init__(self, rows: Iterable[Owned], key: str) -> None:
        self._rows: defaultdict[object, list[Owned]] = defaultdict(list)
        for row in rows:
            self._rows[getattr(row, key)].append(row)

    def __getitem__(self, key: object) -> Sequence[Owned]:
        return self._rows.get(key, ())


@dataclass(frozen=True)
class Evidence:
    at: datetime
    most_live: int  # lines of the installation for calls of ours
    accepted: Sequence[Accepted]
    businesses: Mapping[uuid.UUID, BusinessFacts]
    runs: Mapping[uuid.UUID, RunFacts]
    jobs: Sequence[JobFacts]
    attempts: Mapping[uuid.UUID, AttemptFacts]
    calls: Sequence[CallFacts]
    usages: Sequence[UsageFacts]
    forbidden: Sequence[Forbidden] = ()
    looks: Sequence[Look] = ()
    freezes: Sequence[Freeze] = ()

    def attempt_of(self, call: Accepted) -> AttemptFacts | None:
        return self.attempts.get(call.attempt_id)

    @cached_property
    def accepted_by_attempt(self) -> ById[Accepted]:
        return ById(self.accepted, "attempt_id")

    @cached_property
    def attempts_by_job(self) -> ById[AttemptFacts]:
        return ById(self.attempts.values(), "job_id")

    @cached_property
    def calls_by_sid(self) -> ById[CallFacts]:
        return ById(self.calls, "call_sid")

    @cached_property
    def _looks_by_attempt(self) -> ById[Look]:
        return ById(self.looks, "attempt_id")

    def decided_at(self, call: Accepted) -> datetime:
        """When it was accepted, less what its sender spent frozen between its last look and the
        sending: a process that is stopped there sends when it wakes, and nobody can prevent it.
        """
        looks = [
            look for look in self._looks_by_attempt[call.attempt_id] if look.at <= call.accepted_at
        ]
        if not looks:
            return call.accepted_at
        last = max(looks, key=lambda look: look.at)
        frozen = (
            min(freeze.until, call.accepted_at) - max(freeze.since, last.at)
            for freeze in self.freezes
            if freeze.pid == last.pid
        )
        return call.accepted_at - sum((max(span, timedelta()) for span in frozen), timedelta())
