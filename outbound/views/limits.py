"""What a business may do outbound, in words. The operator sets it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from outbound.models import DialUsage, OutboundSettings
from outbound.places import countries
from outbound.situation import day_of, own_countries
from tenants.decorators import page
from tenants.http import BusinessRequest


@page()
def limits(request: BusinessRequest) -> HttpResponse:
    own = OutboundSettings.objects.of(request.business)
    day = day_of(request.business, timezone.now())
    used = DialUsage.objects.for_business(request.business).filter(day=day).first()
    context: dict[str, Any] = {
        "own": own,
        "calls_today": used.calls if used else 0,
        "minutes_today": ((used.used_s + used.reserved_s) // 60) if used else 0,
        "most_minutes": own.most_seconds_today // 60,
        "gap_hours": own.gap_minutes / 60,
        "countries": countries(own.countries or own_countries(request.business)),
    }
    return render(request, "outbound/limits.html", context)
