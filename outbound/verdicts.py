"""Keeping the gates' verdicts: one row for the same verdict again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from outbound.gates import Refusal
from outbound.models import DialVerdict, Gate, OutboundCallJob, OutboundCallRun


def note_refusal(
    run: OutboundCallRun, job: OutboundCallJob | None, refusal: Refusal, now: datetime
) -> None:
    last = DialVerdict.objects.of_job(job) if job else DialVerdict.objects.of_run(run)
    latest = last.first()
    if latest and (latest.gate, latest.reason) == (refusal.gate, refusal.reason):
        same = DialVerdict.objects.for_business(run.business_id).filter(pk=latest.pk)
        same.update(
            last_at=now, next_at=refusal.next_at, facts=dict(refusal.facts), times=F("times") + 1
        )
        return
    DialVerdict.objects.create(
        business_id=run.business_id,
        run=run,
        job=job,
        gate=refusal.gate,
        reason=refusal.reason,
        facts=dict(refusal.facts),
        next_at=refusal.next_at,
        first_at=now,
        last_at=now,
    )


def note_passed(
    run: OutboundCallRun,
    passed: Sequence[tuple[OutboundCallJob, Mapping[str, Any]]],
    now: datetime,
) -> None:
    DialVerdict.objects.bulk_create(
        DialVerdict(
            business_id=run.business_id,
            run=run,
            job=job,
            gate=Gate.PASSED,
            reason="dialled",
            facts=dict(facts),
            first_at=now,
            last_at=now,
        )
        for job, facts in passed
    )
