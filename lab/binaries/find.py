"""Find the binaries, on PATH or in the cache, and build those that are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.binaries.build import NotBuilt, Progress, build, duration, go_version, output_of
from lab.binaries.catalogue import TOOLS
from lab.binaries.tool import Tool, dotted
from lab.stderr import say

TOOLS_DIR = "TOOLS_DIR"
"""A variable with a folder of binaries, such as those of a release; searched before PATH."""


class ToolMissing(Exception):
    """A tool cannot be obtained; one line says what was tried and what to install."""


@dataclass(frozen=True)
class Found:
    """A tool, where it came from (PATH, another variable, cache, built now), and its path."""

    tool: Tool
    origin: str
    path: Path


def find(name: str, environ: Mapping[str, str], *, progress: Progress = say) -> Path | None:
    """Return the path of a usable binary; unusable ones are reported and skipped."""
    found = look_up(named(name), environ, progress=progress)
    return found.path if found else None


def ensure(
    names: Iterable[str], *, environ: Mapping[str, str], progress: Progress = say
) -> dict[str, Path]:
    """Return the path of each tool, building those that are not found; raises ToolMissing."""
    found = obtain([named(name) for name in names], environ, progress=progress)
    return {each.tool.name: each.path for each in found}


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of built tools, under XDG_CACHE_HOME or ~/.cache."""
    explicit = Path(environ.get("XDG_CACHE_HOME", ""))
    if explicit.is_absolute():
        return explicit / "mcp-observability" / "tools"
    if home := environ.get("HOME"):
        return Path(home) / ".cache" / "mcp-observability" / "tools"
    raise ToolMissing(
        "no place for built tools: neither HOME nor an absolute XDG_CACHE_HOME is set"
    )


def named(name: str) -> Tool:
    if name not in TOOLS:
        raise ToolMissing(f"unknown tool {name!r}; known: {', '.join(TOOLS)}")
    return TOOLS[name]


def look_up(tool: Tool, environ: Mapping[str, str], *, progress: Progress = say) -> Found | None:
    for origin, path in _candidates(tool, environ):
        flaw = tool.flaw(output_of(path, tool.version_command, environ=environ))
        if flaw is None:
            return Found(tool, origin, path)
        progress(f"passing over {path}: it {flaw}")
    cached = tool.binary(cache_folder(environ))
    return Found(tool, "cache", cached) if cached.exists() else None


def obtain(
    tools: Iterable[Tool], environ: Mapping[str, str], *, progress: Progress = say
) -> list[Found]:
    """Find each tool or build it; raises ToolMissing before building if there is no usable Go."""
    looked_up = {tool: look_up(tool, environ, progress=progress) for tool in dict.fromkeys(tools)}
    missing = [tool for tool, found in looked_up.items() if found is None]
    _require_go(missing, environ)
    if len(missing) > 1:
        progress(_announcement(missing))
    return [found or _built(tool, environ, progress=progress) for tool, found in looked_up.items()]


def _candidates(tool: Tool, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    for variable in (*tool.assets, TOOLS_DIR, "PATH"):
        folders = [entry for entry in environ.get(variable, "").split(os.pathsep) if entry]
        for command in tool.commands:
            for folder in folders:
                if path := shutil.which(command, path=folder):
                    yield variable, Path(path)


def _announcement(missing: list[Tool]) -> str:
    names = ", ".join(tool.name for tool in missing)
    return (
        f"{names}: building each from its Go modules, once,"
        f" {duration(sum(tool.seconds for tool in missing))} in all; to skip this,"
        f" put release binaries on PATH or into a folder that {TOOLS_DIR} names"
    )


def _require_go(missing: Iterable[Tool], environ: Mapping[str, str]) -> None:
    """Raise ToolMissing naming every tool to build for which Go is missing or too old."""
    go = go_version(environ)
    tools = [tool for tool in missing if go < tool.oldest_go]
    if not tools:
        return
    have = f" (that on PATH is {dotted(go)})" if go else ""
    wanted = dotted(max(tool.oldest_go for tool in tools))
    places = " or ".join(
        (*sorted({each for tool in tools for each in tool.assets}), TOOLS_DIR, "PATH")
    )
    one = len(tools) == 1
    raise ToolMissing(
        f"{', '.join(tool.name for tool in tools)}: not on {places} or in the cache,"
        f" and there is no Go {wanted} or newer{have} to build {'it' if one else 'them'}:"
        f" install Go{'' if one else ' (builds all)'},"
        f" or {'this binary' if one else 'these binaries'}:"
        f" {', '.join(tool.install for tool in tools)}"
    )


def _built(tool: Tool, environ: Mapping[str, str], *, progress: Progress) -> Found:
    try:
        path = build(tool, cache_folder(environ), environ=environ, progress=progress)
    except NotBuilt as reason:
        tried = " or ".join((*tool.assets, TOOLS_DIR, "PATH"))
        raise ToolMissing(
            f"{tool.name}: no usable {' or '.join(tool.commands)} on {tried}, none in the cache,"
            f" and {reason}; install {tool.install}"
        ) from reason
    return Found(tool, "built now", path)
