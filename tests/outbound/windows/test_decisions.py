from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from outbound.windows import (
    DEFAULT_SCHEDULE,
    Decision,
    Reason,
    Schedule,
    decide,
    decide_as_stored,
    parse_schedule,
)
from outbound.windows.holidays import RestDay

JERUSALEM, NEW_YORK = ZoneInfo("Asia/Jerusalem"), ZoneInfo("America/New_York")
ISRAELI, AMERICAN, TOLL_FREE = "+972501234567", "+12125550100", "+18005550100"
DEFAULT = parse_schedule(DEFAULT_SCHEDULE)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = parse_schedule(dict.fromkeys(DAYS, [["00:00", "24:00"]]))
A_BLINK = timedelta(microseconds=1)


def at(written: str, zone: ZoneInfo = JERUSALEM) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone)


def asked(number: str, now: datetime, *schedules: Schedule, observes: bool = True) -> Decision:
    return decide(number=number, now=now, schedules=schedules or (DEFAULT,), observes=observes)


def test_on_a_working_morning_an_israeli_may_be_called_until_the_evening() -> None:
    now = at("2026-11-02 11:30")
    decision = asked(ISRAELI, now)
    assert decision.allowed
    assert decision.next_at == now
    assert decision.until == at("2026-11-02 20:00")
    assert decision.zones == (JERUSALEM,)


def test_the_last_moment_of_an_opening_is_open_and_its_end_is_not() -> None:
    end = at("2026-11-02 20:00")
    assert asked(ISRAELI, end - A_BLINK).allowed
    assert asked(ISRAELI, end).reason is Reason.OUTSIDE_HOURS


def test_the_first_moment_of_an_opening_is_open_and_the_one_before_is_not() -> None:
    start = at("2026-11-02 09:00")
    assert asked(ISRAELI, start).allowed
    early = asked(ISRAELI, start - A_BLINK)
    assert (early.allowed, early.next_at) == (False, start)


def test_after_hours_it_says_when_next_and_until_when() -> None:
    decision = asked(ISRAELI, at("2026-11-02 21:00"))
    assert decision.reason is Reason.OUTSIDE_HOURS
    assert decision.next_at == at("2026-11-03 09:00")
    assert decision.until == at("2026-11-03 20:00")


def test_it_is_the_callees_clock_that_counts() -> None:
    nine_in_jerusalem = at("2026-11-02 09:00")
    assert asked(ISRAELI, nine_in_jerusalem).allowed
    assert asked(AMERICAN, nine_in_jerusalem).next_at == at("2026-11-02 09:00", NEW_YORK)


def test_both_the_run_and_the_business_must_allow_it() -> None:
    run = parse_schedule({"mon": [["08:00", "10:00"]]})
    decision = asked(ISRAELI, at("2026-11-02 08:30"), run, DEFAULT)
    assert decision.next_at == at("2026-11-02 09:00")
    assert decision.until == at("2026-11-02 10:00")


def test_an_opening_over_midnight_is_one_opening() -> None:
    night = parse_schedule({"mon": [["22:00", "24:00"]], "tue": [["00:00", "03:00"]]})
    assert asked(ISRAELI, at("2026-11-02 23:00"), night).until == at("2026-11-03 03:00")


@pytest.mark.parametrize(
    ("now", "rest_day", "ended_by"),
    [
        ("2026-11-06 16:30", RestDay.SHABBAT, "2026-11-07 17:40"),
        ("2026-11-07 12:00", RestDay.SHABBAT, "2026-11-07 17:40"),
        ("2026-09-13 12:00", RestDay.ROSH_HASHANA, "2026-09-13 19:40"),
        ("2026-09-20 18:00", RestDay.YOM_KIPPUR, "2026-09-21 19:30"),
        ("2026-07-22 20:00", RestDay.TISHA_BAV, "2026-07-23 20:35"),
        ("2026-04-13 20:00", RestDay.HOLOCAUST_REMEMBRANCE_DAY, "2026-04-14 19:55"),
        ("2026-04-21 12:00", RestDay.MEMORIAL_DAY, "2026-04-21 20:00"),
        ("2026-05-22 12:00", RestDay.SHAVUOT, "2026-05-23 20:25"),
    ],
)
def test_on_a_day_of_rest_an_israeli_is_left_alone_from_its_eve_to_nightfall(
    now: str, rest_day: RestDay, ended_by: str
) -> None:
    decision = asked(ISRAELI, at(now), ALWAYS)
    assert decision.rest_day is rest_day
    assert decision.reason is (Reason.SHABBAT if rest_day is RestDay.SHABBAT else Reason.HOLIDAY)
    assert decision.next_at is not None
    assert timedelta() <= at(ended_by) - decision.next_at < timedelta(minutes=15)


def test_on_the_eve_an_opening_ends_with_the_candles() -> None:
    friday = asked(ISRAELI, at("2026-11-06 12:00"), ALWAYS)
    assert friday.allowed
    assert friday.until is not None
    assert at("2026-11-06 15:50") < friday.until < at("2026-11-06 16:05")


def test_from_a_festival_into_shabbat_there_is_no_moment_between() -> None:
    decision = asked(ISRAELI, at("2027-06-10 20:00"), ALWAYS)  # Shavuot is on the Friday
    assert decision.rest_day is RestDay.SHAVUOT
    assert decision.next_at is not None
    assert decision.next_at > at("2027-06-12 20:00")


def test_an_american_may_be_called_on_shabbat() -> None:
    assert asked(AMERICAN, at("2026-11-07 12:00", NEW_YORK), ALWAYS).allowed


def test_a_business_that_does_not_observe_may_call_on_shabbat() -> None:
    shabbat = at("2026-11-07 12:00")
    assert asked(ISRAELI, shabbat, ALWAYS, observes=False).allowed
    assert asked(ISRAELI, shabbat, DEFAULT, observes=False).reason is Reason.OUTSIDE_HOURS


def test_when_the_table_of_holidays_ends_no_israeli_is_called() -> None:
    after = at("2032-01-05 12:00")
    assert asked(ISRAELI, after) == Decision(Reason.TABLE_ENDS, (JERUSALEM,))
    assert asked(ISRAELI, after, observes=False).allowed
    assert asked(AMERICAN, at("2032-01-05 12:00", NEW_YORK)).allowed


def test_the_last_evening_of_the_table_says_that_it_ends() -> None:
    decision = asked(ISRAELI, at("2031-12-31 21:00"))
    assert (decision.reason, decision.next_at) == (Reason.TABLE_ENDS, None)


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ("2026-11-02 07:59", Reason.US_HOURS),
        ("2026-11-02 08:00", Reason.ALLOWED),
        ("2026-11-02 20:59", Reason.ALLOWED),
        ("2026-11-02 21:00", Reason.US_HOURS),
    ],
)
def test_an_american_is_called_from_8_to_21_whatever_the_schedule_says(
    now: str, reason: Reason
) -> None:
    assert asked(AMERICAN, at(now, NEW_YORK), ALWAYS).reason is reason


def test_outside_both_an_owner_hears_of_the_hours_that_are_his() -> None:
    decision = asked(AMERICAN, at("2026-11-02 22:00", NEW_YORK), DEFAULT)
    assert decision.reason is Reason.OUTSIDE_HOURS


def test_a_toll_free_number_is_called_when_all_of_america_may_be() -> None:
    decision = asked(TOLL_FREE, at("2026-06-01 12:00", NEW_YORK), ALWAYS)
    guam, newfoundland = ZoneInfo("Pacific/Guam"), ZoneInfo("America/St_Johns")
    assert decision.next_at == at("2026-06-02 08:00", guam)
    assert decision.until == at("2026-06-01 21:00", newfoundland)


def test_a_number_whose_zones_share_no_hour_is_never_called() -> None:
    decision = asked(TOLL_FREE, at("2026-06-01 12:00", NEW_YORK), DEFAULT)
    assert (decision.reason, decision.next_at) == (Reason.NEVER_OPEN, None)


def test_hours_that_lie_within_shabbat_never_open() -> None:
    saturdays = parse_schedule({"sat": [["10:00", "12:00"]]})
    assert asked(ISRAELI, at("2026-11-02 12:00"), saturdays).reason is Reason.NEVER_OPEN


def test_an_opening_without_an_end_is_cut_off_at_the_horizon() -> None:
    decision = asked("+442071234567", datetime(2026, 11, 2, 12, tzinfo=UTC), ALWAYS)
    assert decision.until == datetime(2027, 1, 2, tzinfo=UTC)


def test_on_a_closed_day_of_the_business_nobody_is_called() -> None:
    decision = decide(
        number=ISRAELI,
        now=at("2026-11-02 12:00"),
        schedules=[DEFAULT],
        closed_days={date(2026, 11, 2), date(2026, 11, 3)},
    )
    assert decision.reason is Reason.CLOSED_DAY
    assert decision.next_at == at("2026-11-04 09:00")


@pytest.mark.parametrize("number", ["+8835100123456", "0501234567", ""])
def test_where_the_time_is_not_known_nobody_is_called(number: str) -> None:
    assert asked(number, at("2026-11-02 12:00"), ALWAYS) == Decision(Reason.UNKNOWN_ZONE)


def test_without_a_schedule_nobody_is_called() -> None:
    decision = decide(number=ISRAELI, now=at("2026-11-02 12:00"), schedules=[])
    assert decision == Decision(Reason.BROKEN_SCHEDULE)


@pytest.mark.parametrize("broken", [None, {}, {"mon": [["09:00", "25:00"]]}])
def test_one_broken_schedule_among_the_stored_stops_the_calls_and_says_why(broken: object) -> None:
    decision = decide_as_stored(
        number=ISRAELI, now=at("2026-11-02 12:00"), schedules=[DEFAULT_SCHEDULE, broken]
    )
    assert (decision.reason, decision.next_at) == (Reason.BROKEN_SCHEDULE, None)
    assert str(decision.broken)


def test_stored_schedules_are_judged_like_parsed_ones() -> None:
    now, closed = at("2026-11-07 12:00"), {date(2026, 11, 8)}
    assert decide_as_stored(
        number=ISRAELI,
        now=now,
        schedules=[DEFAULT_SCHEDULE],
        observes=False,
        closed_days=closed,
    ) == decide(number=ISRAELI, now=now, schedules=[DEFAULT], observes=False, closed_days=closed)


def test_a_time_without_a_zone_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="time zone"):
        asked(ISRAELI, datetime(2026, 11, 2, 12))  # noqa: DTZ001 - that is the mistake
