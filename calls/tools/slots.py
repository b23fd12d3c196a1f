"""When there is room for an appointment: rows and the time in, free slots out.

Pure: no database, no clock. Opening hours are by the clock on the wall, appointments are instants;
the two meet here and nowhere else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Two instants in UTC."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Span) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Hours:
    weekday: int
    opens: time
    closes: time


class Refusal(StrEnum):
    """Why a time cannot be had."""

    NO_SUCH_TIME = "no_such_time"  # the clocks go forward over it
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    CLOSED = "closed"
    TAKEN = "taken"
    OFF_GRID = "off_grid"  # free, but no appointment begins then


@dataclass(frozen=True, slots=True)
class Calendar:
    zone: ZoneInfo
    hours: tuple[Hours, ...]
    closed: frozenset[date]
    slot: timedelta
    notice: timedelta
    horizon: timedelta

    def first_day(self, now: datetime) -> date:
        return (now + self.notice).astimezone(self.zone).date()

    def last_day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date() + self.horizon

    def opening(self, day: date) -> list[Span]:
        """The stretches of this day, apart and in order.

        Where the clocks go forward over a time, what opens then opens after the gap and what
        closes then closes before it; a time that comes twice opens the first and closes the second
        time. For both that is what `fold` says.
        """
        if day in self.closed:
            return []
        spans = (
            Span(self._instant(day, hours.opens, fold=0), self._instant(day, hours.closes, fold=1))
            for hours in self.hours
            if hours.weekday == day.weekday()
        )
        return joined(span for span in spans if span.starts_at < span.ends_at)

    def _instant(self, day: date, wall: time, *, fold: int) -> datetime:
        return datetime.combine(day, wall, self.zone).replace(fold=fold).astimezone(UTC)

    def slots(self, day: date) -> Iterator[Span]:
        """One after the other from the opening, free or not."""
        for span in self.opening(day):
            start = span.starts_at
            while start + self.slot <= span.ends_at:
                yield Span(start, start + self.slot)
                start += self.slot


def joined(spans: Iterable[Span]) -> list[Span]:
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span.starts_at <= apart[-1].ends_at:
            apart[-1] = Span(apart[-1].starts_at, max(apart[-1].ends_at, span.ends_at))
        else:
            apart.append(span)
    return apart


def free_slots(
    calendar: Calendar, booked: Iterable[Span], *, day: date, now: datetime
) -> list[Span]:
    """What can be had on this day, in order."""
    if day > calendar.last_day(now):
        return []
    taken = joined(booked)
    soonest = now + calendar.notice
    return [
        slot
        for slot in calendar.slots(day)
        if slot.starts_at >= soonest and not _is_taken(slot, taken)
    ]


def _is_taken(slot: Span, taken: list[Span]) -> bool:
    """Of stretches that lie apart, in order, only the last one that begins before its end counts."""
    before = bisect_left(taken, slot.ends_at, key=lambda span: span.starts_at)
    return before > 0 and taken[before - 1].overlaps(slot)


def instants(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """What a time on the wall can mean: one instant, two where it comes twice, none in a gap."""
    if wall.tzinfo is not None:
        return [wall.astimezone(UTC)]
    meant = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(at for at in meant if at.astimezone(zone).replace(tzinfo=None) == wall)


def find_slot(
    calendar: Calendar, booked: Iterable[Span], *, wall: datetime, now: datetime
) -> Span | Refusal:
    """The slot that begins at this time, the first one where the time comes twice."""
    meant = instants(wall, calendar.zone)
    if not meant:
        return Refusal.NO_SUCH_TIME
    taken = tuple(booked)
    day = meant[0].astimezone(calendar.zone).date()
    free = {slot.starts_at: slot for slot in free_slots(calendar, taken, day=day, now=now)}
    for start in meant:
        if start in free:
            return free[start]
    return why_not(calendar, taken, start=meant[0], now=now)


def why_not(
    calendar: Calendar, booked: Iterable[Span], *, start: datetime, now: datetime
) -> Refusal:
    day = start.astimezone(calendar.zone).date()
    wanted = Span(start, start + calendar.slot)
    if start < now + calendar.notice:
        return Refusal.TOO_SOON
    if day > calendar.last_day(now):
        return Refusal.TOO_FAR
    if not any(
        span.starts_at <= wanted.starts_at and wanted.ends_at <= span.ends_at
        for span in calendar.opening(day)
    ):
        return Refusal.CLOSED
    return Refusal.TAKEN if any(map(wanted.overlaps, booked)) else Refusal.OFF_GRID


def days_from(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def around(calendar: Calendar, *, wanted: datetime, now: datetime) -> tuple[date, date]:
    """The days of a week before and after, or of the nearest end of the time that can be booked."""
    first, last = calendar.first_day(now), calendar.last_day(now)
    day = min(max(wanted.astimezone(calendar.zone).date(), first), last)
    week = timedelta(days=7)
    return max(first, day - week), min(last, day + week)


def nearest(
    calendar: Calendar, booked: Iterable[Span], *, wanted: datetime, now: datetime, most: int
) -> list[Span]:
    """The free slots `around` a time that are closest to it, in order."""
    taken = tuple(booked)
    days = days_from(*around(calendar, wanted=wanted, now=now))
    found = [slot for day in days for slot in free_slots(calendar, taken, day=day, now=now)]
    found.sort(key=lambda slot: (abs(slot.starts_at - wanted), slot.starts_at))
    return sorted(found[:most])
