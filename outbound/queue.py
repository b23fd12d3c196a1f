from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from outbound.models import JobStatus, OutboundCallJob, OutboundCallRun, OutboundSettings
from outbound.turns import Candidate
from tenants.scoping import PlatformReason, platform_scope


def candidates() -> list[Candidate]:
    """The running runs of all businesses and when the first job of each is due: one look into an
    index for each run, however long its list.
    """
    with platform_scope(PlatformReason.DIAL):
        rows = waiting_runs().values_list("pk", "business_id", "its_weight", "due_at")
        return [Candidate(*row) for row in rows]


def waiting_runs() -> QuerySet[Any, Any]:
    jobs = OutboundCallJob.objects.filter(
        business=OuterRef("business"), run=OuterRef("pk"), status=JobStatus.QUEUED
    )
    weights = OutboundSettings.objects.filter(business=OuterRef("business")).values("weight")
    runs = OutboundCallRun.objects.running().filter(business__status="active")
    first = jobs.order_by("due_at", "id").values("due_at")[:1]
    annotated: QuerySet[Any, Any] = runs.annotate(
        its_weight=Coalesce(Subquery(weights), 1), due_at=Subquery(first)
    ).filter(due_at__isnull=False)
    return annotated
