"""Pure: what must hold after whatever has happened, by the carrier's book and the rows alone."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bench.dial.facts import Accepted, AttemptFacts, Evidence, Forbidden, JobFacts

# From the commit of a decision to the last request that may still come of an older one.
IN_FORCE_AFTER: Final = timedelta(seconds=1)

LIVE_STATES: Final = frozenset({"posting", "unknown", "human", "placed"})
OPEN_STATUSES: Final = frozenset({"queued", "dialing", "in_progress", "unknown"})
OVER: Final = frozenset({"completed", "canceled"})
# The carrier's words for what our rows say of the same end.
STATUSES: Final = {
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "canceled",
}


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


def check(evidence: Evidence) -> list[Violation]:
    return [
        Violation(invariant, text) for invariant, holds in INVARIANTS for text in holds(evidence)
    ]


# INV1: nobody is called twice.


def one_call_an_attempt(evidence: Evidence) -> Iterator[str]:
    times = Counter(call.attempt_id for call in evidence.accepted)
    for attempt_id, so_often in times.items():
        if so_often > 1:
            yield f"{_named(evidence, attempt_id)} was called {so_often} times"


def one_live_call_a_number(evidence: Evidence) -> Iterator[str]:
    by_line: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
    for call in evidence.accepted:
        by_line[call.account_sid, call.to].append(call)
    for (_, number), calls in by_line.items():
        most = _most_at_once(calls)
        if most > 1:
            yield f"{number} had {most} calls at the same time"


# INV2: nobody is lost.


def nobody_is_lost(evidence: Evidence) -> Iterator[str]:
    for job in evidence.jobs:
        why = _why_lost(evidence, job)
        if why:
            yield f"{job.number} of {evidence.runs[job.run_id].name}: {why}"
    here = Counter(job.run_id for job in evidence.jobs)
    for run in evidence.runs.values():
        if here[run.id] != run.leads:
            yield f"{run.name} has {here[run.id]} jobs for {run.leads} leads"


def _why_lost(evidence: Evidence, job: JobFacts) -> str:
    run = evidence.runs[job.run_id]
    if job.status not in OPEN_STATUSES:
        return ""
    if job.status == "unknown":
        waits = any(attempt.state == "human" for attempt in evidence.attempts_by_job[job.id])
        return "" if waits else "unknown, and nobody is asked to decide"
    if job.status != "queued":
        return f"{job.status} for ever"
    if run.status in OVER:
        return f"queued in a run that is {run.status}"
    waits_until = max(job.due_at, run.held_until or job.due_at)
    return "" if waits_until > evidence.at else "due, and nobody is called"


def what_is_over_is_closed(evidence: Evidence) -> Iterator[str]:
    still_open = {job.run_id for job in evidence.jobs if job.status in OPEN_STATUSES}
    for run in evidence.runs.values():
        if run.id not in still_open and run.status not in OVER:
            yield f"{run.name} is {run.status} with nobody left to call"


# INV3: every call is in the rows as it was.


def every_call_is_in_the_rows(evidence: Evidence) -> Iterator[str]:
    for call in evidence.accepted:
        attempt = evidence.attempt_of(call)
        if attempt is None or attempt.call_sid != call.sid:
            yield f"{call.sid} to {call.to} is no attempt's"
        elif attempt.state != "final":
            yield f"{call.sid} to {call.to} is over, its attempt {attempt.state}"
        rows = evidence.calls_by_sid[call.sid]
        if len(rows) != 1:
            yield f"{call.sid} to {call.to} has {len(rows)} rows"


def every_row_is_final_and_true(evidence: Evidence) -> Iterator[str]:
    book = {call.sid: call for call in evidence.accepted}
    for row in evidence.calls:
        call = book.get(row.call_sid)
        if call is None:
            yield f"{row.call_sid} is a row and was never accepted"
        elif not row.is_final:
            yield f"{row.call_sid} is {row.status}, not final; the carrier: {call.status}"
        elif row.status != STATUSES.get(call.status):
            yield f"{row.call_sid} is {row.status}; the carrier: {call.status}"
        elif row.duration_s != call.duration_s:
            yield f"{row.call_sid} lasted {row.duration_s} s; the carrier: {call.duration_s} s"


# INV5: never more than there are lines, and none is left in use.


def no_line_is_left_in_use(evidence: Evidence) -> Iterator[str]:
    for attempt in evidence.attempts.values():
        if attempt.state in LIVE_STATES and attempt.state != "human":
            yield f"attempt {attempt.id} to {attempt.to} is {attempt.state} at the end"
    for call in evidence.accepted:
        if call.ended_at is None:
            yield f"{call.sid} to {call.to} is {call.status} at the carrier at the end"


def lines_suffice(evidence: Evidence) -> Iterator[str]:
    most = _most_at_once(evidence.accepted)
    if most > evidence.most_live:
        yield f"{most} calls at once in all, of {evidence.most_live}"
    for name, limit, calls in (*_by_business(evidence), *_by_run(evidence)):
        most = _most_at_once(calls)
        if most > limit:
            yield f"{most} calls at once of {name}, of {limit}"


def _by_business(evidence: Evidence) -> list[tuple[str, int, list[Accepted]]]:
    return [
        (business.slug, business.concurrency, _of_business(evidence, business.id))
        for business in evidence.businesses.values()
    ]


def _by_run(evidence: Evidence) -> list[tuple[str, int, list[Accepted]]]:
    calls: defaultdict[uuid.UUID, list[Accepted]] = defaultdict(list)
    for call, attempt in _attributed(evidence):
        calls[attempt.run_id].append(call)
    return [(run.name, run.concurrency, calls[run.id]) for run in evidence.runs.values()]


# INV6: the account of the day is the carrier's.


def the_account_is_right(evidence: Evidence) -> Iterator[str]:
    for business in evidence.businesses.values():
        rows = [row for row in evidence.usages if row.business_id == business.id]
        calls = _of_business(evidence, business.id)
        used = sum(row.used_s for row in rows)
        spoken = business.used_before_s + sum(call.duration_s for call in calls)
        if used != spoken:
            yield f"{business.slug} has used {used} s; by the carrier {spoken} s"
        if sum(row.calls for row in rows) != len(calls):
            yield f"{business.slug} counts {sum(row.calls for row in rows)} calls of {len(calls)}"
        reserved = sum(row.reserved_s for row in rows)
        waiting = sum(_waits_for_a_person(evidence, business.id))
        if reserved != waiting:
            yield f"{business.slug} has {reserved} s reserved at the end"


def _waits_for_a_person(evidence: Evidence, business_id: uuid.UUID) -> Iterator[int]:
    for attempt in evidence.attempts.values():
        if attempt.business_id == business_id and attempt.state == "human":
            yield evidence.runs[attempt.run_id].seconds_a_call


# INV7: no call crosses over to another business.


def nothing_crosses_over(evidence: Evidence) -> Iterator[str]:
    for call, attempt in _attributed(evidence):
        business = evidence.businesses[attempt.business_id]
        if (business.slug, business.account_sid) != (call.slug, call.account_sid):
            yield f"{call.sid} of {call.slug} is an attempt of {business.slug}"
        if (attempt.to, attempt.account_sid) != (call.to, call.account_sid):
            yield f"{call.sid} to {call.to} is an attempt to {attempt.to}"
    for row in evidence.calls:
        attempt_ = evidence.attempts.get(row.attempt_id) if row.attempt_id else None
        if attempt_ is None:
            yield f"{row.call_sid} is the row of no attempt"
        elif attempt_.business_id != row.business_id:
            yield f"{row.call_sid} is another business's row than its attempt"


# INV8: nobody is rung who must not be.


def nobody_forbidden_is_rung(evidence: Evidence) -> Iterator[str]:
    for call, attempt in _attributed(evidence):
        at = evidence.decided_at(call)
        for ban in evidence.forbidden:
            if _concerns(ban, attempt) and _holds_at(ban, at):
                late = (at - ban.since).total_seconds()
                yield f"{call.to} was rung {late:.1f} s after: {ban.why}"


def _concerns(ban: Forbidden, attempt: AttemptFacts) -> bool:
    return (
        ban.business_id == attempt.business_id
        and ban.run_id in (None, attempt.run_id)
        and ban.number in (None, attempt.to)
    )


def _holds_at(ban: Forbidden, at: datetime) -> bool:
    return ban.since + IN_FORCE_AFTER < at and (ban.until is None or at < ban.until)


# INV9: no cap is passed, not by a second, whatever the calls under way may come to.


def no_cap_is_passed(evidence: Evidence) -> Iterator[str]:
    for business in evidence.businesses.values():
        calls = _of_business(evidence, business.id)
        longest = max((_longest(evidence, call) for call in calls), default=0)
        for call in calls:
            spent = business.used_before_s + sum(
                _spent(other, call.accepted_at, longest) for other in calls
            )
            if spent > business.most_seconds:
                yield f"{business.slug} had {spent} s of {business.most_seconds} at {call.accepted_at}"
                break


def _spent(call: Accepted, at: datetime, longest: int) -> int:
    if call.accepted_at > at:
        return 0
    return call.duration_s if call.ended_at is not None and call.ended_at <= at else longest


def _longest(evidence: Evidence, call: Accepted) -> int:
    attempt = evidence.attempt_of(call)
    return evidence.runs[attempt.run_id].seconds_a_call if attempt else 0


# What they share.


def _attributed(evidence: Evidence) -> Iterator[tuple[Accepted, AttemptFacts]]:
    for call in evidence.accepted:
        attempt = evidence.attempt_of(call)
        if attempt is not None:
            yield call, attempt


def _of_business(evidence: Evidence, business_id: uuid.UUID) -> list[Accepted]:
    return [call for call, attempt in _attributed(evidence) if attempt.business_id == business_id]


def _most_at_once(calls: Iterable[Accepted]) -> int:
    """A call that ends at the moment at which another begins has ended before."""
    changes = [(call.accepted_at, 1) for call in calls]
    changes += [(call.ended_at, -1) for call in calls if call.ended_at is not None]
    live = most = 0
    for _, change in sorted(changes):
        live += change
        most = max(most, live)
    return most


def _named(evidence: Evidence, attempt_id: uuid.UUID) -> str:
    attempt = evidence.attempts.get(attempt_id)
    if attempt is None:
        return f"unknown attempt {attempt_id}"
    return f"{attempt.to}, attempt {attempt.number} of {evidence.runs[attempt.run_id].name},"


Check = Callable[[Evidence], Iterable[str]]

INVARIANTS: Final[Sequence[tuple[str, Check]]] = (
    ("INV1", one_call_an_attempt),
    ("INV1", one_live_call_a_number),
    ("INV2", nobody_is_lost),
    ("INV2", what_is_over_is_closed),
    ("INV3", every_call_is_in_the_rows),
    ("INV3", every_row_is_final_and_true),
    ("INV5", no_line_is_left_in_use),
    ("INV5", lines_suffice),
    ("INV6", the_account_is_right),
    ("INV7", nothing_crosses_over),
    ("INV8", nobody_forbidden_is_rung),
    ("INV9", no_cap_is_passed),
)


def by_invariant(violations: Iterable[Violation]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for violation in violations:
        found[violation.invariant].append(violation.text)
    return found
