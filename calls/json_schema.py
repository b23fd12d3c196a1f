"""The part of JSON Schema in which a tool's parameters are written, and what is said about a value.

Pure. A subset on purpose: without references, patterns and combinations a schema costs nothing to
check during a call, and means the same to the model, to its owner and to us. What a schema does
not name is not let through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

LARGEST: Final = 8192
DEEPEST: Final = 5

ANYWHERE: Final = frozenset({"type", "title", "description", "enum"})
KEYWORDS: Final = {
    "object": ANYWHERE | {"properties", "required", "additionalProperties"},
    "array": ANYWHERE | {"items", "maxItems"},
    "string": ANYWHERE | {"minLength", "maxLength"},
    "integer": ANYWHERE | {"minimum", "maximum"},
    "number": ANYWHERE | {"minimum", "maximum"},
    "boolean": ANYWHERE,
}
COUNTS: Final = frozenset({"minLength", "maxLength", "maxItems"})
BOUNDS: Final = frozenset({"minimum", "maximum"})


class SchemaError(ValueError):
    """The schema itself is not one of ours; `where` is the path to the place."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


class Violation(ValueError):  # noqa: N818 - what a value does, told to the model
    """The value is not what the schema asks for, in words that the model can act on."""


def check_schema(schema: Any) -> None:
    """Of a tool's parameters: an object, small and flat enough. Raises `SchemaError`."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise SchemaError("parameters", 'a JSON object with "type": "object" is needed')
    _check_node(schema, "parameters", depth=1)
    if len(json.dumps(schema, ensure_ascii=False).encode()) > LARGEST:
        raise SchemaError("parameters", f"larger than {LARGEST} bytes")


def _check_node(schema: Any, where: str, *, depth: int) -> None:
    if depth > DEEPEST:
        raise SchemaError(where, f"nested deeper than {DEEPEST} levels")
    if not isinstance(schema, dict):
        raise SchemaError(where, "a JSON object is needed")
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in KEYWORDS:
        raise SchemaError(where, '"type" is needed: one of ' + ", ".join(KEYWORDS))
    for keyword, value in schema.items():
        if keyword not in KEYWORDS[kind]:
            raise SchemaError(where, f'"{keyword}" is not supported for type {kind}')
        if not _is_sane(keyword, value):
            raise SchemaError(where, f'the value of "{keyword}" is not understood')
    _check_required(schema, where)
    for name, child in _children(schema):
        _check_node(child, f"{where}.{name}", depth=depth + 1)


def _is_sane(keyword: str, value: Any) -> bool:
    if keyword in COUNTS:
        return _is_integer(value) and value >= 0
    if keyword in BOUNDS:
        return _is_number(value)
    if keyword == "enum":
        return isinstance(value, list) and bool(value) and all(map(_is_scalar, value))
    if keyword == "additionalProperties":
        return value is False or isinstance(value, dict)  # true would let anything through
    return isinstance(value, SHAPES[keyword])


SHAPES: Final[Mapping[str, type]] = {
    "type": str,
    "title": str,
    "description": str,
    "properties": dict,
    "required": list,
    "items": dict,
}


def _check_required(schema: Schema, where: str) -> None:
    for name in schema.get("required", ()):
        if not isinstance(name, str) or name not in schema.get("properties", {}):
            raise SchemaError(where, f'"required" names {name!r}, which is no property')


def _children(schema: Schema) -> Iterator[tuple[str, Any]]:
    yield from schema.get("properties", {}).items()
    if "items" in schema:
        yield "items", schema["items"]
    if schema.get("additionalProperties"):
        yield "additionalProperties", schema["additionalProperties"]


def check_value(value: Any, schema: Schema, where: str = "arguments") -> None:
    """Raises `Violation`. The schema has been checked before."""
    kind = schema["type"]
    if not IS_OF[kind](value):
        raise Violation(f"{where} must be of type {kind}")
    if "enum" in schema and not any(_is_same(value, allowed) for allowed in schema["enum"]):
        raise Violation(f"{where} must be one of {json.dumps(schema['enum'], ensure_ascii=False)}")
    if kind == "object":
        _check_object(value, schema, where)
    elif kind == "array":
        _check_array(value, schema, where)
    elif kind == "string":
        _check_length(value, schema, where)
    elif kind in ("integer", "number"):
        _check_size(value, schema, where)


def _check_object(value: Mapping[str, Any], schema: Schema, where: str) -> None:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for name in schema.get("required", ()):
        if name not in value:
            raise Violation(f"{where}.{name} is missing")
    for name, child in value.items():
        described = properties.get(name, others)
        if not described:
            known = ", ".join(properties) or "nothing"
            raise Violation(f"{where} holds something unknown; known is: {known}")
        check_value(child, described, f"{where}.{name}")


def _check_array(value: list[Any], schema: Schema, where: str) -> None:
    if len(value) > schema.get("maxItems", len(value)):
        raise Violation(f"{where} has more than {schema['maxItems']} items")
    for place, child in enumerate(value):
        if "items" in schema:
            check_value(child, schema["items"], f"{where}[{place}]")


def _check_length(value: str, schema: Schema, where: str) -> None:
    if len(value) < schema.get("minLength", 0):
        raise Violation(f"{where} is shorter than {schema['minLength']} characters")
    if len(value) > schema.get("maxLength", len(value)):
        raise Violation(f"{where} is longer than {schema['maxLength']} characters")


def _check_size(value: float, schema: Schema, where: str) -> None:
    if value < schema.get("minimum", value):
        raise Violation(f"{where} is less than {schema['minimum']}")
    if value > schema.get("maximum", value):
        raise Violation(f"{where} is more than {schema['maximum']}")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool | int | float)


def _is_same(value: Any, allowed: Any) -> bool:
    """In JSON true is not 1; in Python it is."""
    return value == allowed and isinstance(value, bool) == isinstance(allowed, bool)


IS_OF: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
}
