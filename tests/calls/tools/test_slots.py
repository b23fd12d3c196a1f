from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

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
    joined,
    nearest,
)

JERUSALEM = ZoneInfo("Asia/Jerusalem")
ZONES = [JERUSALEM, ZoneInfo("UTC"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]
MONDAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
# In Israel the clocks go forward from 2 to 3 on this Friday, and back from 2 to 1 on this Sunday.
FORWARD = date(2026, 3, 27)
BACK = date(2026, 10, 25)


def opens(*hours: tuple[int, str, str]) -> tuple[Hours, ...]:
    return tuple(
        Hours(weekday, time.fromisoformat(opening), time.fromisoformat(closing))
        for weekday, opening, closing in hours
    )


def calendar(*hours: tuple[int, str, str], **given: object) -> Calendar:
    values: dict[str, object] = {
        "zone": JERUSALEM,
        "hours": opens(*hours),
        "closed": frozenset(),
        "slot": timedelta(minutes=30),
        "notice": timedelta(hours=2),
        "horizon": timedelta(days=60),
    }
    return Calendar(**values | given)  # type: ignore[arg-type]  # a test names a few of them


def local(written: str, zone: ZoneInfo = JERUSALEM) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone).astimezone(UTC)


def spoken(slots: list[Span], zone: ZoneInfo = JERUSALEM) -> list[str]:
    return [f"{slot.starts_at.astimezone(zone):%H:%M%z}" for slot in slots]


def test_a_morning_has_a_slot_every_half_hour() -> None:
    found = free_slots(calendar((0, "09:00", "11:00")), [], day=MONDAY, now=NOW)
    assert spoken(found) == ["09:00+0200", "09:30+0200", "10:00+0200", "10:30+0200"]


def test_a_slot_that_does_not_fit_before_closing_is_not_offered() -> None:
    found = free_slots(calendar((0, "09:00", "09:45")), [], day=MONDAY, now=NOW)
    assert spoken(found) == ["09:00+0200"]


def test_hours_that_touch_or_overlap_are_one_stretch() -> None:
    hours = calendar((0, "09:00", "10:15"), (0, "10:00", "11:00"), (0, "11:00", "11:30"))
    assert len(free_slots(hours, [], day=MONDAY, now=NOW)) == 5


def test_a_closed_day_has_no_slot() -> None:
    shut = calendar((0, "09:00", "11:00"), closed=frozenset({MONDAY}))
    assert free_slots(shut, [], day=MONDAY, now=NOW) == []


def test_a_booked_time_is_not_offered_and_its_neighbours_are() -> None:
    booked = [Span(local("2026-11-02T09:30"), local("2026-11-02T10:00"))]
    found = free_slots(calendar((0, "09:00", "11:00")), booked, day=MONDAY, now=NOW)
    assert spoken(found) == ["09:00+0200", "10:00+0200", "10:30+0200"]


def test_notice_counts_from_now() -> None:
    found = free_slots(
        calendar((0, "09:00", "11:00")), [], day=MONDAY, now=local("2026-11-02T08:01")
    )
    assert spoken(found) == ["10:30+0200"]


@pytest.mark.parametrize(("day", "some"), [(date(2026, 11, 9), True), (date(2026, 11, 16), False)])
def test_the_horizon_ends_with_its_last_day(day: date, some: bool) -> None:
    near = calendar((0, "09:00", "11:00"), horizon=timedelta(days=8))
    assert bool(free_slots(near, [], day=day, now=NOW)) is some


@pytest.mark.parametrize(
    ("hours", "starts"),
    [
        (("01:00", "04:00"), ["01:00+0200", "01:30+0200", "03:00+0300", "03:30+0300"]),
        (("02:15", "04:00"), ["03:15+0300"]),
        (("00:30", "02:30"), ["00:30+0200", "01:00+0200"]),
        (("02:10", "02:50"), []),
    ],
)
def test_the_hour_that_is_left_out_in_spring_has_no_slots(
    hours: tuple[str, str], starts: list[str]
) -> None:
    now = datetime(2026, 3, 26, tzinfo=UTC)
    found = free_slots(calendar((4, *hours)), [], day=FORWARD, now=now)
    assert spoken(found) == starts


def test_the_hour_that_comes_twice_in_autumn_has_its_slots_twice() -> None:
    now = datetime(2026, 10, 24, tzinfo=UTC)
    found = free_slots(calendar((6, "01:00", "02:00")), [], day=BACK, now=now)
    assert spoken(found) == ["01:00+0300", "01:30+0300", "01:00+0200", "01:30+0200"]


def test_of_a_time_that_comes_twice_the_first_free_one_is_meant() -> None:
    now = datetime(2026, 10, 24, tzinfo=UTC)
    night, wall = calendar((6, "01:00", "02:00")), datetime(2026, 10, 25, 1, 30)  # noqa: DTZ001
    first = find_slot(night, [], wall=wall, now=now)
    assert isinstance(first, Span)
    second = find_slot(night, [first], wall=wall, now=now)
    assert isinstance(second, Span)
    assert second.starts_at - first.starts_at == timedelta(hours=1)
    assert find_slot(night, [first, second], wall=wall, now=now) is Refusal.TAKEN


@pytest.mark.parametrize(
    ("wall", "reason"),
    [
        ("2026-10-31T09:00", Refusal.TOO_SOON),
        ("2027-11-01T09:00", Refusal.TOO_FAR),
        ("2026-11-02T08:30", Refusal.CLOSED),
        ("2026-11-02T10:45", Refusal.CLOSED),
        ("2026-11-03T09:00", Refusal.CLOSED),
        ("2026-11-02T09:30", Refusal.TAKEN),
        ("2026-11-02T10:10", Refusal.OFF_GRID),
    ],
)
def test_why_a_time_cannot_be_had(wall: str, reason: Refusal) -> None:
    booked = [Span(local("2026-11-02T09:30"), local("2026-11-02T10:00"))]
    found = find_slot(
        calendar((0, "09:00", "11:00")), booked, wall=datetime.fromisoformat(wall), now=NOW
    )
    assert found is reason


def test_a_time_in_the_gap_of_spring_does_not_exist() -> None:
    now = datetime(2026, 3, 26, tzinfo=UTC)
    wall = datetime(2026, 3, 27, 2, 30)  # noqa: DTZ001
    assert instants(wall, JERUSALEM) == []
    found = find_slot(calendar((4, "01:00", "04:00")), [], wall=wall, now=now)
    assert found is Refusal.NO_SUCH_TIME


def test_a_time_with_an_offset_means_what_it_says() -> None:
    wall = datetime.fromisoformat("2026-11-02T08:00:00+01:00")
    found = find_slot(calendar((0, "09:00", "11:00")), [], wall=wall, now=NOW)
    assert isinstance(found, Span)
    assert found.starts_at == local("2026-11-02T09:00")


def test_the_nearest_free_times_lie_around_the_wanted_one() -> None:
    booked = [Span(local("2026-11-02T09:30"), local("2026-11-02T10:00"))]
    found = nearest(
        calendar((0, "09:00", "11:00")),
        booked,
        wanted=local("2026-11-02T09:30"),
        now=NOW,
        most=2,
    )
    assert spoken(found) == ["09:00+0200", "10:00+0200"]


def test_of_a_time_beyond_the_horizon_the_nearest_are_the_last() -> None:
    hours = calendar((0, "09:00", "10:00"), horizon=timedelta(days=9))
    (found,) = nearest(hours, [], wanted=local("2027-05-03T09:00"), now=NOW, most=1)
    assert found.starts_at == local("2026-11-09T09:30")


def test_with_no_opening_hours_nothing_is_near() -> None:
    assert nearest(calendar(), [], wanted=NOW, now=NOW, most=3) == []


minutes_of_a_day = st.integers(0, 24 * 60 - 1)
walls = st.builds(lambda minutes: time(minutes // 60, minutes % 60), minutes_of_a_day)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    hours = []
    for _ in range(draw(st.integers(0, 6))):
        first, second = sorted((draw(walls), draw(walls)))
        assume(first < second)
        hours.append(Hours(draw(st.integers(0, 6)), first, second))
    return Calendar(
        zone=draw(st.sampled_from(ZONES)),
        hours=tuple(hours),
        closed=frozenset(draw(st.sets(days, max_size=3))),
        slot=timedelta(minutes=draw(st.integers(5, 480))),
        notice=timedelta(minutes=draw(st.integers(0, 3000))),
        horizon=timedelta(days=draw(st.integers(1, 40))),
    )


# Around all four changes of the clocks of 2026 in these zones.
days = st.one_of(
    st.dates(date(2026, 3, 5), date(2026, 4, 8)), st.dates(date(2026, 10, 1), date(2026, 11, 4))
)
moments = st.builds(
    lambda day, minutes: datetime.combine(day, time(), UTC) + timedelta(minutes=minutes),
    days,
    minutes_of_a_day,
)
booked_spans = st.lists(
    st.builds(
        lambda start, length: Span(start, start + timedelta(minutes=length)),
        moments,
        st.integers(1, 600),
    ),
    max_size=12,
)


@given(calendars(), booked_spans, days, moments)
def test_every_offered_slot_can_be_had(
    plan: Calendar, booked: list[Span], day: date, now: datetime
) -> None:
    offered = free_slots(plan, booked, day=day, now=now)
    for slot in offered:
        start, end = slot.starts_at.astimezone(plan.zone), slot.ends_at.astimezone(plan.zone)
        assert slot.ends_at - slot.starts_at == plan.slot
        assert start.date() == day
        assert day not in plan.closed
        assert is_open(plan, slot)
        assert end.date() == day
        assert slot.starts_at >= now + plan.notice
        assert day <= now.astimezone(plan.zone).date() + plan.horizon
        assert not any(slot.overlaps(other) for other in booked)
        assert find_slot(plan, booked, wall=start, now=now) == slot
    assert not any(one.overlaps(other) for one in offered for other in offered if one != other)


def is_open(plan: Calendar, slot: Span) -> bool:
    """Minute by minute, by the clock on the wall."""
    at = slot.starts_at
    while at < slot.ends_at:
        wall = at.astimezone(plan.zone)
        if not any(
            hours.weekday == wall.weekday() and hours.opens <= wall.time() < hours.closes
            for hours in plan.hours
        ):
            return False
        at += timedelta(minutes=1)
    return True


@given(calendars(), booked_spans, days, moments)
def test_no_slot_of_the_day_is_kept_back(
    plan: Calendar, booked: list[Span], day: date, now: datetime
) -> None:
    offered = free_slots(plan, booked, day=day, now=now)
    for slot in plan.slots(day):
        if slot in offered:
            continue
        reason = find_slot(plan, booked, wall=slot.starts_at, now=now)
        assert reason in (Refusal.TOO_SOON, Refusal.TOO_FAR, Refusal.TAKEN)


@given(calendars(), booked_spans, moments, moments)
def test_what_is_nearest_is_free(
    plan: Calendar, booked: list[Span], wanted: datetime, now: datetime
) -> None:
    first, last = around(plan, wanted=wanted, now=now)
    every = [
        slot
        for day in days_from(first, last)
        for slot in free_slots(plan, booked, day=day, now=now)
    ]
    found = nearest(plan, booked, wanted=wanted, now=now, most=3)
    assert set(found) <= set(every)
    assert len(found) == min(3, len(every))


@given(booked_spans)
def test_joined_stretches_lie_apart_and_cover_the_same(spans: list[Span]) -> None:
    apart = joined(spans)
    assert apart == sorted(apart)
    for one, other in zip(apart, apart[1:], strict=False):
        assert one.ends_at < other.starts_at
    for span in spans:
        assert any(one.starts_at <= span.starts_at and span.ends_at <= one.ends_at for one in apart)
