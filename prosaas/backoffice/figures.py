"""What happened at a page of businesses: one question for the calls of all, one for the dialling."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from calls.models import FAULTS, Call
from outbound.models import DialUsage
from tenants.models import Business

WEEK: Final = timedelta(days=7)
FAILED: Final = Q(end_reason__in=FAULTS)

Measured: TypeAlias = "dict[uuid.UUID, dict[str, Any]]"


@dataclass(frozen=True, slots=True)
class Row:
    business: Business
    calls_today: int
    calls: int
    minutes: int
    failures: int
    dialled_minutes: int
    last_call_at: datetime | None


def rows_of(businesses: Sequence[Business], now: datetime) -> list[Row]:
    """Each has `last_call_at`. Days are those of its own clock."""
    if not businesses:
        return []
    calls, dialled = _calls(businesses, now), _dialled(businesses, now)
    return [_row(each, calls.get(each.pk, {}), dialled.get(each.pk, {})) for each in businesses]


def _row(business: Business, calls: dict[str, Any], dialled: dict[str, Any]) -> Row:
    return Row(
        business=business,
        calls_today=calls.get("today", 0),
        calls=calls.get("calls", 0),
        minutes=(calls.get("seconds") or 0) // 60,
        failures=calls.get("failures", 0),
        dialled_minutes=dialled.get("seconds", 0) // 60,
        last_call_at=getattr(business, "last_call_at", None),
    )


def _calls(businesses: Sequence[Business], now: datetime) -> Measured:
    calls = Call.objects.on_the_telephone().filter(business__in=businesses).begun_since(now - WEEK)
    counted = (
        calls.order_by()
        .values("business_id")
        .annotate(
            today=Count("pk", filter=_today(businesses, now)),
            calls=Count("pk"),
            seconds=Sum("duration_s"),
            failures=Count("pk", filter=FAILED),
        )
    )
    return {row["business_id"]: dict(row) for row in counted}


def _today(businesses: Sequence[Business], now: datetime) -> Q:
    """As many terms as there are time zones, and there are few of those."""
    began = Q()
    for zone in {business.timezone for business in businesses}:
        start = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        began |= Q(business__timezone=zone, created_at__gte=start)
    return began


def _dialled(businesses: Sequence[Business], now: datetime) -> Measured:
    days = DialUsage.objects.filter(business__in=businesses, day__gt=(now - WEEK).date())
    counted = days.order_by().values("business_id").annotate(seconds=Sum("used_s"))
    return {row["business_id"]: dict(row) for row in counted}


def last_call_of() -> Subquery:
    """For a query of businesses."""
    calls = Call.objects.filter(business=OuterRef("pk")).order_by("-created_at")
    return Subquery(calls.values("created_at")[:1])


def calls_of(now: datetime, counted: Any, chosen: Q = Q()) -> Coalesce:  # noqa: B008 - it is never changed
    """What to sort businesses by: a figure of the calls of the week."""
    calls = (
        Call.objects.on_the_telephone()
        .filter(chosen, business=OuterRef("pk"))
        .begun_since(now - WEEK)
    )
    return _figure(calls, counted)


def dialled_of(now: datetime) -> Coalesce:
    days = DialUsage.objects.filter(business=OuterRef("pk"), day__gt=(now - WEEK).date())
    return _figure(days, Sum("used_s"))


def _figure(rows: QuerySet[Any], counted: Any) -> Coalesce:
    figure = rows.order_by().values("business_id").annotate(figure=counted).values("figure")
    return Coalesce(Subquery(figure), 0)
