"""What stands in the cells beside the number. Whatever cannot be read is left out, not the person."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, Literal

from outbound.contacts.decoding import UNDECODED
from outbound.contacts.formulas import restored
from prompts.render import clean

Gender = Literal["", "female", "male"]

EMAIL_LIMIT: Final = 254
CENTURY: Final = 2000  # of a consent whose year has two digits

_GENDERS: Final[dict[Gender, str]] = {
    "female": "f female woman ms mrs miss נ נקבה אישה אשה גברת גב' أنثى انثى امرأة سيدة",
    "male": "m male man mr ז זכר גבר מר ذكر رجل سيد",
}
GENDER_OF: Final = {word: gender for gender, words in _GENDERS.items() for word in words.split()}

_EMAIL = re.compile(
    r"[^@\s<>,;:\"()\[\]]{1,64}@(?:[^@\s<>,;:\"()\[\].]+\.)+[^@\W\d_]{2,}"
).fullmatch
_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?").fullmatch
_YEAR_LAST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})(?:[T ,].*)?").fullmatch


def tidy(cell: str, limit: int) -> str:
    """One clean line. A name with letters that were lost is none: it would be spoken."""
    if UNDECODED in cell:
        return ""
    cell = restored(cell)
    if cell.isprintable() and len(cell) <= limit:  # what `clean` would find, at a tenth of its cost
        return " ".join(cell.split())
    return clean(cell, limit)


def gender_of(cell: str) -> Gender | None:
    return GENDER_OF.get(tidy(cell, 20).casefold().rstrip("."))


def email_of(cell: str) -> str | None:
    address = tidy(cell, EMAIL_LIMIT + 1).removeprefix("mailto:")
    return address if len(address) <= EMAIL_LIMIT and _EMAIL(address) else None


def date_of(cell: str, region: str) -> date | None:
    """The day first, as everywhere but in the United States. A day that does not exist is none."""
    written = tidy(cell, 40)
    if iso := _YEAR_FIRST(written):
        return _day(*map(int, iso.groups()))
    if not (local := _YEAR_LAST(written)):
        return None
    first, second, year = map(int, local.groups())
    day, month = (second, first) if region == "US" else (first, second)
    return _day(year if year >= 100 else CENTURY + year, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
