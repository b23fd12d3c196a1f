"""Before a run is started: who would be called when, and who not, and why."""

from __future__ import annotations

import uuid
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from outbound.actions import what_is_missing
from outbound.counting import counts_of_run
from outbound.foreseeing import FORESEEN, When, foresee
from outbound.models import AT_REST, OVER, JobStatus, RunStatus
from outbound.views.acts import acts_for
from outbound.views.finding import run_of
from outbound.views.making import steps_at_the_end
from tenants.decorators import page
from tenants.http import BusinessRequest

STARTS: Final = ("start", "resume", "schedule")


@page()
def preview(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    now = timezone.now()
    starts_at = run.starts_at if run.status == RunStatus.SCHEDULED else None
    forecast = foresee(run, at=max(now, starts_at or now))
    a_day = forecast.own.most_calls_today
    waiting = counts_of_run(run, now=now).of(JobStatus.QUEUED)
    calls = waiting - forecast.totals[When.NEVER]
    context = {
        "run": run,
        "forecast": forecast,
        "at_once": forecast.totals[When.AT_ONCE],
        "later": forecast.totals[When.LATER],
        "never": forecast.totals[When.NEVER],
        "waiting": waiting,
        "most": FORESEEN,
        "calls_a_day": a_day,
        "days": -(-calls // a_day) if a_day else 0,
        "missing": what_is_missing(run) if run.status in AT_REST else [],
        "acts": [one for one in acts_for(request.role, run, live=0) if one.name in STARTS],
        "steps": steps_at_the_end(run),
        "starts_at": starts_at,
        "is_the_check": True,
        "is_at_rest": run.status in AT_REST,
        "is_over": run.status in OVER,
    }
    return render(request, "outbound/preview.html", context)
