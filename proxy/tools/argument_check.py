"""Whether arguments fit the schema that a tool's server lists (MCP, `Tool.inputSchema`)."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

MOST_NODES = 4000
"""Of a schema, with what it refers to; calls of a tool with a larger one are not checked."""
MOST_STEPS = 50
"""References of a schema, each to a part with the next one."""
MOST_WORK = 10_000_000
"""Nodes of a schema times bytes of arguments; what would take more is not checked."""
MOST_VALIDATORS = 200
"""Validators that are kept; for one more the longest unused is made again when it is needed."""
_REGEX = jsonschema_rs.RegexOptions(size_limit=1 << 20, dfa_size_limit=1 << 20)
"""This engine's searches take linear time, whatever pattern a server lists."""

SchemaOf = Callable[[str], tuple[bytes, Any] | None]
"""The digest of a tool's definition and its input schema, by the tool's name; None if unknown."""


class ArgumentCheck:
    """Makes a validator of each schema when it is first needed."""

    __slots__ = ("_schema_of", "_validators")

    def __init__(self, schema_of: SchemaOf) -> None:
        self._schema_of = schema_of
        self._validators: dict[bytes, tuple[int, jsonschema_rs.Validator] | None] = {}

    def __repr__(self) -> str:
        return f"<ArgumentCheck validators={len(self._validators)}>"

    def is_invalid(self, tool: str, arguments: Any, length: int) -> bool:
        """Whether arguments, of so many bytes, break a tool's schema; False if not known."""
        found = self._schema_of(tool)
        if found is None:
            return False
        digest, schema = found
        if digest in self._validators:
            made = self._validators.pop(digest)
        else:
            made = _validator(schema)
            if len(self._validators) >= MOST_VALIDATORS:
                del self._validators[next(iter(self._validators))]
        self._validators[digest] = made
        if made is None or made[0] * length > MOST_WORK:
            return False
        try:
            return not made[1].is_valid(arguments)
        except ValueError:
            return False


def _validator(schema: Any) -> "tuple[int, jsonschema_rs.Validator] | None":
    """A validator of JSON Schema, and its nodes; None for one that is not valid or too large."""
    nodes = _nodes(schema, schema, ())
    if nodes > MOST_NODES:
        return None
    try:
        made = jsonschema_rs.validator_for(schema, offline=True, pattern_options=_REGEX)
    except ValueError:
        return None
    return nodes, made


def _nodes(schema: Any, root: Any, via: tuple[str, ...]) -> int:
    """How many values a schema has, each reference replaced by what it refers to.

    More than MOST_NODES for one that refers to itself, or to anything but its own parts: what a
    validator does then can grow exponentially. `via` are the references that led here.
    """
    total = 0
    todo: list[Iterator[Any]] = [iter((schema,))]
    while todo and total <= MOST_NODES:
        value = next(todo[-1], todo)
        if value is todo:
            todo.pop()
            continue
        total += 1
        if isinstance(value, dict):
            for keyword in _REFERENCES & value.keys():
                total += _referred(value[keyword], root, via)
            todo.append(iter(value.values()))
        elif isinstance(value, list):
            todo.append(iter(value))
    return total


_REFERENCES = {"$ref", "$dynamicRef", "$recursiveRef"}


def _referred(reference: Any, root: Any, via: tuple[str, ...]) -> int:
    """The nodes of the part that a reference such as #/$defs/Name names."""
    if not isinstance(reference, str):
        return 1  # A property may have this name.
    if not reference.startswith("#/") or reference in via or len(via) >= MOST_STEPS:
        return MOST_NODES + 1
    part = root
    for step in unquote(reference[2:]).split("/"):
        part = (
            part.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(part, dict) else None
        )
    return _nodes(part, root, (*via, reference))
