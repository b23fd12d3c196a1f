from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from outbound.windows import Schedule, openings, parse_schedule

JERUSALEM, NEW_YORK = ZoneInfo("Asia/Jerusalem"), ZoneInfo("America/New_York")
LORD_HOWE, APIA = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
# New York, 2026: at 07:00 UTC on 8 March the clocks go from 2 to 3, at 06:00 UTC on 1 November
# back from 2 to 1.
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)


def daily(*slots: tuple[str, str]) -> Schedule:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return parse_schedule({day: [list(slot) for slot in slots] for day in days})


def written(day: date, schedule: Schedule, *zones: ZoneInfo) -> list[str]:
    spans = openings(zones, [schedule], day)
    return [f"{span.start:%d %H:%M}-{span.end:%d %H:%M}" for span in spans]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 7), ["07 00:00-07 01:00", "07 14:00-08 00:00"]),
        (FORWARD, ["08 00:00-08 01:00", "08 13:00-09 00:00"]),
        (BACK, ["01 14:00-02 00:00"]),
    ],
)
def test_nine_oclock_is_nine_oclock_before_and_after_the_change(
    day: date, hours: list[str]
) -> None:
    assert written(day, daily(("09:00", "20:00")), NEW_YORK) == hours


def test_hours_that_begin_in_the_gap_begin_after_it() -> None:
    assert written(FORWARD, daily(("02:30", "03:30")), NEW_YORK) == ["08 07:00-08 07:30"]


def test_hours_that_end_in_the_gap_end_before_it() -> None:
    assert written(FORWARD, daily(("01:30", "02:30")), NEW_YORK) == ["08 06:30-08 07:00"]


def test_hours_within_the_gap_do_not_come() -> None:
    assert written(FORWARD, daily(("02:00", "03:00")), NEW_YORK) == []


def test_an_hour_that_comes_twice_is_open_twice_and_nothing_between() -> None:
    assert written(BACK, daily(("01:15", "01:30")), NEW_YORK) == [
        "01 05:15-01 05:30",
        "01 06:15-01 06:30",
    ]


def test_hours_around_an_hour_that_comes_twice_are_one_stretch() -> None:
    assert written(BACK, daily(("00:00", "03:00")), NEW_YORK) == ["01 04:00-01 08:00"]


def test_half_an_hour_of_summer_time_counts_as_half_an_hour() -> None:
    # On 4 October 2026, at 15:30 UTC the day before, from 2:00 to 2:30.
    assert written(date(2026, 10, 3), daily(("01:00", "03:00")), LORD_HOWE) == ["03 14:30-03 16:00"]


def test_a_day_that_a_country_left_out_has_no_hours() -> None:
    friday = parse_schedule({"fri": [["00:00", "24:00"]]})
    assert written(date(2011, 12, 30), friday, APIA) == []
    assert written(date(2011, 12, 29), friday, APIA) == []


def test_in_two_zones_only_what_is_open_in_both_is_open() -> None:
    assert written(date(2026, 6, 2), daily(("09:00", "20:00")), JERUSALEM, NEW_YORK) == [
        "02 13:00-02 17:00"
    ]


def test_two_schedules_must_both_allow_it() -> None:
    schedules = [daily(("09:00", "12:00"), ("14:00", "18:00")), daily(("11:00", "15:00"))]
    spans = openings([ZoneInfo("UTC")], schedules, date(2026, 6, 2))
    assert [(span.start.hour, span.end.hour) for span in spans] == [(11, 12), (14, 15)]


def test_a_closed_day_is_closed_by_the_callees_own_calendar() -> None:
    closed = frozenset({date(2026, 6, 2)})
    spans = openings([NEW_YORK], [daily(("00:00", "24:00"))], date(2026, 6, 2), closed)
    assert spans == ((datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 2, 4, tzinfo=UTC)),)
