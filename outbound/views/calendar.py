"""When somebody may be called, day by day: for the business, or for one of its runs."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR

from outbound.hours_ahead import Hours
from outbound.models import AT_REST, OutboundCallRun, OutboundSettings, RunStatus
from outbound.places import Country, countries
from outbound.situation import own_countries
from outbound.views.finding import run_of
from outbound.windows import HORIZON
from tenants.decorators import page
from tenants.http import BusinessRequest

WEEK: Final = 7
SUNDAY: Final = 6
ISRAEL: Final = "IL"
RUNS_OFFERED: Final = 50
# Beyond this nobody plans, and the table of holidays ends soon after.
FURTHEST: Final = timedelta(days=400)


@page()
def calendar(request: BusinessRequest) -> HttpResponse:
    now = timezone.now()
    today = now.astimezone(ZoneInfo(request.business.timezone)).date()
    run = _run(request)
    is_month = request.GET.get("view") == "month"
    shown = _day(request.GET.get("day", ""), today)
    first, count = _month(shown) if is_month else (_sunday(shown), WEEK)
    hours = Hours.of(
        request.business,
        run,
        min(first, today) - timedelta(days=1),
        max(first + timedelta(days=count), today + HORIZON),
    )
    offered = _countries(request)
    country = _country(offered, request.GET.get("country", ""))
    context: dict[str, Any] = {
        "run": run,
        "runs": _runs(request),
        "is_month": is_month,
        "shown": shown,
        "first": first,
        "last": first + timedelta(days=count - 1),
        "today": today,
        "days": hours.days(country.example, first, count),
        "weekdays": [(WEEKDAYS[day], WEEKDAYS_ABBR[day]) for day in (SUNDAY, 0, 1, 2, 3, 4, 5)],
        "next": hours.next_opening(country.example, now),
        "country": country,
        "countries": offered,
        "observes": hours.observes,
        "is_israel": country.code == ISRAEL,
        "before": _neighbour(shown, is_month, -1),
        "after": _neighbour(shown, is_month, +1),
    }
    return render(request, "outbound/calendar.html", context)


def _run(request: BusinessRequest) -> OutboundCallRun | None:
    written = request.GET.get("run", "")
    if not written:
        return None
    try:
        return run_of(request, uuid.UUID(written))
    except ValueError as error:
        raise Http404 from error


def _runs(request: BusinessRequest) -> list[OutboundCallRun]:
    runs = OutboundCallRun.objects.for_business(request.business)
    at_work = runs.filter(status__in=(*AT_REST, RunStatus.RUNNING)).only("name")
    return list(at_work.order_by("-created_at")[:RUNS_OFFERED])


def _countries(request: BusinessRequest) -> list[Country]:
    own = OutboundSettings.objects.of(request.business)
    codes = own.countries or own_countries(request.business) or [ISRAEL]
    return [country for country in countries(codes) if country.example]


def _country(offered: list[Country], wanted: str) -> Country:
    """Israel first, where it is one of them: its days of rest are what a calendar is for."""
    by_code = {country.code: country for country in offered}
    if wanted in by_code:
        return by_code[wanted]
    return by_code.get(ISRAEL) or (offered[0] if offered else countries([ISRAEL])[0])


def _day(written: str, today: date) -> date:
    try:
        day = datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return today
    return min(max(day, today - FURTHEST), today + FURTHEST)


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % WEEK)


def _month(day: date) -> tuple[date, int]:
    """Whole weeks."""
    first = _sunday(day.replace(day=1))
    next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    last_sunday = _sunday(next_month - timedelta(days=1))
    return first, (last_sunday - first).days + WEEK


def _neighbour(day: date, is_month: bool, way: int) -> date:
    if not is_month:
        return day + timedelta(days=WEEK * way)
    edge = day.replace(day=1)
    return (edge + timedelta(days=31)).replace(day=1) if way > 0 else edge - timedelta(days=1)
