"""What changed between two definitions of a tool, and between two lists of tools, by kind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ..telemetry.catalogue import ToolChange
from .definition import Definition, write
from .parameters import DEEPEST, Parameter, Parameters
from .readable import difference, readable

_DEEPEST = 64
_MOST_NAMES = 20
_SETS = ("required", "enum", "type")
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_DEFAULTS = (False, True, False, True)
"""Of the hints, as the specification has them (MCP, `ToolAnnotations`)."""


Definitions = Mapping[str, Definition | None]
"""By name; None for one that is not known."""


class Change(NamedTuple):
    """One change: of `parameter`, a path, or "" if it is not of one. `before` and `after` are short
    and printable.
    """

    kind: ToolChange
    parameter: str
    before: str
    after: str


def changes(
    before: Definition, after: Definition, use: Callable[[int], None] = lambda work: None
) -> tuple[Change, ...]:
    """What changed in a tool; none where nothing did that a model or client depends on.

    `use` is called with the work that it took, in characters (`parameters.MOST_WORK`).
    """
    found = [
        *_text(before.description, after.description, ""),
        *_input(before.input_schema, after.input_schema, use),
    ]
    if _json(before.annotations) != _json(after.annotations):
        riskier = _risks(after.annotations) - _risks(before.annotations)
        kind = ToolChange.ANNOTATIONS_RISKIER if riskier else ToolChange.ANNOTATIONS_CHANGED
        was, now = _hints(before.annotations), _hints(after.annotations)
        found.append(Change(kind, "", was, now))
    if _json(normal(before.output_schema)) != _json(normal(after.output_schema)):
        was, now = difference(_json(before.output_schema), _json(after.output_schema))
        found.append(Change(ToolChange.OUTPUT_SCHEMA_CHANGED, "", was, now))
    return tuple(found)


def arrivals(gone: Definitions, new: Definitions) -> list[tuple[str, Change]]:
    """Tools that are gone from a list and that are new in it, as changes."""
    pairs = _renames(gone, new)
    found = [
        (name, Change(ToolChange.TOOL_RENAMED, "", readable(old), readable(name)))
        for old, name in sorted(pairs.items())
    ]
    found += [
        (name, Change(ToolChange.TOOL_REMOVED, "", _summary(gone[name]), ""))
        for name in sorted(gone.keys() - pairs.keys())
    ]
    found += [
        (name, Change(ToolChange.TOOL_ADDED, "", "", _summary(new[name])))
        for name in sorted(new.keys() - set(pairs.values()))
    ]
    return found


def _renames(gone: Definitions, new: Definitions) -> dict[str, str]:
    """The tools that have another name: old name to new one. Their input schema is the same.

    Where several fit, those with the same description do first, then those by the order of names.
    """
    found: dict[str, str] = {}
    for key in (_texts, _schema):
        free: dict[str, list[str]] = {}
        for name in sorted(new.keys() - set(found.values()), reverse=True):
            if (tool := new[name]) is not None:
                free.setdefault(key(tool), []).append(name)
        for old in sorted(gone.keys() - found.keys()):
            if (tool := gone[old]) is not None and (fitting := free.get(key(tool))):
                found[old] = fitting.pop()
    return found


def _schema(tool: Definition) -> str:
    return _json(tool.input_schema)


def _texts(tool: Definition) -> str:
    return f"{_json(tool.description)} {_schema(tool)}"


def normal(schema: object, depth: int = 0) -> object:
    """A schema in which the order of what is a set does not matter."""
    if depth > _DEEPEST:
        return _json(schema)
    if isinstance(schema, list):
        return [normal(each, depth + 1) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: sorted(map(write, value))
        if name in _SETS and isinstance(value, list)
        else normal(value, depth + 1)
        for name, value in schema.items()
    }


def _input(before: object, after: object, use: Callable[[int], None]) -> Iterator[Change]:
    """What changed in the parameters; if they cannot be read, or not all, only that it did."""
    was, now = _json(before), _json(after)
    if was == now:
        return
    old, new = Parameters(before), Parameters(after)
    use(old.work + new.work)
    if old.whole and new.whole and isinstance(before, dict) and isinstance(after, dict):
        yield from _parameters(old.by_path, new.by_path)
    else:
        yield Change(ToolChange.PARAMETER_TYPE_CHANGED, "", *difference(was, now))


def _parameters(old: dict[str, Parameter], new: dict[str, Parameter]) -> Iterator[Change]:
    gone, fresh = old.keys() - new.keys(), new.keys() - old.keys()
    for path in old:
        if path in new:
            yield from _parameter(path, old[path], new[path])
        elif not _within(path, gone):
            yield Change(ToolChange.PARAMETER_REMOVED, path, _shown(old[path]), "")
    for path in new:
        if path in fresh and not _within(path, fresh):
            yield Change(ToolChange.PARAMETER_ADDED, path, "", _shown(new[path]))


def _within(path: str, others: Any) -> bool:
    """Whether a parameter lies within one of the others."""
    parent = path
    for _ in range(DEEPEST):  # A name may have dots, too.
        parent = parent.rpartition(".")[0]
        if not parent:
            break
        if parent.removesuffix("[]") in others:
            return True
    return False


def _parameter(path: str, old: Parameter, new: Parameter) -> Iterator[Change]:
    if old == new:
        return
    if old.text != new.text:
        yield Change(ToolChange.DESCRIPTION_CHANGED, path, *difference(old.text, new.text))
    if new.required and not old.required:
        yield Change(ToolChange.PARAMETER_REQUIRED, path, "optional", "required")
    elif old.required and not new.required:
        yield Change(ToolChange.PARAMETER_TYPE_CHANGED, path, "required", "optional")
    if old.default != new.default:
        yield Change(ToolChange.DEFAULT_CHANGED, path, *difference(old.default, new.default))
    if old.allowed != new.allowed:
        narrowed = new.allowed is not None and (old.allowed is None or old.allowed - new.allowed)
        kind = ToolChange.ENUM_NARROWED if narrowed else ToolChange.PARAMETER_TYPE_CHANGED
        yield Change(kind, path, *difference(_values(old.allowed), _values(new.allowed)))
    if old.shape != new.shape:
        yield Change(ToolChange.PARAMETER_TYPE_CHANGED, path, *difference(old.shape, new.shape))


def _text(before: object, after: object, path: str) -> Iterator[Change]:
    if _json(before) != _json(after):
        was, now = (each if isinstance(each, str) else _json(each) for each in (before, after))
        yield Change(ToolChange.DESCRIPTION_CHANGED, path, *difference(was, now))


def _json(value: object) -> str:
    return "" if value is None else write(value)


def _values(allowed: frozenset[str] | None) -> str:
    return "any" if allowed is None else ", ".join(sorted(allowed))


def _shown(parameter: Parameter) -> str:
    return readable(f"{'required' if parameter.required else 'optional'} {parameter.shape}")


def _hints(annotations: object) -> str:
    """The hints of MCP's annotations, which are yes or no; other members are not shown."""
    found = annotations if isinstance(annotations, dict) else {}
    return ", ".join(
        f"{each} {_json(found[each])}" for each in _HINTS if type(found.get(each)) is bool
    )


def _risks(annotations: object) -> set[str]:
    """The hints by which a tool may do harm: without any, it is as risky as can be."""
    found = annotations if isinstance(annotations, dict) else {}
    read_only, destructive, idempotent, open_world = (
        found[name] if type(found.get(name)) is bool else default
        for name, default in zip(_HINTS, _DEFAULTS, strict=True)
    )
    risky = (not read_only, destructive, not idempotent, open_world)
    of_writes = _HINTS[1:3]  # Meaningful only if the tool is not read-only.
    return {
        name
        for name, risk in zip(_HINTS, risky, strict=True)
        if risk and not (read_only and name in of_writes)
    }


def _summary(tool: Definition | None) -> str:
    """A tool in a line: its parameters, and how its description begins; "" if it is not known."""
    if tool is None:
        return ""
    schema = tool.input_schema if isinstance(tool.input_schema, dict) else {}
    properties = schema.get("properties")
    names = list(properties)[:_MOST_NAMES] if isinstance(properties, dict) else []
    text = tool.description if isinstance(tool.description, str) else ""
    return readable(f"({', '.join(names)}) {text}")
