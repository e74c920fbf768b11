"""Whether arguments fit the schema that a tool's server lists (MCP, `Tool.inputSchema`)."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from .byte_quota import ByteQuota

MOST_NODES = 4000
"""Of a schema, with what it refers to; calls of a tool with a larger one are not checked."""
NODES_PER_SECOND = 2 * MOST_NODES
"""Of new schemas, so that a server that lists another one each time does not slow other calls."""
PATTERN_NODES = 100
"""A regular expression counts as so many nodes, and one for each character: compiling one takes up
to 3 ms.
"""
UNEVALUATED_NODES = 1000
"""`unevaluatedProperties` and `unevaluatedItems` count as so many: each one within another doubles
the work.
"""
LONGEST_REFERENCE = 500
"""Characters; a schema with a longer reference is not checked."""
MOST_STEPS = 50
"""References of a schema, each to a part with the next one."""
MOST_WORK = 10_000_000
"""Nodes of a schema times bytes of arguments; what would take more is not checked."""
MOST_VALIDATORS = 200
"""Validators that are kept; for one more the longest unused is made again when it is needed."""
_REGEX = jsonschema_rs.RegexOptions(size_limit=1 << 18, dfa_size_limit=1 << 18)
"""This engine's searches take linear time, whatever pattern a server lists."""

SchemaOf = Callable[[str], tuple[bytes, Callable[[], Any]] | None]
"""The digest of a tool's definition, and what reads its input schema, by the tool's name; None if
unknown.
"""


class ArgumentCheck:
    """Makes a validator of each schema when it is first needed."""

    __slots__ = ("_quota", "_schema_of", "_validators")

    def __init__(self, schema_of: SchemaOf) -> None:
        self._schema_of = schema_of
        self._quota = ByteQuota(NODES_PER_SECOND)
        self._validators: dict[bytes, tuple[jsonschema_rs.Validator | None, int]] = {}

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
        elif self._quota.is_used(now := perf_counter()):
            return False
        else:
            made = _validator(schema())
            self._quota.use(made[1], now)
            if len(self._validators) >= MOST_VALIDATORS:
                del self._validators[next(iter(self._validators))]
        self._validators[digest] = made
        validator, nodes = made
        if validator is None or nodes * length > MOST_WORK:
            return False
        try:
            return not validator.is_valid(arguments)
        except ValueError:
            return False


def _validator(schema: Any) -> "tuple[jsonschema_rs.Validator | None, int]":
    """A validator of JSON Schema, None for one that is not valid or too large; and the nodes that
    were looked at.
    """
    nodes = _nodes(schema, schema, ())
    if nodes > MOST_NODES:
        return None, MOST_NODES
    try:
        made = jsonschema_rs.validator_for(schema, offline=True, pattern_options=_REGEX)
    except ValueError:
        return None, nodes
    return made, nodes


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
            total += _keyword_nodes(value, is_root=value is root)
            for keyword in _REFERENCES & value.keys():
                total += _referred(value[keyword], root, via)
            todo.append(iter(value.values()))
        elif isinstance(value, list):
            todo.append(iter(value))
    return total


_REFERENCES = {"$ref", "$dynamicRef", "$recursiveRef"}
_UNEVALUATED = {"unevaluatedProperties", "unevaluatedItems"}
_IDENTIFIERS = {"$id", "id"}


def _keyword_nodes(schema: dict[str, Any], *, is_root: bool) -> int:
    """What keywords of a schema count that take more than others.

    Within a part with an identifier of its own, references are to that part: it counts as too much.
    """
    if not is_root and any(isinstance(schema.get(each), str) for each in _IDENTIFIERS):
        return MOST_NODES + 1
    named = schema.get("patternProperties")
    patterns = [schema.get("pattern"), *(named if isinstance(named, dict) else ())]
    texts = [each for each in patterns if isinstance(each, str)]
    unevaluated = len(_UNEVALUATED & schema.keys())
    return sum(map(len, texts)) + len(texts) * PATTERN_NODES + unevaluated * UNEVALUATED_NODES


def _referred(reference: Any, root: Any, via: tuple[str, ...]) -> int:
    """The nodes of the part that a reference such as #/$defs/Name names."""
    if not isinstance(reference, str):
        return 1  # A property may have this name.
    if not reference.startswith("#/") or reference in via or len(via) >= MOST_STEPS:
        return MOST_NODES + 1
    if len(reference) > LONGEST_REFERENCE:
        return MOST_NODES + 1
    part = root
    for step in unquote(reference[2:]).split("/"):
        if not isinstance(part, dict):
            return MOST_NODES + 1
        part = part.get(step.replace("~1", "/").replace("~0", "~"))
    return _nodes(part, root, (*via, reference))
