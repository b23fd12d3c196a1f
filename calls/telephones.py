"""Telephone numbers as people read them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import phonenumbers

# More than any page shows: a list is formatted once and not at each look.
REMEMBERED: Final = 4096
NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"


@lru_cache(REMEMBERED)
def readable(e164: str) -> str:
    """In the groups of its country: +972501234567 as +972 50-123-4567, never broken at the end of a
    line. What is no number of any country is left as it is: carriers send short codes and names too.
    """
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    if not phonenumbers.is_possible_number(number):
        return e164
    written: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return written.replace(" ", NO_BREAK_SPACE)
