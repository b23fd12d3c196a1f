"""All runs, the newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from outbound.counting import counts_of
from outbound.models import JobStatus, OutboundCallJob, OutboundCallRun
from outbound.views.progress import progress_of
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.paging import page_of

RUNS: Final = 20


@page()
def runs(request: BusinessRequest) -> HttpResponse:
    now = timezone.now()
    # One look at an index for each row, however many wait.
    queued = OutboundCallJob.objects.filter(
        business=OuterRef("business"), run=OuterRef("pk"), status=JobStatus.QUEUED
    )
    first_due = Subquery(queued.order_by("due_at", "id").values("due_at")[:1])
    found = OutboundCallRun.objects.for_business(request.business).annotate(next_due=first_due)
    pages = page_of(found, request, by=("created_at", "id"), size=RUNS)
    counts = counts_of(pages.rows, now=now)
    rows: list[dict[str, Any]] = [
        {
            "run": run,
            "progress": progress_of(counts[run.pk]),
            "next_due": _next_due(run, now),
        }
        for run in pages.rows
    ]
    return render(request, "outbound/runs.html", {"pages": pages, "rows": rows})


def _next_due(run: OutboundCallRun, now: datetime) -> datetime | None:
    """None: at once, or nobody knows."""
    due: datetime | None = getattr(run, "next_due", None)
    return due if due and due > now else None
