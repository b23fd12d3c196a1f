from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from pyluach import hebrewcal
from pyluach.dates import GregorianDate, HebrewDate

from outbound.windows.holidays import HOLIDAYS, RestDay, rest_day

YEARS = range(2026, 2032)
FESTIVALS = {
    "Rosh Hashana": {RestDay.ROSH_HASHANA},
    "Yom Kippur": {RestDay.YOM_KIPPUR},
    "Succos": {RestDay.SUKKOT},
    "Shmini Atzeres": {RestDay.SIMCHAT_TORAH},
    "Pesach": {RestDay.PASSOVER, RestDay.PASSOVER_END},
    "Shavuos": {RestDay.SHAVUOT},
}
REMEMBRANCE = {RestDay.HOLOCAUST_REMEMBRANCE_DAY, RestDay.MEMORIAL_DAY}
SUNDAY, MONDAY, FRIDAY, SATURDAY = 6, 0, 4, 5


def days() -> Iterator[date]:
    day = date(2026, 1, 1)
    while day.year < 2032:
        yield day
        day += timedelta(days=1)


def test_the_festivals_are_those_of_the_hebrew_calendar_in_israel() -> None:
    for day in days():
        name = hebrewcal.festival(
            GregorianDate.from_pydate(day), israel=True, include_working_days=False
        )
        found = HOLIDAYS.get(day)
        if name is None:
            assert found is None or found in REMEMBRANCE | {RestDay.TISHA_BAV}, day
        else:
            assert found in FESTIVALS[name], day


def test_the_fast_of_av_is_moved_off_shabbat() -> None:
    for day in days():
        fast = hebrewcal.fast_day(GregorianDate.from_pydate(day)) == "9 of Av"
        assert fast == (HOLIDAYS.get(day) is RestDay.TISHA_BAV), day


@pytest.mark.parametrize("year", YEARS)
def test_holocaust_remembrance_day_keeps_away_from_shabbat(year: int) -> None:
    day = HebrewDate(year + 3760, 1, 27).to_pydate()
    moved = {FRIDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
    assert HOLIDAYS[day + timedelta(moved)] is RestDay.HOLOCAUST_REMEMBRANCE_DAY


@pytest.mark.parametrize("year", YEARS)
def test_memorial_day_goes_before_independence_day_and_keeps_away_from_shabbat(year: int) -> None:
    independence = HebrewDate(year + 3760, 2, 5).to_pydate()
    moved = {FRIDAY: -1, SATURDAY: -2, MONDAY: 1}.get(independence.weekday(), 0)
    assert HOLIDAYS[independence + timedelta(moved - 1)] is RestDay.MEMORIAL_DAY


@pytest.mark.parametrize("year", YEARS)
def test_each_year_has_each_day_once_and_rosh_hashana_twice(year: int) -> None:
    of_year = [holiday for day, holiday in HOLIDAYS.items() if day.year == year]
    once = set(RestDay) - {RestDay.SHABBAT, RestDay.NOT_IN_TABLE}
    assert sorted(of_year) == sorted([*once, RestDay.ROSH_HASHANA])


def test_a_saturday_is_shabbat_and_a_working_day_is_none() -> None:
    assert rest_day(date(2026, 11, 7)) is RestDay.SHABBAT
    assert rest_day(date(2026, 11, 8)) is None
    assert rest_day(date(2026, 4, 3)) is None  # the middle of Passover


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2032, 1, 1), date(2032, 1, 3)])
def test_beyond_the_table_any_day_might_be_one(day: date) -> None:
    assert rest_day(day) is RestDay.NOT_IN_TABLE
