from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils.translation import override

from outbound.windows import DEFAULT_SCHEDULE, ScheduleInvalid, parse_schedule

SUNDAY, FRIDAY, SATURDAY = date(2026, 11, 1), date(2026, 11, 6), date(2026, 11, 7)


def hours(day: date, stored: object) -> list[tuple[timedelta, timedelta]]:
    return [(slot.opens, slot.closes) for slot in parse_schedule(stored).slots(day)]


def test_by_default_the_week_is_israels() -> None:
    nine = timedelta(hours=9)
    assert hours(SUNDAY, DEFAULT_SCHEDULE) == [(nine, timedelta(hours=20))]
    assert hours(FRIDAY, DEFAULT_SCHEDULE) == [(nine, timedelta(hours=13))]
    assert hours(SATURDAY, DEFAULT_SCHEDULE) == []


def test_a_day_that_is_not_named_has_no_hours() -> None:
    assert hours(FRIDAY, {"sun": [["09:00", "10:00"]]}) == []


def test_hours_come_in_order_and_may_touch_and_end_with_the_day() -> None:
    stored = {"sun": [["14:30", "24:00"], ["09:00", "14:30"]]}
    half_past_two = timedelta(hours=14, minutes=30)
    assert hours(SUNDAY, stored) == [
        (timedelta(hours=9), half_past_two),
        (half_past_two, timedelta(hours=24)),
    ]


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (None, "have to be a table"),
        ([["09:00", "20:00"]], "have to be a table"),
        ({}, "are empty"),
        ({"sun": [], "mon": []}, "are empty"),
        ({"sunday": [["09:00", "20:00"]]}, "“sunday” is not a day of the week"),
        ({1: [["09:00", "20:00"]]}, "“1” is not a day of the week"),
        ({"sun": "09:00-20:00"}, "Sunday: “09:00-20:00” is not a list of hours"),
        ({"sun": None}, "Sunday: “None” is not a list of hours"),
        ({"sun": ["09:00", "20:00"]}, "Sunday: “09:00” is not a list of hours"),
        ({"sun": [["09:00"]]}, "is not a list of hours"),
        ({"sun": [["9:00", "20:00"]]}, "Sunday: “9:00” is not a time of day"),
        ({"sun": [["09:60", "20:00"]]}, "Sunday: “09:60” is not a time of day"),
        ({"sun": [["09:00", "24:01"]]}, "Sunday: “24:01” is not a time of day"),
        ({"sun": [["09:00", "٢٠:٠٠"]]}, "is not a time of day"),
        ({"sun": [["09:00\n", "20:00"]]}, "is not a time of day"),
        ({"sun": [[9, 20]]}, "Sunday: “9” is not a time of day"),
        ({"sun": [["20:00", "09:00"]]}, "Sunday: 20:00 to 09:00 does not end after it begins"),
        ({"sun": [["09:00", "09:00"]]}, "does not end after it begins"),
        ({"sun": [["24:00", "24:00"]]}, "does not end after it begins"),
        (
            {"sun": [["12:00", "20:00"], ["09:00", "12:01"]]},
            "Sunday: the hours from 09:00 and from 12:00 overlap",
        ),
    ],
)
def test_hours_that_are_none_are_refused_with_what_to_mend(stored: object, says: str) -> None:
    with pytest.raises(ScheduleInvalid) as refused, override("en"):
        parse_schedule(stored)
    with override("en"):
        assert says in str(refused.value)


def test_what_is_refused_is_quoted_at_no_great_length() -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule({"sun": [["0" * 10_000, "20:00"]]})
    assert len(str(refused.value)) < 200


def test_a_refusal_speaks_the_language_of_whoever_reads_it() -> None:
    with pytest.raises(ScheduleInvalid) as refused:
        parse_schedule({"sun": [["09:00", "09:00"]]})
    with override("he"):
        assert "יום ראשון" in str(refused.value)
    with override("en"):
        assert "Sunday" in str(refused.value)
