"""What came of a trial, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from bench.dial.checker import Violation, by_invariant
from bench.dial.facts import Evidence

SHOWN = 12


def outcomes(evidence: Evidence) -> str:
    """A line for each run: how its jobs ended, and how often the carrier was asked for them."""
    statuses = sorted({job.status for job in evidence.jobs})
    head = f"{'run':<14}{'status':<11}{'leads':>6}{'calls':>7}"
    return "\n".join(
        [
            head + "".join(f"{status:>13}" for status in statuses),
            *(_line(evidence, run_id, statuses) for run_id in evidence.runs),
        ]
    )


def _line(evidence: Evidence, run_id: object, statuses: Sequence[str]) -> str:
    run = next(run for run in evidence.runs.values() if run.id == run_id)
    jobs = Counter(job.status for job in evidence.jobs if job.run_id == run_id)
    attempts = (evidence.attempt_of(call) for call in evidence.accepted)
    calls = sum(attempt is not None and attempt.run_id == run_id for attempt in attempts)
    figures = "".join(f"{jobs[status]:>13}" for status in statuses)
    return f"{run.name:<14}{run.status:<11}{run.leads:>6}{calls:>7}{figures}"


def faults(counted: Counter[str]) -> str:
    return "\n".join(f"{so_often:>5}  {name}" for name, so_often in sorted(counted.items()))


def verdict(violations: Sequence[Violation]) -> str:
    if not violations:
        return "Every invariant holds."
    found = by_invariant(violations)
    return "\n".join(line for name in sorted(found) for line in _broken(name, found[name]))


def _broken(invariant: str, texts: Sequence[str]) -> Iterable[str]:
    yield f"{invariant} is broken, {len(texts)} times:"
    yield from (f"    {text}" for text in texts[:SHOWN])
    if len(texts) > SHOWN:
        yield f"    and {len(texts) - SHOWN} more"
