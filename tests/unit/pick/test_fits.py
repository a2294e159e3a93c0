"""JSON is held against the schema that was asked for, and what cannot be told does not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jevons.pick.fits import fits

TREE = {
    "$defs": {"node": {"type": "object", "properties": {"left": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}
OBJECT = {
    "type": "object",
    "title": "a place",
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (True, {"anything": 1}),
        ({}, None),
        (OBJECT, {"name": "Bonn", "size": 3.0}),
        ({**OBJECT, "additionalProperties": {"type": "null"}}, {"name": "Bonn", "x": None}),
        ({"additionalProperties": {"type": "null"}}, {"x": None}),
        (OBJECT | {"type": ["object", "null"]}, None),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2}, [True]),
        ({"items": False}, "no list"),
        ({"enum": ["a", 1, None]}, 1.0),
        ({"const": {"a": [1]}}, {"a": [1]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, 3),
        ({"allOf": [{"type": "number"}, {"exclusiveMinimum": 2}, {"exclusiveMaximum": 4}]}, 3.5),
        ({"minimum": 3, "maximum": 3}, 3),
        ({"minimum": 3}, "not a number"),
        ({"minLength": 2, "maxLength": 3}, "ab"),
        ({"minProperties": 1, "maxProperties": 1}, {"a": 1}),
        ({"required": ["a"]}, ["not an object"]),
        (TREE, {"left": {"left": {}}}),
        ({"$ref": "#/properties/a~1b", "properties": {"a/b": {"type": "integer"}}}, 3),
    ],
)
def test_what_has_the_shape_fits(schema: Any, value: Any) -> None:
    assert fits(json.dumps(value), json.dumps(schema).encode())


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (False, 1),
        (OBJECT, {"size": 3}),
        (OBJECT, {"name": "Bonn", "size": 3.5}),
        (OBJECT, {"name": "Bonn", "size": True}),
        (OBJECT, {"name": "Bonn", "more": 1}),
        (OBJECT, []),
        ({"items": {"type": "boolean"}}, [True, 1]),
        ({"enum": ["a", 1]}, True),
        ({"const": 1}, 2),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 3),
        ({"oneOf": [{"type": "integer"}, {"minimum": 5}]}, 7),
        ({"allOf": [{"type": "number"}, {"exclusiveMinimum": 2}]}, 2),
        ({"maximum": 3}, 4),
        ({"minLength": 2}, "a"),
        ({"maxItems": 0}, [1]),
        (TREE, {"left": {"left": 3}}),
        ({"pattern": "^a*$"}, "aaa"),  # nobody else's pattern is run
        ({"if": {}}, 3),
        ({"type": "no-such"}, 3),
        ({"required": 5}, {"a": 1}),
        ({"$ref": "https://elsewhere/schema"}, 3),
        ({"$ref": "#/nowhere"}, 3),
        ({"$ref": "#"}, 3),  # without end
        ({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, 3),
        ("no schema", 3),
        ({"items": {"anyOf": [{"const": 0}] * 200}}, [0] * 200),  # longer than anybody waits
        ({"items": {"enum": [*range(200)]}}, [0] * 200),
        ({"description": "x" * 70_000}, 3),
        ({"minimum": "x"}, 3),
    ],
)
def test_what_has_another_shape_or_cannot_be_told_does_not(schema: Any, value: Any) -> None:
    assert not fits(json.dumps(value), json.dumps(schema).encode())


@pytest.mark.parametrize("text", ["", "{", '{"a": 1, "a": 1}', "[" * 100_000, "1e400"])
def test_what_is_no_json_fits_nothing(text: str) -> None:
    assert not fits(text, b'{"type": ["integer", "object", "array"]}')


def test_a_schema_that_is_no_json_is_fitted_by_nothing() -> None:
    assert not fits("1", b"{")
