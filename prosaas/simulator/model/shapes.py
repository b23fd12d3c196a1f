"""The form of JSON values, as data: what a client may send, down to the last key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from prosaas.simulator.model.refusal import (
    RefusedError,
    invalid_value,
    missing_parameter,
    unknown_parameter,
)

_NOUNS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


class Shape:
    kinds: ClassVar[tuple[type, ...]] = ()

    def fits(self, value: object) -> bool:
        return type(value) in self.kinds

    def check(self, value: object, path: str) -> None:
        if not self.fits(value):
            raise RefusedError(
                "invalid_type",
                f"Invalid type for '{path}': expected {_NOUNS[self.kinds[0]]}, "
                f"but got {_NOUNS[type(value)]} instead.",
                path,
            )
        self.inspect(value, path)

    def inspect(self, value: Any, path: str) -> None:
        """Called with a value of the right kind."""


class Anything(Shape):
    def fits(self, value: object) -> bool:
        return True


class Flag(Shape):
    kinds = (bool,)


@dataclass(frozen=True, slots=True)
class Text(Shape):
    kinds = (str,)
    longest: int | None = None
    pattern: str | None = None

    def inspect(self, value: Any, path: str) -> None:
        if self.longest is not None and len(value) > self.longest:
            raise invalid_value(path, f"string too long, at most {self.longest} characters.")
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise invalid_value(path, f"must match the pattern '{self.pattern}'.")


@dataclass(frozen=True, slots=True)
class Number(Shape):
    kinds = (float, int)
    least: float | None = None
    most: float | None = None

    def inspect(self, value: Any, path: str) -> None:
        if self.least is not None and value < self.least:
            raise invalid_value(path, f"must be at least {self.least}.")
        if self.most is not None and value > self.most:
            raise invalid_value(path, f"must be at most {self.most}.")


@dataclass(frozen=True, slots=True)
class Whole(Shape):
    kinds = (int,)
    least: int | None = None
    most: int | None = None

    def inspect(self, value: Any, path: str) -> None:
        Number(self.least, self.most).inspect(value, path)


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    kinds = (str,)
    values: tuple[str, ...]

    def inspect(self, value: Any, path: str) -> None:
        if value not in self.values:
            supported = ", ".join(f"'{each}'" for each in self.values)
            raise RefusedError(
                "invalid_value",
                f"Invalid value: '{value}'. Supported values are: {supported}.",
                path,
            )


@dataclass(frozen=True, slots=True)
class Listing(Shape):
    kinds = (list,)
    of: Shape
    longest: int | None = None

    def inspect(self, value: Any, path: str) -> None:
        if self.longest is not None and len(value) > self.longest:
            raise invalid_value(path, f"at most {self.longest} entries.")
        for position, each in enumerate(value):
            self.of.check(each, f"{path}[{position}]")


@dataclass(frozen=True, slots=True)
class Record(Shape):
    kinds = (dict,)
    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()

    def inspect(self, value: Any, path: str) -> None:
        for key in self.required:
            if key not in value:
                raise missing_parameter(_below(path, key))
        for key, each in value.items():
            if key not in self.fields:
                raise unknown_parameter(_below(path, key))
            self.fields[key].check(each, _below(path, key))


@dataclass(frozen=True, slots=True)
class Mapped(Shape):
    """An object with free keys."""

    kinds = (dict,)
    of: Shape
    most: int | None = None
    longest_key: int | None = None

    def inspect(self, value: Any, path: str) -> None:
        if self.most is not None and len(value) > self.most:
            raise invalid_value(path, f"at most {self.most} keys.")
        for key, each in value.items():
            if self.longest_key is not None and len(key) > self.longest_key:
                raise invalid_value(path, f"keys of at most {self.longest_key} characters.")
            self.of.check(each, _below(path, key))


@dataclass(frozen=True, slots=True)
class Tagged(Shape):
    """An object whose form depends on one of its own fields."""

    kinds = (dict,)
    tag: str
    forms: Mapping[str, Record]

    def inspect(self, value: Any, path: str) -> None:
        if self.tag not in value:
            raise missing_parameter(_below(path, self.tag))
        Choice(tuple(self.forms)).check(value[self.tag], _below(path, self.tag))
        self.forms[value[self.tag]].check(value, path)


@dataclass(frozen=True, slots=True)
class Nullable(Shape):
    of: Shape

    def fits(self, value: object) -> bool:
        return True

    def inspect(self, value: Any, path: str) -> None:
        if value is not None:
            self.of.check(value, path)


@dataclass(frozen=True, slots=True)
class Either(Shape):
    """The first shape whose kind of value it is decides."""

    shapes: tuple[Shape, ...] = field(default=())

    def fits(self, value: object) -> bool:
        return True

    def inspect(self, value: Any, path: str) -> None:
        fitting = (shape for shape in self.shapes if shape.fits(value))
        next(fitting, self.shapes[0]).check(value, path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
