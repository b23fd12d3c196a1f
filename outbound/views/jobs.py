"""The people of a run, page by page."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from calls.models import Lead
from outbound.finding import numbers_written
from outbound.models import JobStatus, OutboundCallJob
from outbound.views.finding import run_of
from outbound.views.progress import BY_NAME, KINDS
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import Business
from tenants.paging import page_of

MATCHES: Final = 1000
WRITTEN: Final = re.compile(r"[+\d][\d\s().-]*")
LEAST_DIGITS: Final = 3

Jobs = QuerySet[OutboundCallJob, OutboundCallJob]


@page()
def jobs(request: BusinessRequest, run_id: uuid.UUID) -> HttpResponse:
    run = run_of(request, run_id)
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    kind = BY_NAME.get(request.GET.get("stands", ""))
    found: Jobs = OutboundCallJob.objects.of_run(run)
    if asked:
        found = _matching(found, request.business, asked)
    if kind:
        found = found.filter(status__in=kind.statuses)
    # As the indexes go: by the number among all, by the order of the run among those who stand so.
    one_status = kind is not None and len(kind.statuses) == 1
    by = ("id",) if one_status else ("phone_e164",)
    pages = page_of(found.select_related("lead"), request, by=by, descending=False)
    context: dict[str, Any] = {
        "run": run,
        "pages": pages,
        "kinds": KINDS,
        "kind": kind,
        "asked": asked,
        "waiting": JobStatus.QUEUED,
    }
    return render(request, "outbound/jobs.html", context)


def _matching(jobs: Jobs, business: Business, asked: str) -> Jobs:
    """A whole number is looked up as it is; a part of one, or a name, among the leads first."""
    if WRITTEN.fullmatch(asked):
        whole = numbers_written(asked, business)
        digits = re.sub(r"\D", "", asked)
        if jobs.filter(phone_e164__in=whole).exists() or len(digits) < LEAST_DIGITS:
            return jobs.filter(phone_e164__in=whole)
        wanted = Q(phone_e164__contains=digits.lstrip("0") or digits)
    else:
        wanted = Q(name__icontains=asked)
    leads = Lead.objects.for_business(business).filter(wanted)
    return jobs.filter(lead__in=list(leads.order_by().values_list("pk", flat=True)[:MATCHES]))
