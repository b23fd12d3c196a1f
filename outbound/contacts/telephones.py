"""From a telephone number as people write it to E.164, or why it is none.

`is_possible` decides, as in `tenants.numbers`: the library's plans lag behind real numbers. For
Israel the lengths are ours, since there the library finds 050-123-456 possible, and an identity
number, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from django.core.exceptions import ValidationError

from outbound.contacts.problems import Problem, Remark
from tenants.numbers import validate_e164

MOST_WRITTEN: Final = 200
SHORT_CODE_DIGITS: Final = (3, 5)

PLAIN_ISRAELI_MOBILE = re.compile(
    r"(?:0|(?:(?:\+|00)?972[- ]?0?)|)(5[0-9])[-. ]?([0-9]{3})[-. ]?([0-9]{4})"
)

_STORABLE = re.compile(r"\+[1-9][0-9]{3,14}").fullmatch
ISRAEL: Final = "+972"
# By the first digit after the trunk zero: 1-700 and 1-800, areas, mobile and 07x.
ISRAELI_LENGTHS: Final = {"1": 10} | dict.fromkeys("23489", 8) | dict.fromkeys("57", 9)

_UNPARSED: Final = {
    phonenumbers.NumberParseException.TOO_LONG: Problem.TOO_LONG,
    phonenumbers.NumberParseException.TOO_SHORT_NSN: Problem.TOO_SHORT,
    phonenumbers.NumberParseException.TOO_SHORT_AFTER_IDD: Problem.TOO_SHORT,
}
_IMPOSSIBLE: Final = {
    phonenumbers.ValidationResult.TOO_LONG: Problem.TOO_LONG,
    phonenumbers.ValidationResult.TOO_SHORT: Problem.TOO_SHORT,
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Problem.TOO_SHORT,
}

_FORCED_TEXT = re.compile(r'="(.*)"')  # how some programs keep Excel from dropping the zero
_WHOLE_FLOAT = re.compile(r"([1-9][0-9]*)\.0")
_SCIENTIFIC = re.compile(r"([0-9])(?:\.([0-9]+))?[eE]\+?([0-9]{1,2})")
_DATE = re.compile(r"[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T].*)?")
# `2700*` is how *2700 is typed from right to left.
_SHORT_CODE = re.compile(r"[*#]+[0-9]+[*#]?|[0-9]+[*#]")
_EXTENSION = re.compile(
    r"(?P<number>.*[0-9].*?)[\s,;(]*"
    r"(?:ext(?:ension)?\b\.?|x|\#|שלוחה|שלוחות|פנימי|تحويلة)[\s:.=]*[0-9]{1,6}[\s)]*",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS = re.compile(r"[^\W\d_]+|[,;/|\\&\n]+|(?=\+)|\s{2,}")
_SEPARATOR = re.compile(r"[-. ]+")
_NO_PART_OF_A_NUMBER = re.compile(r"[^0-9+]+")
_SPELT_OUT = re.compile(r"[0-9][-. ]?[A-Za-z]{3,}")
_DIGIT = re.compile("[0-9]")


@dataclass(frozen=True, slots=True)
class Telephone:
    e164: str
    remark: Remark | None = None


def telephone(written: str, region: str) -> Telephone | Problem:
    """Never raises. `region` is where a number without a country's code is at home: IL."""
    if region == "IL" and (plain := PLAIN_ISRAELI_MOBILE.fullmatch(written)):
        return Telephone(ISRAEL + "".join(plain.groups()))
    return any_telephone(written, region)


def any_telephone(written: str, region: str) -> Telephone | Problem:
    if len(written) > MOST_WRITTEN:
        return Problem.TOO_LONG
    text = unfolded(visible(written))
    if isinstance(text, Problem):
        return text
    if extended := _EXTENSION.fullmatch(text):
        return _without_extension(extended["number"], region)
    return _first_of(text, region)


def visible(written: str) -> str:
    """Digits of every script as ours, dashes and spaces as one kind each, no hidden marks."""
    return "".join(map(_plain, written)).strip(" '`\"\n")


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if character == "\N{FULLWIDTH PLUS SIGN}":
        return "+"
    if character.isspace():
        return "\n" if character in "\r\n" else " "
    return "" if category in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def unfolded(text: str) -> str | Problem:
    """Without what a spreadsheet has made of a number."""
    if forced := _FORCED_TEXT.fullmatch(text):
        text = forced[1].strip()
    if whole := _WHOLE_FLOAT.fullmatch(text):
        return whole[1]
    if scientific := _SCIENTIFIC.fullmatch(text):
        return _written_out(scientific[1], scientific[2] or "", int(scientific[3]))
    return _refusal(text) or text


def _written_out(whole: str, fraction: str, exponent: int) -> str | Problem:
    return whole + fraction if len(fraction) == exponent else Problem.ROUNDED


def _refusal(text: str) -> Problem | None:
    if not text:
        return Problem.MISSING
    if _SHORT_CODE.fullmatch(text):
        return Problem.SHORT_CODE
    return Problem.NOT_A_NUMBER if _DATE.fullmatch(text) else None


def _without_extension(text: str, region: str) -> Telephone | Problem:
    found = _first_of(text, region)
    if isinstance(found, Problem):
        return found
    return Telephone(found.e164, found.remark or Remark.EXTENSION_CUT)


def _first_of(text: str, region: str) -> Telephone | Problem:
    """All of it as one number, or else the first of several."""
    whole = _e164(text, region)
    if not isinstance(whole, Problem) and not _has_words(text):
        return Telephone(whole)
    parts = [part for part in _BETWEEN_NUMBERS.split(text) if _DIGIT.search(part)]
    numbers = _numbers_among(parts, region)
    if numbers:
        return Telephone(numbers[0], _left_out(numbers, parts))
    return _first_half(text, region) or _why_not(text, whole)


def _has_words(text: str) -> bool:
    return any(map(str.isalpha, text))


def _numbers_among(parts: Iterable[str], region: str) -> list[str]:
    found = (_e164(part, region) for part in parts)
    return [number for number in found if not isinstance(number, Problem)]


def _left_out(numbers: list[str], parts: list[str]) -> Remark | None:
    others = len(set(numbers)) > 1 or len(numbers) < len(parts)
    return Remark.OTHER_NUMBER_LEFT_OUT if others else None


def _first_half(text: str, region: str) -> Telephone | Problem | None:
    """Two numbers with nothing but a dash or a space between them."""
    cuts = [(text[: at.start()], text[at.end() :]) for at in _SEPARATOR.finditer(text)]
    halves = [both for cut in cuts if len(both := _numbers_among(cut, region)) == len(cut)]
    if len(halves) > 1:
        return Problem.AMBIGUOUS
    return Telephone(halves[0][0], Remark.OTHER_NUMBER_LEFT_OUT) if halves else None


def _why_not(text: str, whole: str | Problem) -> Problem:
    digits = len(_DIGIT.findall(text))
    if _SPELT_OUT.search(text):
        return Problem.LETTERS
    if SHORT_CODE_DIGITS[0] <= digits <= SHORT_CODE_DIGITS[1] and not _has_words(text):
        return Problem.SHORT_CODE
    return whole if isinstance(whole, Problem) else Problem.NOT_A_NUMBER


def _e164(text: str, region: str) -> str | Problem:
    digits = _NO_PART_OF_A_NUMBER.sub("", text)
    if "+" in digits[1:]:
        return Problem.AMBIGUOUS
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException as error:
        return _UNPARSED.get(error.error_type, Problem.NOT_A_NUMBER)
    written: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return _impossible(number, written) or written


def _impossible(number: phonenumbers.PhoneNumber, written: str) -> Problem | None:
    if written.startswith(ISRAEL):
        return _impossible_in_israel(written.removeprefix(ISRAEL))
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.IS_POSSIBLE:
        return None if _is_settled(written) else Problem.NOT_A_NUMBER
    return _IMPOSSIBLE.get(reason, Problem.NOT_A_NUMBER)


def _is_settled(e164: str) -> bool:
    """A German 000000 is possible as it is written, and another number once it is E.164."""
    try:
        validate_e164(e164)
    except ValidationError:
        return False
    return _STORABLE(e164) is not None


def _impossible_in_israel(national: str) -> Problem | None:
    length = ISRAELI_LENGTHS.get(national[:1])
    if length is None:
        return Problem.NOT_A_NUMBER
    if len(national) == length:
        return None
    return Problem.TOO_SHORT if len(national) < length else Problem.TOO_LONG
