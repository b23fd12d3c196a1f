"""In which time zones a number may ring. The number is all that is known of where its owner is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers.timezone import (
    UNKNOWN_TIMEZONE,
    time_zones_for_geographical_number,
    time_zones_for_number,
)
from phonenumbers.tzdata import TIMEZONE_DATA

NORTH_AMERICA: Final = 1
ISRAEL: Final = 972

# Where the library names a zone of another country, or one for several: their clocks differ by an
# hour or more for a part of the year.
MENDED: Final[Mapping[int, Mapping[str, tuple[str, ...]]]] = {
    7: {"Europe/Bucharest": ("Europe/Kaliningrad",)},
    56: {"America/Santiago": ("America/Santiago", "America/Punta_Arenas", "Pacific/Easter")},
    211: {"Africa/Nairobi": ("Africa/Juba",)},
    212: {"Atlantic/Canary": ("Africa/Casablanca",)},
    213: {"Europe/Paris": ("Africa/Algiers",)},
    218: {"Europe/Bucharest": ("Africa/Tripoli",)},
    505: {"America/Chicago": ("America/Managua",)},
    970: {"Europe/Bucharest": ("Asia/Gaza", "Asia/Hebron")},
}


class ZoneUnknown(Exception):  # noqa: N818 - a verdict about a number, not a fault
    """Nobody can say what time it is where this number rings."""


class Callee(NamedTuple):
    """All of a number that matters here; thousands of numbers share one."""

    calling_code: int
    zones: tuple[ZoneInfo, ...]


def callee_of(number: str) -> Callee:
    """Raises `ZoneUnknown`."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        raise ZoneUnknown from error
    if not phonenumbers.is_possible_number(parsed):
        raise ZoneUnknown
    return _callee(parsed.country_code, _names(parsed))


def _names(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    """An area code of North America belongs to one region whatever kind of number it is, and what
    belongs to none of them (toll-free) gets all zones. Elsewhere the first digits of a mobile
    number say nothing, and the plans call real numbers invalid (+972501234567): all zones of the
    country.
    """
    if number.country_code == NORTH_AMERICA:
        return tuple(time_zones_for_geographical_number(number))
    names = tuple(time_zones_for_number(number))
    if UNKNOWN_TIMEZONE in names:
        return tuple(TIMEZONE_DATA.get(str(number.country_code), ()))
    return names


@lru_cache(maxsize=4096)
def _callee(calling_code: int, names: tuple[str, ...]) -> Callee:
    mended = MENDED.get(calling_code, {})
    meant = [zone for name in names for zone in mended.get(name, (name,))]
    try:
        zones = tuple(map(ZoneInfo, meant))
    except ZoneInfoNotFoundError as error:
        raise ZoneUnknown from error
    if not zones:
        raise ZoneUnknown
    return Callee(calling_code, zones)
