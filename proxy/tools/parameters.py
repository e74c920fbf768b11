"""The parameters of a tool by its input schema, each with what may change in it.

Nested ones have a path, such as `filter.name` or `items[].id`. References within the schema are
followed. A schema can be made to grow without end that way, so the work is bounded.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from .definition import write

MOST_WORK = 256 * 1024
"""Characters of paths and of JSON that is written, and more for what else is done."""
STEP_WORK = 20
"""For a schema of a parameter, or a part of it, that is looked at."""
MEMBER_WORK = 5
"""For a member of it."""
DEEPEST = 16
"""How deep they may lie."""

_TEXTS = ("title", "description", "examples")
_BRANCHES = ("anyOf", "oneOf", "allOf")
_DEFINITIONS = ("$defs", "definitions")
_OF_THEIR_OWN = frozenset((*_TEXTS, *_DEFINITIONS, "enum", "const", "properties", "required"))
_OF_A_PARAMETER = _OF_THEIR_OWN | {"default"}

Schema = dict[str, Any]


class Parameter(NamedTuple):
    """What is said of a parameter: JSON, or "" where nothing is. `allowed` are the values of an
    enum, None if any is; `shape` is all else, such as the type, without parameters within.
    """

    required: bool
    text: str
    default: str
    allowed: frozenset[str] | None
    shape: str


class Parameters:
    """Reads one input schema; `whole` is whether all of it was read, at the cost of `work`."""

    def __init__(self, schema: object) -> None:
        self.whole = True
        self._root = schema if isinstance(schema, dict) else {}
        self.work = 0
        self.by_path: dict[str, Parameter] = {}
        self.by_path[""] = self._parameter(self._root, required=False)
        self._walk(self._root, "", 0)

    def _walk(self, schema: Schema, prefix: str, depth: int) -> None:
        """Take in the parameters within a schema."""
        if not self._step(depth):
            return
        required = _names(schema.get("required"))
        self._use(MEMBER_WORK * len(required))
        properties = schema.get("properties")
        for name, each in properties.items() if isinstance(properties, dict) else ():
            if not self._use(len(prefix) + len(name)):
                return
            found, path = self._resolved(each), f"{prefix}{name}"
            if path not in self.by_path:
                self.by_path[path] = self._parameter(found, required=name in required)
                self._walk(found, f"{path}.", depth + 1)
        for suffix, inner in self._inner(schema):
            place = f"{prefix.removesuffix('.')}[]." if suffix else prefix
            self._walk(inner, place, depth + 1)

    def _parameter(self, schema: Schema, *, required: bool) -> Parameter:
        texts = self._texts(schema, 0)
        allowed = self._allowed(schema, 0)
        return Parameter(
            required,
            self._write(texts) if texts else "",
            self._write(schema["default"]) if "default" in schema else "",
            None if allowed is None else frozenset(allowed),
            self._write(self._shape(schema, 0)),
        )

    def _texts(self, schema: Schema, depth: int) -> list[object]:
        """What is said in words, here and of what lies within."""
        if not self._step(depth):
            return []
        said = {name: schema[name] for name in _TEXTS if name in schema}
        within = [text for _, each in self._inner(schema) for text in self._texts(each, depth + 1)]
        return [said, *within] if said else within

    def _allowed(self, schema: Schema, depth: int) -> set[str] | None:
        """The values that an enum allows, here or for what lies within; None without one."""
        if not self._step(depth):
            return None
        found: set[str] | None = None
        listed = schema.get("enum")
        if isinstance(listed, list):
            found = set(map(self._write, listed))
        elif "const" in schema:
            found = {self._write(schema["const"])}
        for _, inner in self._inner(schema):
            more = self._allowed(inner, depth + 1)
            if more is not None:
                found = more if found is None else found | more
        return found

    def _shape(self, schema: object, depth: int) -> object:
        """What is left of a schema without what is said of it elsewhere."""
        found = self._resolved(schema)
        if not self._step(depth):
            return None
        shape: dict[str, object] = {}
        for name, value in found.items():
            if name == "items":
                shape[name] = self._shape(value, depth + 1)
            elif name in _BRANCHES and isinstance(value, list):
                branches = [self._shape(each, depth + 1) for each in value]
                shape[name] = sorted({self._write(each) for each in branches})
            elif name == "type" and isinstance(value, list):
                shape[name] = sorted(map(self._write, value))
            elif name not in (_OF_THEIR_OWN if depth else _OF_A_PARAMETER):
                shape[name] = value
        return shape

    def _inner(self, schema: Schema) -> Iterator[tuple[str, Schema]]:
        """The schemas of a list's items, and the branches of a union."""
        if "items" in schema:
            yield "[]", self._resolved(schema["items"])
        for name in _BRANCHES:
            branches = schema.get(name)
            for each in branches if isinstance(branches, list) else ():
                yield "", self._resolved(each)

    def _resolved(self, schema: object) -> Schema:
        """A schema, or what it refers to within the whole: with what is said beside it."""
        found = schema if isinstance(schema, dict) else {}
        if not self._use(MEMBER_WORK * len(found)):
            return {}
        reference = found.get("$ref")
        for kind in _DEFINITIONS:
            prefix = f"#/{kind}/"
            if isinstance(reference, str) and reference.startswith(prefix):
                target = self._definitions(kind).get(reference.removeprefix(prefix))
                if isinstance(target, dict) and self._use(MEMBER_WORK * len(target)):
                    beside = {name: each for name, each in found.items() if name != "$ref"}
                    return {**target, **beside}
        return found

    def _definitions(self, kind: str) -> Schema:
        found = self._root.get(kind)
        return found if isinstance(found, dict) else {}

    def _step(self, depth: int) -> bool:
        self.whole &= depth <= DEEPEST
        return self._use(STEP_WORK)

    def _use(self, work: int) -> bool:
        """Whether so much more is allowed, and all before was."""
        self.work += work
        self.whole &= self.work <= MOST_WORK
        return self.whole

    def _write(self, value: object) -> str:
        """A part of the schema as JSON; "" once that is too much."""
        text = write(value) if self.whole else ""
        self._use(len(text))
        return text


def _names(listed: object) -> frozenset[str]:
    return frozenset(
        filter(lambda each: isinstance(each, str), listed if isinstance(listed, list) else ())
    )
