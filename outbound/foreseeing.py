"""Who would be called when, and who not: the gates are asked, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from outbound.gates import Refusal, refusal_of_job
from outbound.models import (
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    OutboundSettings,
)
from outbound.situation import Rules, job_situations, ordinary_situation
from outbound.wording import of_verdict

FORESEEN: Final = 200


class When(StrEnum):
    AT_ONCE = "at_once"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Foreseen:
    job: OutboundCallJob
    when: When
    sentence: str = ""  # what stands against it
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    people: Sequence[Foreseen]
    totals: Counter[When]
    own: OutboundSettings

    @property
    def first_at(self) -> datetime | None:
        """When somebody is called at all, where nobody is at once."""
        return min((one.at for one in self.people if one.at), default=None)


def foresee(run: OutboundCallRun, *, at: datetime) -> Forecast:
    """Of the first who wait in the run, as if it ran at this moment. Inside its business's scope.

    What changes from second to second is left out: lines in use, pace, alarms.
    """
    waiting = OutboundCallJob.objects.of_run(run).filter(status=JobStatus.QUEUED)
    jobs = list(waiting.select_related("lead").order_by("due_at", "id")[:FORESEEN])
    rules = Rules.of(run, at)
    situation = ordinary_situation(rules, at)
    people = [
        _foreseen(run, job, refusal_of_job(situation, asked), at)
        for job, asked in zip(jobs, job_situations(rules, jobs, (), at), strict=True)
    ]
    return Forecast(people, Counter(one.when for one in people), rules.own)


def _foreseen(
    run: OutboundCallRun, job: OutboundCallJob, refusal: Refusal | None, at: datetime
) -> Foreseen:
    if refusal is None:
        return Foreseen(job, When.AT_ONCE) if job.due_at <= at else _waits(job)
    told = of_verdict(
        DialVerdict(
            business=run.business,
            gate=refusal.gate,
            reason=refusal.reason,
            facts=dict(refusal.facts),
            next_at=refusal.next_at,
        )
    )
    if refusal.ends is not None or refusal.next_at is None:
        return Foreseen(job, When.NEVER, told)
    return Foreseen(job, When.LATER, told, max(refusal.next_at, job.due_at))


def _waits(job: OutboundCallJob) -> Foreseen:
    return Foreseen(job, When.LATER, at=job.due_at)
