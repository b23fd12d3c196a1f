"""Whatever the hours, the zone and the instant: nobody's telephone rings when it must not.

What may be is said a second time here, instant by instant: the clock on the wall as text, beside
the hours as they are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from outbound.windows import HORIZON, Decision, decide, openings, parse_schedule
from outbound.windows.holidays import rest_day
from outbound.windows.openings import day_of
from outbound.windows.shabbat import candle_lighting, nightfall
from outbound.windows.zones import callee_of

Week: TypeAlias = Mapping[str, Sequence[Sequence[str]]]

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, MINUTE, A_BLINK = timedelta(days=1), timedelta(minutes=1), timedelta(microseconds=1)
US_LAW: Final[Week] = dict.fromkeys(DAYS, [["08:00", "21:00"]])

# A number for each set of zones in North America.
AREAS: Final = {
    zones: prefix
    for prefix, zones in TIMEZONE_DATA.items()
    if prefix.startswith("1") and prefix != "1"
}
NUMBERS: Final = (
    *("+972501234567", "+97231234567", "+18005550100", "+302101234567", "+33612345678"),
    *("+34911234567", "+34922123456", "+351291123456", "+353123456789", "+3545512345"),
    *("+390612345678", "+442071234567", "+48221234567", "+493012345678", "+74951234567"),
    *(f"+{(prefix + '2345678')[:11]}" for prefix in AREAS.values()),
)
PLACES: Final = sorted(
    name
    for name in available_timezones()
    if name.startswith(("US/", "America/", "Europe/")) or name == "Asia/Jerusalem"
)


@dataclass(frozen=True)
class Case:
    number: str
    now: datetime
    weeks: Sequence[Week]
    observes: bool
    closed_days: frozenset[date]

    def decide(self, now: datetime) -> Decision:
        return decide(
            number=self.number,
            now=now,
            schedules=[parse_schedule(week) for week in self.weeks],
            observes=self.observes,
            closed_days=self.closed_days,
        )

    def may_ring(self, at: datetime) -> bool:
        weeks = [*self.weeks, US_LAW] if self.number.startswith("+1") else self.weeks
        rests = self.observes and self.number.startswith("+972") and is_rest(at)
        return not rests and all(
            is_within(week, local) and local.date() not in self.closed_days
            for local in (at.astimezone(zone) for zone in callee_of(self.number).zones)
            for week in weeks
        )


def is_within(week: Week, local: datetime) -> bool:
    shown = f"{local:%H:%M:%S.%f}"
    return any(opens <= shown < closes for opens, closes in week.get(DAYS[local.weekday()], ()))


def is_rest(at: datetime) -> bool:
    return any(
        candle_lighting(day - DAY) <= at < nightfall(day)
        for day in (at.date() + DAY * step for step in (-1, 0, 1, 2))
        if rest_day(day) is not None
    )


def written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# Around the hours at which clocks change, around those at which calls are made, or anywhere.
TIMES = st.one_of(
    st.integers(0, 48).map(lambda step: step * 5),
    st.integers(14, 48).map(lambda step: step * 30),
    st.integers(0, 24 * 60),
)
SLOTS = st.lists(TIMES, max_size=6, unique=True).map(
    lambda times: [
        [written(opens), written(closes)]
        for opens, closes in zip(sorted(times)[::2], sorted(times)[1::2], strict=False)
    ]
)
WEEKS = st.dictionaries(st.sampled_from(DAYS), SLOTS, min_size=1).filter(
    lambda week: any(week.values())
)
# In each of these nights the clocks change somewhere: North America, Israel, Europe, Chatham.
NIGHTS = st.sampled_from(
    [date(2026, 3, 8), date(2026, 11, 1), date(2027, 3, 26), date(2026, 10, 25), date(2029, 3, 25)]
)
INSTANTS = st.one_of(
    st.builds(
        lambda night, minutes: (
            datetime(night.year, night.month, night.day, tzinfo=UTC) + minutes * MINUTE
        ),
        NIGHTS,
        st.integers(-12 * 60, 36 * 60),
    ),
    st.datetimes(datetime(2025, 12, 1), datetime(2032, 2, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    now = draw(INSTANTS)
    near = st.integers(0, 5).map(lambda step: now.date() + step * DAY)
    return Case(
        draw(st.sampled_from(NUMBERS)),
        now,
        draw(st.lists(WEEKS, min_size=1, max_size=2)),
        draw(st.booleans()),
        draw(st.frozensets(near, max_size=2)),
    )


def between(start: datetime, end: datetime) -> Iterator[datetime]:
    """Every minute of the first hours and the last, and one in 97 between."""
    at = start
    while at < end:
        yield at
        near = min(at - start, end - at) < timedelta(hours=3)
        at += MINUTE if near else 97 * MINUTE


@given(cases())
@settings(max_examples=150, deadline=None)
def test_a_call_is_allowed_when_every_clock_and_every_rule_allows_it(case: Case) -> None:
    assert case.decide(case.now).allowed == case.may_ring(case.now)


@given(cases())
@settings(max_examples=80, deadline=None)
def test_until_the_next_opening_nothing_is_open(case: Case) -> None:
    decision = case.decide(case.now)
    next_at = decision.next_at
    end = case.now + HORIZON if next_at is None else next_at
    assert not any(map(case.may_ring, between(case.now, end)))
    if next_at is not None:
        assert case.may_ring(next_at)
        assert case.decide(next_at).allowed
        assert decision.allowed or not case.may_ring(next_at - A_BLINK)


@given(cases())
@settings(max_examples=80, deadline=None)
def test_an_opening_lasts_to_its_end_and_not_a_blink_longer(case: Case) -> None:
    decision = case.decide(case.now)
    if decision.next_at is None or decision.until is None:
        assert decision.next_at is decision.until
        return
    assert all(map(case.may_ring, between(decision.next_at, decision.until)))
    assert case.may_ring(decision.until - A_BLINK)
    if decision.until.date() <= case.now.date() + HORIZON:
        assert not case.may_ring(decision.until)
        assert not case.decide(decision.until).allowed


def days_of_change() -> Iterator[date]:
    for night in (date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 27), date(2026, 10, 25)):
        yield from (night - DAY, night, night + DAY)


def test_on_the_days_around_a_change_each_quarter_is_judged_right_in_every_zone() -> None:
    week = dict.fromkeys(DAYS, [["00:30", "01:15"], ["01:45", "02:15"], ["02:45", "24:00"]])
    schedule = parse_schedule(week)
    for zone in map(ZoneInfo, PLACES):
        for day in days_of_change():
            spans = openings([zone], [schedule], day)
            for quarter in range(24 * 4):
                at = day_of(day).start + 15 * MINUTE * quarter
                is_open = any(span.holds(at) for span in spans)
                assert is_open == is_within(week, at.astimezone(zone)), (zone, at)
