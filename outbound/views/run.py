"""One run: how far it is, what holds it up, and what may be done with it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from outbound.counting import counts_of_run
from outbound.models import AT_REST, OVER, DialAttempt, OutboundCallRun, PauseReason, RunStatus
from outbound.outcomes import JUDGED, TOO_MANY
from outbound.views.acts import acts_for
from outbound.views.finding import run_of
from outbound.views.progress import progress_of
from outbound.wording import holds_up, of_detail
from tenants.decorators import page
from tenants.http import BusinessRequest


@page()
def run(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    found = run_of(request, run_id)
    return render(request, "outbound/run.html", _shown(request, found, timezone.now()))


@page()
def run_now(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes by itself."""
    found = run_of(request, run_id)
    return render(request, "outbound/_run_now.html", _shown(request, found, timezone.now()))


def _shown(request: BusinessRequest, run: OutboundCallRun, now: datetime) -> dict[str, Any]:
    counts = counts_of_run(run, now=now)
    live = DialAttempt.objects.for_business(request.business).live().filter(run=run).count()
    broke = run.status == RunStatus.PAUSED and run.pause_reason == PauseReason.FAILURES
    return {
        "run": run,
        "acts": acts_for(request.role, run, live=live),
        "progress": progress_of(counts),
        "counted_at": counts.at if counts.at < now else None,
        "live": live,
        "sentences": holds_up(run, now=now),
        "detail": of_detail(run.pause_detail) if run.status == RunStatus.PAUSED else "",
        "breaker": {"judged": JUDGED, "too_many": TOO_MANY} if broke else None,
        "is_over": run.status in OVER and not counts.open,
        "is_at_rest": run.status in AT_REST,
    }
