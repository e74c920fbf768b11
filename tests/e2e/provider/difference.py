"""What changed between two sets of inputs, and what a change means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]

_MISSING = object()
_PLAIN_KEY = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True)
class Difference:
    """The paths of the leaves that changed, and those of them that mean a new object."""

    changed: tuple[Path, ...]
    replacing: tuple[Path, ...] = ()
    delete_first: bool = False

    @property
    def top_level_keys(self) -> list[str]:
        """The first steps of all paths, each once."""
        return sorted({str(path[0]) for path in self.changed})


def changed_paths(old: Any, new: Any, at: Path = ()) -> Iterator[Path]:
    """The paths of all leaves that differ; a list of another length differs as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from changed_paths(old.get(key, _MISSING), new.get(key, _MISSING), (*at, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from changed_paths(*pair, (*at, index))
    elif old != new:
        yield at


def under(paths: Iterable[Path], roots: Iterable[Path]) -> tuple[Path, ...]:
    """Those of `paths` that are at or below one of `roots`, or that contain one."""
    wanted = tuple(roots)
    return tuple(
        path
        for path in paths
        if any(all(a == b for a, b in zip(path, root, strict=False)) for root in wanted)
    )


def spelled(path: Path) -> str:
    """A path in the engine's notation: `spec.ports[0].port`, `data["a.b"]`."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.match(step) else f'["{step}"]'
