from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from outbound.windows.holidays import RestDay
from outbound.windows.openings import openings
from outbound.windows.schedules import DAYS, Schedule, ScheduleInvalid, parse_schedule
from outbound.windows.shabbat import Rest, rests
from outbound.windows.spans import Spans, joined, without
from outbound.windows.zones import ISRAEL, NORTH_AMERICA, Callee, ZoneUnknown, callee_of

# How far ahead an opening is looked for, in days of UTC.
HORIZON: Final = timedelta(days=60)
DAY: Final = timedelta(days=1)

# 47 CFR 64.1200(c)(1): no solicitation before 8 or after 21 o'clock where the called party is. The
# rest of +1 is treated alike: who is in which country cannot be told from a toll-free number.
US_HOURS: Final = parse_schedule(dict.fromkeys(DAYS, [["08:00", "21:00"]]))


class Reason(StrEnum):
    ALLOWED = "allowed"
    OUTSIDE_HOURS = "outside_hours"
    CLOSED_DAY = "closed_day"
    SHABBAT = "shabbat"
    HOLIDAY = "holiday"
    TABLE_ENDS = "table_ends"
    US_HOURS = "us_hours"
    NEVER_OPEN = "never_open"
    UNKNOWN_ZONE = "unknown_zone"
    BROKEN_SCHEDULE = "broken_schedule"


@dataclass(frozen=True, slots=True)
class Decision:
    """`next_at` is the first instant from now on at which a call is allowed, and `until` when that
    opening ends; both None if there is none within `HORIZON`. An opening that goes on longer is
    cut off there.
    """

    reason: Reason
    zones: tuple[ZoneInfo, ...] = ()
    next_at: datetime | None = None
    until: datetime | None = None
    rest_day: RestDay | None = None
    broken: ScheduleInvalid | None = None

    @property
    def allowed(self) -> bool:
        return self.reason is Reason.ALLOWED


class Rules(NamedTuple):
    schedules: tuple[Schedule, ...]
    observes: bool
    closed_days: frozenset[date]

    def rest_of(self, callee: Callee, day: date) -> tuple[Rest, ...]:
        return rests(day) if self.observes and callee.calling_code == ISRAEL else ()


def decide(
    *,
    number: str,
    now: datetime,
    schedules: Sequence[Schedule],
    observes: bool = True,
    closed_days: Collection[date] = (),
) -> Decision:
    """All schedules must allow it, in every zone that the number may be in.

    `observes` says whether Israeli numbers are left alone on Shabbat and holidays; `closed_days`
    are days of the callee's own calendar on which this business calls nobody.
    """
    if now.tzinfo is None:
        raise ValueError("an instant has a time zone")
    if not schedules:
        return Decision(Reason.BROKEN_SCHEDULE)
    try:
        callee = callee_of(number)
    except ZoneUnknown:
        return Decision(Reason.UNKNOWN_ZONE)
    rules = Rules(tuple(schedules), observes, frozenset(closed_days))
    return _decide(callee, rules, now.astimezone(UTC))


def decide_as_stored(
    *,
    number: str,
    now: datetime,
    schedules: Sequence[object],
    observes: bool = True,
    closed_days: Collection[date] = (),
) -> Decision:
    """For rows as they are, a broken one among them."""
    try:
        parsed = [parse_schedule(stored) for stored in schedules]
    except ScheduleInvalid as error:
        return Decision(Reason.BROKEN_SCHEDULE, broken=error)
    return decide(
        number=number, now=now, schedules=parsed, observes=observes, closed_days=closed_days
    )


def allowed_spans(
    *,
    number: str,
    days: Iterable[date],
    schedules: Sequence[Schedule],
    observes: bool = True,
    closed_days: Collection[date] = (),
) -> Spans:
    """When this number may be called, on these days of UTC in a row. Raises `ZoneUnknown`."""
    rules = Rules(tuple(schedules), observes, frozenset(closed_days))
    callee = callee_of(number)
    return joined(span for day in days for span in _on(callee, rules, day))


def _decide(callee: Callee, rules: Rules, now: datetime) -> Decision:
    ahead = _ahead(callee, rules, now.date())
    found = bisect_right(ahead, now, key=lambda span: span.end)
    if found == len(ahead):
        return _never(callee, rules, now)
    start, until = ahead[found]
    if start <= now:
        return Decision(Reason.ALLOWED, callee.zones, next_at=now, until=until)
    return replace(_closed(callee, rules, now), next_at=start, until=until)


@lru_cache(maxsize=1024)
def _ahead(callee: Callee, rules: Rules, today: date) -> Spans:
    """What is open up to the horizon. Everybody who shares the zones shares this."""
    days = [today + DAY * number for number in range(HORIZON // DAY + 1)]
    return joined(span for day in days for span in _on(callee, rules, day))


def _on(callee: Callee, rules: Rules, day: date) -> Spans:
    by_law = (US_HOURS,) if callee.calling_code == NORTH_AMERICA else ()
    spans = openings(callee.zones, rules.schedules + by_law, day, rules.closed_days)
    return without(spans, (rest.during for rest in rules.rest_of(callee, day)))


def _closed(callee: Callee, rules: Rules, now: datetime) -> Decision:
    """Why nobody is called now, the reason that matters most first."""
    for rest in rules.rest_of(callee, now.date()):
        if rest.during.holds(now):
            return Decision(_reason(rest.day), callee.zones, rest_day=rest.day)
    if any(now.astimezone(zone).date() in rules.closed_days for zone in callee.zones):
        return Decision(Reason.CLOSED_DAY, callee.zones)
    spans = openings(callee.zones, rules.schedules, now.date())
    inside = any(span.holds(now) for span in spans)
    return Decision(Reason.US_HOURS if inside else Reason.OUTSIDE_HOURS, callee.zones)


def _reason(day: RestDay) -> Reason:
    exceptions = {RestDay.SHABBAT: Reason.SHABBAT, RestDay.NOT_IN_TABLE: Reason.TABLE_ENDS}
    return exceptions.get(day, Reason.HOLIDAY)


def _never(callee: Callee, rules: Rules, now: datetime) -> Decision:
    last = rules.rest_of(callee, now.date() + HORIZON)
    ends = any(rest.day is RestDay.NOT_IN_TABLE for rest in last)
    return Decision(Reason.TABLE_ENDS if ends else Reason.NEVER_OPEN, callee.zones)
