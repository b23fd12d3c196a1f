"""Pure: may a number be dialled at all, wherever and whenever it is?

Nothing is, unless its country is allowed; and within an allowed country no number that costs more
than a telephone does, or that is no telephone of a person. Toll fraud lives of such numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

# No person's telephone, or dearer than one.
SPECIAL: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
# Satellites, networks without a country, international premium and toll-free services.
NOWHERE: Final = frozenset({800, 808, 870, 878, 881, 882, 883, 888, 979})
# What the number plans leave out, or call by a milder name than the bill does.
DEAR_PREFIXES: Final = ("+1900", "+1976", "+9721900", "+9721919", "+9721956", "+9721957", "+97218")
NO_COUNTRY: Final = "001"  # the library's word for networks of the whole world
# Israel's 1-700 and 1-800, stars and emergency numbers come in other lengths than telephones.
SHORTEST_NATIONAL: Final = 7


class Ban(StrEnum):
    NOT_A_NUMBER = "not_a_number"
    COUNTRY = "country"
    SPECIAL_NUMBER = "special_number"
    SHORT_NUMBER = "short_number"


@lru_cache(maxsize=65_536)
def country_of(number: str) -> str:
    """Two letters; empty for a number that no country has."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        # The plans lag behind real numbers; a calling code with one country is enough.
        regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
        region = regions[0] if len(regions) == 1 else NO_COUNTRY
    return "" if region == NO_COUNTRY else region


def banned(number: str, *, countries: Collection[str]) -> Ban | None:
    """`countries` are those that the business may call."""
    ban = _of_its_kind(number)
    if ban is not None:
        return ban
    return None if country_of(number) in countries else Ban.COUNTRY


@lru_cache(maxsize=65_536)
def _of_its_kind(number: str) -> Ban | None:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Ban.NOT_A_NUMBER
    if not phonenumbers.is_possible_number(parsed):
        return Ban.NOT_A_NUMBER
    if parsed.country_code in NOWHERE or number.startswith(DEAR_PREFIXES):
        return Ban.SPECIAL_NUMBER
    if phonenumbers.number_type(parsed) in SPECIAL:
        return Ban.SPECIAL_NUMBER
    if len(phonenumbers.national_significant_number(parsed)) < SHORTEST_NATIONAL:
        return Ban.SHORT_NUMBER
    return None


def block_of(number: str) -> str:
    """The ten thousand numbers around it: fraud rings a block, not a person."""
    return number[:-4]
