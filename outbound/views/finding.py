"""The rows that an address names: another business's are as unknown as those of nobody."""

from __future__ import annotations

import uuid

from django.shortcuts import get_object_or_404

from outbound.models import OutboundCallRun
from tenants.http import BusinessRequest

WITH_RUN = ("business", "number", "version", "again_of")


def run_of(request: BusinessRequest, run_id: uuid.UUID) -> OutboundCallRun:
    """Inside the scope of the business."""
    runs = OutboundCallRun.objects.for_business(request.business).select_related(*WITH_RUN)
    found: OutboundCallRun = get_object_or_404(
        runs.defer("version__text", "version__greeting"), pk=run_id
    )
    return found
