"""The tools of calls are drawn by weight, and their arguments follow from their schemas."""

from collections import Counter
from typing import Any

import pytest

from lab.load.tool_mix import NoArguments, ToolMix, arguments_for


def test_tools_are_drawn_by_weight_and_seed() -> None:
    mix = ToolMix({"a": 3, "b": 1})

    drawn = mix.draw(4000, 7)

    assert drawn == mix.draw(4000, 7) != mix.draw(4000, 8)
    assert 2800 < Counter(drawn)["a"] < 3200


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "hello"),
        ({"type": "string", "pattern": "^[a-zA-Z0-9]+$", "minLength": 8}, "helloooo"),
        ({"type": "string", "maxLength": 2}, "he"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 5}, 6),
        ({"type": "number", "maximum": 0}, 0),
        ({"type": "integer"}, 1),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, "hello"),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["hello", "hello"]),
        ({"enum": ["red", "green"]}, "red"),
        ({"const": 4}, 4),
        ({"type": "string", "default": "mine"}, "mine"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        (
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
            {"a": "hello"},
        ),
    ],
)
def test_required_arguments_are_made(schema: Any, value: Any) -> None:
    tool = {"type": "object", "properties": {"x": schema, "y": {}}, "required": ["x"]}

    assert arguments_for(tool) == {"x": value}


def array_of_arrays(depth: int) -> dict[str, Any]:
    """A short schema of very many required values."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema, "minItems": 1000}
    return {"type": "object", "properties": {"x": schema}, "required": ["x"]}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"x": schema}, "required": ["x"]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        None,
        [],
        {"properties": [], "required": ["x"]},
        {"required": 5},
        {"required": ["x"]},
        {"properties": {"x": {"$ref": "#/y"}}, "required": ["x"]},
        {"properties": {"x": {"type": "string", "minLength": 10**9}}, "required": ["x"]},
        {"properties": {"x": {"type": "array", "minItems": 10**9}}, "required": ["x"]},
        {"properties": {"x": {"type": "integer", "minimum": "a"}}, "required": ["x"]},
        {"properties": {"x": {"type": "integer", "exclusiveMaximum": []}}, "required": ["x"]},
        {"properties": {"x": {"type": "string", "maxLength": -1}}, "required": ["x"]},
        {"properties": {"x": {"const": "x" * 100_000}}, "required": ["x"]},
        array_of_arrays(15),
        nested(1000),
    ],
)
def test_other_schemas_are_refused(schema: Any) -> None:
    with pytest.raises(NoArguments, match="its schema"):
        arguments_for(schema)
