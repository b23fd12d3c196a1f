from __future__ import annotations

from typing import Any

import pytest

from calls.json_schema import SchemaError, Violation, check_schema, check_value

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1, "maximum": 9999},
        "kind": {"type": "string", "enum": ["roses", "tulips"]},
        "note": {"type": "string", "minLength": 2, "maxLength": 5},
        "weight": {"type": "number"},
        "gift": {"type": "boolean"},
        "colours": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "extra": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["number"],
}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels - 1):
        schema = {"type": "object", "properties": {"inner": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        ORDER,
        {"type": "object"},
        {"type": "object", "properties": {}, "additionalProperties": False},
        nested(5),
    ],
)
def test_parameters_that_an_owner_writes_are_accepted(schema: dict[str, Any]) -> None:
    check_schema(schema)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ([], '"type": "object"'),
        ({}, '"type": "object"'),
        ({"type": "string"}, '"type": "object"'),
        ({"type": "object", "$ref": "#"}, '"$ref" is not supported'),
        ({"type": "object", "allOf": []}, '"allOf" is not supported'),
        ({"type": "object", "additionalProperties": True}, '"additionalProperties"'),
        ({"type": "object", "properties": []}, '"properties"'),
        ({"type": "object", "properties": {"a": 1}}, "parameters.a: a JSON object"),
        ({"type": "object", "properties": {"a": {}}}, 'parameters.a: "type" is needed'),
        ({"type": "object", "properties": {"a": {"type": ["string"]}}}, '"type" is needed'),
        ({"type": "object", "properties": {"a": {"type": "null"}}}, '"type" is needed'),
        (
            {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
            '"pattern" is not supported',
        ),
        ({"type": "object", "properties": {"a": {"type": "string", "enum": []}}}, '"enum"'),
        ({"type": "object", "properties": {"a": {"type": "string", "maxLength": -1}}}, "maxLength"),
        ({"type": "object", "properties": {"a": {"type": "number", "minimum": "1"}}}, "minimum"),
        ({"type": "object", "required": ["a"]}, "which is no property"),
        ({"type": "object", "required": [1]}, "which is no property"),
        (nested(6), "nested deeper"),
        ({"type": "object", "description": "א" * 4100}, "larger than"),
    ],
)
def test_what_could_not_be_checked_in_a_call_is_refused(schema: Any, problem: str) -> None:
    with pytest.raises(SchemaError) as error:
        check_schema(schema)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        {"number": 1},
        {"number": 9999, "kind": "roses", "note": "short", "weight": 1, "gift": True},
        {"number": 7, "colours": ["red", "white"], "extra": {"anything": "goes"}},
    ],
)
def test_arguments_that_fit_are_let_through(value: dict[str, Any]) -> None:
    check_value(value, ORDER)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "arguments must be of type object"),
        ({}, "arguments.number is missing"),
        ({"number": "1"}, "arguments.number must be of type integer"),
        ({"number": True}, "arguments.number must be of type integer"),
        ({"number": 1.5}, "arguments.number must be of type integer"),
        ({"number": 0}, "arguments.number is less than 1"),
        ({"number": 10_000}, "arguments.number is more than 9999"),
        ({"number": 1, "weight": True}, "arguments.weight must be of type number"),
        ({"number": 1, "kind": "weeds"}, 'must be one of ["roses", "tulips"]'),
        ({"number": 1, "note": "x"}, "is shorter than 2"),
        ({"number": 1, "note": "longer"}, "is longer than 5"),
        ({"number": 1, "colours": ["a", "b", "c"]}, "has more than 2 items"),
        ({"number": 1, "colours": [1]}, "arguments.colours[0] must be of type string"),
        ({"number": 1, "extra": {"a": 1}}, "arguments.extra.a must be of type string"),
        ({"number": 1, "lead_id": "x"}, "arguments holds something unknown"),
    ],
)
def test_the_model_is_told_what_does_not_fit(value: Any, told: str) -> None:
    with pytest.raises(Violation) as violation:
        check_value(value, ORDER)
    assert told in str(violation.value)


def test_in_json_true_is_not_one() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "enum": [1]}}}
    check_value({"n": 1}, schema)
    with pytest.raises(Violation):
        check_value({"n": True}, schema)


def test_a_tool_without_parameters_takes_none() -> None:
    check_value({}, {"type": "object"})
    with pytest.raises(Violation):
        check_value({"a": 1}, {"type": "object"})
