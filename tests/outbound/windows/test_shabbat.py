from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from astral import Observer
from astral.sun import dusk, sunset

from outbound.windows.shabbat import candle_lighting, nightfall, rests

# Where people live, and how long before sunset they light candles.
CITIES = {
    "Jerusalem": (31.778, 35.235, 40),
    "Tel Aviv": (32.085, 34.782, 20),
    "Petah Tikva": (32.087, 34.887, 40),
    "Haifa": (32.794, 34.990, 30),
    "Beersheba": (31.252, 34.791, 20),
    "Eilat": (29.558, 34.948, 20),
    "Ashkelon": (31.669, 34.571, 20),
    "Nahariya": (33.006, 35.099, 20),
    "Safed": (32.965, 35.496, 30),
    "Tiberias": (32.795, 35.531, 30),
    "Katzrin": (32.992, 35.690, 20),
    "Metula": (33.279, 35.579, 20),
    "Sderot": (31.525, 34.596, 20),
    "Ein Gedi": (31.451, 35.383, 20),
    "Beit She'an": (32.500, 35.500, 20),
    "Mitzpe Ramon": (30.610, 34.801, 20),
}
DAYS = [date(2026, 1, 1) + timedelta(days=step) for step in range(0, 366, 3)]


@pytest.mark.parametrize("city", CITIES)
def test_no_town_lights_candles_before_we_stop(city: str) -> None:
    latitude, longitude, minutes = CITIES[city]
    place = Observer(latitude, longitude)
    for day in DAYS:
        assert candle_lighting(day) <= sunset(place, day) - timedelta(minutes=minutes)


@pytest.mark.parametrize("city", CITIES)
def test_no_town_still_waits_for_the_stars_when_we_begin(city: str) -> None:
    latitude, longitude, _minutes = CITIES[city]
    place = Observer(latitude, longitude)
    for day in DAYS:
        stars = dusk(place, day, depression=8.5)
        assert nightfall(day) - stars >= timedelta(minutes=5)


def test_in_jerusalem_we_are_strict_by_minutes_and_not_by_hours() -> None:
    jerusalem = Observer(31.778, 35.235)
    for day in DAYS:
        early = sunset(jerusalem, day) - timedelta(minutes=40) - candle_lighting(day)
        late = nightfall(day) - dusk(jerusalem, day, depression=8.5)
        assert early < timedelta(minutes=10)
        assert late < timedelta(minutes=15)


def stretch(day: date) -> list[tuple[datetime, datetime]]:
    return [(rest.during.start, rest.during.end) for rest in rests(day)]


def test_a_week_has_its_shabbat_from_friday_to_saturday() -> None:
    thursday, friday, saturday = (date(2026, 11, day) for day in (5, 6, 7))
    assert stretch(thursday) == []
    assert stretch(friday) == stretch(saturday)
    assert stretch(friday) == [(candle_lighting(friday), nightfall(saturday))]


def test_a_festival_on_friday_is_one_stretch_with_shabbat() -> None:
    festival, shabbat = rests(date(2026, 5, 22))  # Shavuot, then Shabbat
    assert festival.during.start.date() == date(2026, 5, 21)
    assert shabbat.during.start < festival.during.end < shabbat.during.end
    assert shabbat.during.end.date() == date(2026, 5, 23)


def test_both_days_of_rosh_hashana_are_one_stretch() -> None:
    first, second = rests(date(2028, 9, 21))
    assert second.during.start < first.during.end
    assert second.during.end == nightfall(date(2028, 9, 22))


def test_times_are_whole_minutes_of_utc() -> None:
    lighting = candle_lighting(date(2026, 6, 19))
    assert lighting.tzinfo is UTC or lighting.utcoffset() == timedelta()
    assert (lighting.second, lighting.microsecond) == (0, 0)
    assert (nightfall(date(2026, 6, 20)).second, nightfall(date(2026, 6, 20)).microsecond) == (0, 0)
