from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from psycopg import errors

from calls.card_numbers import masked
from calls.models import AgentSettings, Appointment, Call, ClosedDay, OpeningHours
from calls.tools.asking import Answer, Asked, Refused
from calls.tools.slots import (
    Calendar,
    Hours,
    Refusal,
    Span,
    around,
    days_from,
    find_slot,
    free_slots,
    instants,
    nearest,
)
from prompts.render import clean
from tenants.models import Business

NO_DOUBLE_BOOKING: Final = "appointment_no_double_booking"  # migration 0004

DAYS_SEARCHED: Final = 31
DAYS_TOLD: Final = 3
TIMES_TOLD: Final = 60
ALTERNATIVES: Final = 3
NAME_LIMIT: Final = 200
NOTE_LIMIT: Final = 1000

# Local hours, from and before.
PARTS_OF_DAY: Final = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}

REASONS: Final = {
    Refusal.NO_SUCH_TIME: "This time does not exist on that day: the clocks go forward over it.",
    Refusal.TOO_SOON: "This is in the past, or too soon for an appointment.",
    Refusal.TOO_FAR: "This is too far ahead for an appointment.",
    Refusal.CLOSED: "The business is not open then, or not for long enough.",
    Refusal.TAKEN: "This time is taken.",
    Refusal.OFF_GRID: "No appointment begins at exactly this time.",
}


def check_availability(asked: Asked) -> Answer:
    plan = Plan.of(asked.call.business)
    today = asked.now.astimezone(plan.calendar.zone).date()
    wanted = _as_date(asked.arguments["from_date"]) if "from_date" in asked.arguments else today
    first = max(wanted, plan.calendar.first_day(asked.now))
    latest = plan.calendar.last_day(asked.now)
    if first > latest:
        return _too_far(today, latest)
    last = min(first + timedelta(days=DAYS_SEARCHED), latest)
    days = plan.free_days(
        days_from(first, last),
        plan.booked(first, last),
        hours=PARTS_OF_DAY.get(asked.arguments.get("part_of_day", ""), (0, 24)),
        now=asked.now,
    )
    return Answer(
        {
            "today": in_words(today),
            "searched": {"from": f"{first}", "to": f"{last}"},
            "free": days,
            "next": "Offer two or three of these, as people say them. For schedule_appointment "
            "write starts_at as <date>T<time>."
            if days
            else "Nothing is free in these days. Say so and ask for another day.",
        }
    )


def _too_far(today: date, latest: date) -> Answer:
    return Answer(
        {
            "today": in_words(today),
            "free": [],
            "reason": REASONS[Refusal.TOO_FAR],
            "latest_day": in_words(latest),
        },
        succeeded=False,
    )


def schedule_appointment(asked: Asked) -> Answer:
    plan = Plan.of(asked.call.business)
    wall = _as_time(asked.arguments["starts_at"])
    own = _own(asked.call, instants(wall, plan.calendar.zone))
    if own is not None:
        return _booked(own, plan.calendar.zone, already=True)
    wanted = (instants(wall, plan.calendar.zone) or [wall.replace(tzinfo=UTC)])[0]
    days = around(plan.calendar, wanted=wanted, now=asked.now)
    found = find_slot(plan.calendar, plan.booked(*days), wall=wall, now=asked.now)
    if isinstance(found, Span):
        appointment = _book(asked, found)
        if appointment is not None:
            return _booked(appointment, plan.calendar.zone, already=False)
        found = Refusal.TAKEN
    free = nearest(
        plan.calendar, plan.booked(*days), wanted=wanted, now=asked.now, most=ALTERNATIVES
    )
    return _not_booked(found, free, plan.calendar.zone)


@dataclass(frozen=True, slots=True)
class Plan:
    """When a business receives people, as its rows say."""

    business: Business
    calendar: Calendar

    @classmethod
    def of(cls, business: Business) -> Plan:
        settings = AgentSettings.objects.of(business)
        hours = OpeningHours.objects.for_business(business)
        closed = ClosedDay.objects.for_business(business)
        calendar = Calendar(
            zone=ZoneInfo(business.timezone),
            hours=tuple(Hours(row.weekday, row.opens, row.closes) for row in hours),
            closed=frozenset(closed.values_list("date", flat=True)),
            slot=timedelta(minutes=settings.slot_minutes),
            notice=timedelta(minutes=settings.notice_minutes),
            horizon=timedelta(days=settings.horizon_days),
        )
        return cls(business, calendar)

    def booked(self, first: date, last: date) -> list[Span]:
        """Asked anew each time: another call may have taken a slot meanwhile."""
        start = datetime.combine(first, time.min, self.calendar.zone)
        end = datetime.combine(last + timedelta(days=1), time.min, self.calendar.zone)
        rows = Appointment.objects.for_business(self.business).booked().between(start, end)
        return [Span(*times) for times in rows.values_list("starts_at", "ends_at")]

    def free_days(
        self, days: Iterable[date], booked: Sequence[Span], *, hours: tuple[int, int], now: datetime
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for day in days:
            slots = free_slots(self.calendar, booked, day=day, now=now)
            local = [slot.starts_at.astimezone(self.calendar.zone) for slot in slots]
            times = [f"{start:%H:%M}" for start in local if hours[0] <= start.hour < hours[1]]
            if times:
                # On the night when an hour comes twice, so would its times.
                told = list(dict.fromkeys(times))[:TIMES_TOLD]
                found.append({"day": in_words(day), "date": f"{day}", "times": told})
            if len(found) == DAYS_TOLD:
                break
        return found


def _own(call: Call, starts: Sequence[datetime]) -> Appointment | None:
    """What this caller has at this time; one without a number has only this call."""
    mine = Q(lead=call.lead) if call.lead else Q(call=call)
    rows = Appointment.objects.for_business(call.business_id).booked()
    return rows.filter(mine, starts_at__in=starts).order_by("starts_at").first()


def _book(asked: Asked, slot: Span) -> Appointment | None:
    """None when somebody else was faster."""
    call = asked.call
    known = call.lead.name if call.lead else ""
    appointment = Appointment(
        business_id=call.business_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        name=clean(asked.arguments.get("name", ""), NAME_LIMIT) or known,
        note=clean(masked(asked.arguments.get("note", "")), NOTE_LIMIT),
        lead=call.lead,
        call=call,
        created_at=asked.now,
    )
    try:
        with transaction.atomic():
            appointment.save(force_insert=True)
    except IntegrityError as error:
        if not is_double_booking(error):
            raise
        return None
    return appointment


def is_double_booking(error: IntegrityError) -> bool:
    cause = error.__cause__
    return (
        isinstance(cause, errors.ExclusionViolation)
        and cause.diag.constraint_name == NO_DOUBLE_BOOKING
    )


def _booked(appointment: Appointment, zone: ZoneInfo, *, already: bool) -> Answer:
    return Answer(
        {
            "booked": True,
            "already_before": already,
            **moment(appointment.starts_at, zone),
            "next": "This is already booked for the caller. Say so; nothing more is needed."
            if already
            else "Confirm day and time in one short sentence.",
        }
    )


def _not_booked(reason: Refusal, free: Sequence[Span], zone: ZoneInfo) -> Answer:
    return Answer(
        {
            "booked": False,
            "reason": REASONS[reason],
            "nearest_free": [moment(slot.starts_at, zone) for slot in free],
            "next": "Say kindly that this time cannot be had and offer one or two of the nearest "
            "free ones. Book only what the caller agrees to."
            if free
            else "Say kindly that this time cannot be had, and ask for another day.",
        },
        succeeded=False,
    )


def moment(at: datetime, zone: ZoneInfo) -> dict[str, str]:
    local = at.astimezone(zone)
    return {"time": f"{in_words(local.date())}, {local:%H:%M}", "starts_at": local.isoformat()}


def in_words(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _as_date(written: str) -> date:
    return _as_time(written).date()


def _as_time(written: str) -> datetime:
    """A date alone is its midnight. Years that no appointment is in overflow on the way to UTC."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Refused(
            f"{written[:40]!r} is not a date or time in ISO form. Call the tool again, with "
            "local time such as 2026-11-03T10:30."
        ) from error
    if not 2000 <= at.year <= 2200:
        raise Refused("The year cannot be right. Ask the caller for the day again.")
    return at
