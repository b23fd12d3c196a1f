"""The days of a calendar: when somebody in a country may be called, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from calls.models import ClosedDay
from outbound import windows
from outbound.models import OutboundCallRun, OutboundSettings
from tenants.models import Business

DAY: Final = timedelta(days=1)
WIDTH: Final = 1440  # of the bar of a day
ISRAEL: Final = "+972"


class Opening(NamedTuple):
    """By the clock of the business; `closes` is 24:00 at midnight."""

    opens: str
    closes: str
    start: int  # in the bar
    width: int


class Mark(NamedTuple):
    text: str
    is_rest: bool


@dataclass(frozen=True, slots=True)
class CalendarDay:
    date: date
    openings: Sequence[Opening]
    rests: Sequence[Opening]
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Hours:
    """What a business, and one of its runs, have set: read once for a whole calendar."""

    business: Business
    stored: Sequence[Any]
    observes: bool
    closed: Mapping[date, str]

    @classmethod
    def of(cls, business: Business, run: OutboundCallRun | None, since: date, until: date) -> Hours:
        """Inside the scope of the business."""
        own = OutboundSettings.objects.of(business)
        closed = ClosedDay.objects.for_business(business).filter(date__range=(since, until))
        schedules = [own.schedule, *([run.schedule] if run and run.schedule else [])]
        notes = dict(closed.values_list("date", "note"))
        return cls(business, schedules, own.observe_shabbat, notes)

    def next_opening(self, number: str, now: datetime) -> str:
        decision = windows.decide_as_stored(
            number=number,
            now=now,
            schedules=self.stored,
            observes=self.observes,
            closed_days=self.closed,
        )
        return str(windows.explain(decision, zone=ZoneInfo(self.business.timezone)))

    def days(self, number: str, first: date, count: int) -> list[CalendarDay]:
        """By the calendar of the business. Of hours that cannot be read, all days are closed."""
        zone = ZoneInfo(self.business.timezone)
        days = [first + DAY * offset for offset in range(count)]
        spans = self._spans(number, [first - DAY, *days, days[-1] + DAY])
        rests = self.observes and number.startswith(ISRAEL)
        return [
            CalendarDay(
                date=day,
                openings=list(_within(day, zone, spans)),
                rests=list(_within(day, zone, [one.during for one in _rests(day)]))
                if rests
                else [],
                marks=[*self._closed_mark(day), *(_marks(day, zone) if rests else [])],
            )
            for day in days
        ]

    def _spans(self, number: str, days: Sequence[date]) -> Sequence[windows.Span]:
        try:
            return windows.allowed_spans(
                number=number,
                days=days,
                schedules=[windows.parse_schedule(one) for one in self.stored],
                observes=self.observes,
                closed_days=self.closed,
            )
        except (windows.ScheduleInvalid, windows.ZoneUnknown):
            return ()

    def _closed_mark(self, day: date) -> list[Mark]:
        if day not in self.closed:
            return []
        return [Mark(self.closed[day] or gettext("You call nobody"), is_rest=False)]


def _rests(day: date) -> list[windows.Rest]:
    """Whatever rest may touch this day, wherever the business's clock stands."""
    near = (rest for offset in (-1, 0, 1) for rest in windows.rests(day + DAY * offset))
    return sorted(set(near))


def _marks(day: date, zone: ZoneInfo) -> Iterator[Mark]:
    start, end = _day(day, zone)
    for during, rest_day in _rests(day):
        if during.end <= start or during.start >= end:
            continue
        name = str(windows.REST_DAYS.get(rest_day, gettext("The holidays are not known yet")))
        if during.start > start:
            told = gettext("%(name)s from %(time)s")
            yield Mark(told % {"name": name, "time": _clock(during.start, zone)}, is_rest=True)
        elif during.end < end:
            told = gettext("%(name)s until %(time)s")
            yield Mark(told % {"name": name, "time": _clock(during.end, zone)}, is_rest=True)
        else:
            yield Mark(name, is_rest=True)


def _within(day: date, zone: ZoneInfo, spans: Sequence[windows.Span]) -> Iterator[Opening]:
    start, end = _day(day, zone)
    for span in spans:
        since, until = max(span.start, start), min(span.end, end)
        if since < until:
            closes = "24:00" if until == end else _clock(until, zone)
            left, right = (_place(instant, start, end) for instant in (since, until))
            yield Opening(_clock(since, zone), closes, left, right - left)


def _day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """In UTC: the difference of two times of one zone would leave out a change of the clocks."""
    midnights = (datetime.combine(one, time(), zone) for one in (day, day + DAY))
    start, end = (midnight.astimezone(UTC) for midnight in midnights)
    return start, end


def _place(instant: datetime, start: datetime, end: datetime) -> int:
    return round(WIDTH * ((instant - start) / (end - start)))


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"
