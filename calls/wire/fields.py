"""Reading fields of foreign JSON: the right type, or the message is not what it claims to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeGuard

Json = dict[str, Any]

# More than any id of either vendor has, and what the columns for them hold.
MAX_IDENTIFIER: Final = 128
# Eleven days in milliseconds, or more tokens than any context has.
MAX_NUMBER: Final = 10**9
MAX_LABEL: Final = 64
MAX_SENTENCE: Final = 500


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that leads to nothing; `kind` is what it is counted under."""

    kind: str


class MalformedError(Exception):
    """A known message without a field that it must have."""


def text(message: Json, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise MalformedError(name)
    return value


def optional_text(message: Json, name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""


def label(message: Json, name: str) -> str:
    """A code or a status, empty when there is none."""
    return shown(optional_text(message, name), MAX_LABEL)


def sentence(message: Json, name: str) -> str:
    return shown(optional_text(message, name), MAX_SENTENCE)


def shown(value: str, most: int) -> str:
    """What may stand in a log line, a counter and a column: one NUL, and PostgreSQL refuses a row."""
    return "".join(filter(str.isprintable, value[:most]))


def identifier(message: Json, name: str) -> str:
    value = message.get(name)
    if not is_identifier(value):
        raise MalformedError(name)
    return value


def is_identifier(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_IDENTIFIER
        and value.isascii()
        and value.isprintable()
    )


def integer(message: Json, name: str) -> int:
    value = message.get(name)
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise MalformedError(name)
    return value


def count(message: Json, name: str) -> int:
    """A number of tokens or the like: nonsense and absence are 0."""
    value = message.get(name)
    return value if type(value) is int and 0 < value <= MAX_NUMBER else 0


def obj(message: Json, name: str) -> Json:
    value = message.get(name)
    if not isinstance(value, dict):
        raise MalformedError(name)
    return value


def optional_obj(message: Json, name: str) -> Json:
    value = message.get(name)
    return value if isinstance(value, dict) else {}


def objects(message: Json, name: str) -> list[Json]:
    value = message.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
