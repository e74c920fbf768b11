"""Strict checks against the lists that draw_key_paths.py draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "key_paths"

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "integer-or-string": (int, str),
    "object": (dict,),
    "array": (list,),
}


@cache
def lines(name: str) -> tuple[str, ...]:
    """One list's lines."""
    return tuple((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one version of one CRD."""

    kinds: dict[str, tuple[str, tuple[str, ...]]]
    required: frozenset[str]
    open: frozenset[str]


@cache
def fields(name: str) -> Fields:
    """Read one CRD's list."""
    kinds: dict[str, tuple[str, tuple[str, ...]]] = {}
    required, open_paths = set(), set()
    for line in lines(name):
        path, kind, *allowed = line.split(" ")
        if kind == "required":
            required.add(path)
        elif path.endswith(".*"):
            open_paths.add(path.removesuffix(".*"))
        else:
            kinds[path] = (kind, tuple(allowed[0].split("|")) if allowed else ())
    return Fields(kinds, frozenset(required), frozenset(open_paths))


def faults(crd: Fields, value: Any, path: str = "spec") -> Iterator[str]:
    """What strict validation would refuse: unknown fields, wrong types, missing or bad values."""
    if path in crd.open:
        return
    if path not in crd.kinds:
        yield f"{path}: unknown field"
        return
    kind, allowed = crd.kinds[path]
    right = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not right or (allowed and value not in allowed):
        yield f"{path}: {value!r} is not {kind} {'|'.join(allowed)}".rstrip()
    elif isinstance(value, dict):
        yield from _map_faults(crd, value, path)
    elif isinstance(value, list):
        for each in value:
            yield from faults(crd, each, f"{path}[]")


def _map_faults(crd: Fields, value: dict[str, Any], path: str) -> Iterator[str]:
    for needed in crd.required:
        parent, _, name = needed.rpartition(".")
        if parent == path and name not in value:
            yield f"{needed}: missing"
    for key, each in value.items():
        free = f"{path}.{{}}"
        yield from faults(crd, each, free if free in crd.kinds else f"{path}.{key}")
