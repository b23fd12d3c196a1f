"""Days and weeks of appointments, by the clock of the business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import get_format

from calls.models import Appointment
from calls.tools.appointments import Plan
from calls.tools.slots import Span, days_from, free_slots
from tenants.models import Business

WEEK = timedelta(days=7)


@dataclass(slots=True)
class Day:
    date: date
    is_today: bool
    is_closed: bool  # nobody is received on this day
    opening: Sequence[tuple[datetime, datetime]]
    appointments: list[Appointment] = field(default_factory=list)
    free: list[datetime] = field(default_factory=list)


def first_of_week(day: date) -> date:
    """As weeks begin in the language of whoever looks: on a Sunday in Hebrew."""
    begins = (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7  # Sunday is 0 there and 6 here
    return day - timedelta(days=(day.weekday() - begins) % 7)


def days(business: Business, first: date, last: date, *, now: datetime, free: bool) -> list[Day]:
    """With the free times, where they are asked for. Four queries, however long it is."""
    plan = Plan.of(business)
    zone = plan.calendar.zone
    today = now.astimezone(zone).date()
    booked = _booked(business, first, last, zone)
    spans = [Span(one.starts_at, one.ends_at) for one in booked]
    found = []
    for day in days_from(first, last):
        opening = plan.calendar.opening(day)
        slots = free_slots(plan.calendar, spans, day=day, now=now) if free else []
        found.append(
            Day(
                date=day,
                is_today=day == today,
                is_closed=not opening,
                opening=[(span.starts_at, span.ends_at) for span in opening],
                appointments=[one for one in booked if _is_on(one, day, zone)],
                free=[slot.starts_at for slot in slots],
            )
        )
    return found


def _booked(business: Business, first: date, last: date, zone: ZoneInfo) -> list[Appointment]:
    start = datetime.combine(first, time.min, zone)
    end = datetime.combine(last + timedelta(days=1), time.min, zone)
    rows = Appointment.objects.for_business(business).booked().between(start, end)
    return list(rows.select_related("lead").order_by("starts_at"))


def _is_on(appointment: Appointment, day: date, zone: ZoneInfo) -> bool:
    """On each day that it takes up any of: one may go on past midnight."""
    last = appointment.ends_at - timedelta(microseconds=1)
    return appointment.starts_at.astimezone(zone).date() <= day <= last.astimezone(zone).date()
