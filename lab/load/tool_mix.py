"""Which tools are called how often, and with which arguments. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

Schema = Mapping[str, Any]

MOST_BYTES, MOST_NESTED = 64 * 1024, 20
"""The server writes the schema: arguments stay small, whatever it asks for."""


class NoArguments(ValueError):
    """Arguments cannot be made from a schema; the text says why."""


@dataclass(frozen=True, slots=True)
class ToolMix:
    """Tools and their relative weights."""

    weights: Mapping[str, float]

    def draw(self, number: int, seed: int) -> list[str]:
        """The tools of so many calls; the same for the same seed."""
        names = tuple(self.weights)
        return Random(seed).choices(names, tuple(self.weights.values()), k=number)


def arguments_for(schema: object) -> dict[str, Any]:
    """The required arguments of a tool's `inputSchema`. Raises NoArguments."""
    return _Arguments().required(schema, 0)


class _Arguments:
    """The simplest values of schemas, up to MOST_BYTES in all."""

    def __init__(self) -> None:
        self._bytes = 0

    def required(self, schema: object, depth: int) -> dict[str, Any]:
        if not isinstance(schema, Mapping):
            raise NoArguments("its schema is not an object")
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            raise NoArguments("its schema is not valid")
        return {self._add(str(name)): self._value(properties.get(name), depth) for name in required}

    def _value(self, schema: object, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > MOST_NESTED:
            raise NoArguments("its schema does not say what is required")
        for keyword in ("const", "default"):
            if keyword in schema:
                return self._add(schema[keyword])
        for keyword in ("enum", "examples"):
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                return self._add(schema[keyword][0])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._value(_first(schema[keyword]), depth + 1)
        return self._of_type(_first(schema.get("type")), schema, depth)

    def _of_type(self, kind: object, schema: Schema, depth: int) -> Any:
        match kind:
            case "object":
                return self.required(schema, depth + 1)
            case "array":
                items = range(_whole(schema, "minItems", 0))
                return [self._value(schema.get("items"), depth + 1) for _ in items]
            case "string":
                shortest = _whole(schema, "minLength", 0)
                longest = max(shortest, min(_whole(schema, "maxLength", 5), 5))
                return self._add("hello".ljust(shortest, "o")[:longest])
            case "number" | "integer":
                return self._add(_number(schema))
            case "boolean":
                return self._add(True)
            case "null":
                return self._add(None)
        raise NoArguments("its schema uses more than types and enumerations")

    def _add(self, value: Any) -> Any:
        self._bytes += len(msgspec.json.encode(value))
        if self._bytes > MOST_BYTES:
            raise NoArguments(f"its schema asks for more than {MOST_BYTES} bytes")
        return value


def _first(value: object) -> object:
    """The first of a list; the value itself if it is something else."""
    return value[0] if isinstance(value, list) and value else value


def _whole(schema: Schema, keyword: str, default: int) -> int:
    value = schema.get(keyword, default)
    if not isinstance(value, int) or not 0 <= value <= MOST_BYTES:
        raise NoArguments(f"its schema has {keyword} {value!r:.40}")
    return value


def _number(schema: Schema) -> float:
    """1, or the number of the allowed range that is closest to it."""
    names = {"minimum": 1, "maximum": 1, "exclusiveMinimum": 0, "exclusiveMaximum": 2}
    numbers = [schema.get(name, default) for name, default in names.items()]
    if not all(isinstance(each, int | float) for each in numbers):
        raise NoArguments("its schema has a range that is not of numbers")
    low, high, above, below = numbers
    least: float = max(low, above + 1)
    return least if least > 1 else min(1, high, below - 1)
