"""From the clock on the wall to instants: when a zone's own time lies within a schedule.

Everything is reckoned by days of UTC, so that what holds in one zone can be laid over what holds in
another. Within a day, each stretch between two changes of the clocks is a plain shift; so a time
that the clocks leap over is never open, and one that comes twice is judged each time it comes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, reduce
from itertools import pairwise
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from outbound.windows.schedules import Schedule
from outbound.windows.spans import Span, Spans, in_both, joined

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Shift(NamedTuple):
    """How far the clocks on the wall are ahead of UTC, and during which part of a day."""

    during: Span
    ahead: timedelta


Clock: TypeAlias = tuple[Shift, ...]


def day_of(day: date) -> Span:
    midnight = datetime.combine(day, time(), UTC)
    return Span(midnight, midnight + DAY)


def openings(
    zones: Iterable[ZoneInfo],
    schedules: Iterable[Schedule],
    day: date,
    closed_days: frozenset[date] = frozenset(),
) -> Spans:
    """The parts of this day of UTC at which every schedule allows a call in every zone.

    Zones that show the same time count once: a number without an area has dozens of them.
    """
    clocks = {_clock(zone, day) for zone in zones}
    every = (_open(clock, schedule, closed_days) for clock in clocks for schedule in schedules)
    return reduce(in_both, every, (day_of(day),))


@lru_cache(maxsize=16_384)
def _clock(zone: ZoneInfo, day: date) -> Clock:
    start, end = day_of(day)
    hours = (start + HOUR * number for number in range(25))
    shown = pairwise((hour, _ahead(zone, hour)) for hour in hours)
    changes = [_change(zone, hour) for (hour, old), (_, new) in shown if old != new]
    return tuple(
        Shift(Span(since, until), _ahead(zone, since))
        for since, until in pairwise([start, *changes, end])
        if since < until
    )


def _change(zone: ZoneInfo, hour: datetime) -> datetime:
    """The first second of the hour, or of the next, that is shown by the new time."""
    seconds = [hour + timedelta(seconds=passed) for passed in range(3600)]
    old = _ahead(zone, hour)
    return hour + timedelta(
        seconds=bisect_left(seconds, True, key=lambda second: _ahead(zone, second) != old)
    )


def _ahead(zone: ZoneInfo, instant: datetime) -> timedelta:
    ahead = instant.astimezone(zone).utcoffset()
    assert ahead is not None
    return ahead


@lru_cache(maxsize=16_384)
def _open(clock: Clock, schedule: Schedule, closed_days: frozenset[date]) -> Spans:
    return joined(span for shift in clock for span in _open_during(shift, schedule, closed_days))


def _open_during(shift: Shift, schedule: Schedule, closed_days: frozenset[date]) -> Iterator[Span]:
    (since, until), ahead = shift
    for day in _days_shown(shift):
        if day in closed_days:
            continue
        midnight = datetime.combine(day, time(), UTC) - ahead
        for opens, closes in schedule.slots(day):
            start, end = max(since, midnight + opens), min(until, midnight + closes)
            if start < end:
                yield Span(start, end)


def _days_shown(shift: Shift) -> Iterator[date]:
    day = (shift.during.start + shift.ahead).date()
    last = (shift.during.end + shift.ahead).date()
    while day <= last:
        yield day
        day += DAY
