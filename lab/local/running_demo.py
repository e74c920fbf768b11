"""A demo announces where its parts are for as long as it runs, so that other commands find them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from lab.local.programs import ROOT

RUNS = ROOT / "run"

_FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoServer:
    """An MCP server of a demo, and the URLs of its proxy: for clients, and of its metrics."""

    name: str
    mcp: str
    metrics: str


@dataclass(frozen=True, slots=True)
class Demo:
    """The base URLs of a running demo's Prometheus and Jaeger, and its servers.

    `collector` is the URL of the collector's health, `collected` that of the series it exposes.
    """

    prometheus: str
    jaeger: str
    architecture: str = ""
    collector: str = ""
    collected: str | None = None
    servers: tuple[DemoServer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Announcement:
    """A demo, and the process that runs it."""

    pid: int
    demo: Demo


@contextmanager
def announced(folder: Path, demo: Demo) -> Iterator[None]:
    """Write into a run's folder that this process runs a demo."""
    file = folder / _FILE
    file.write_bytes(msgspec.json.encode(_Announcement(os.getpid(), demo)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_demo(runs: Path = RUNS) -> Demo | None:
    """The demo that started last; None if none runs."""
    for file in sorted(runs.glob(f"*/{_FILE}"), key=lambda path: path.parent.name, reverse=True):
        if demo := _read(file):
            return demo
    return None


def _read(file: Path) -> Demo | None:
    """The demo that wrote the file; None if it has ended, or the file is not valid."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Announcement)
    except (OSError, msgspec.DecodeError):
        return None
    # A killed demo could not remove its file.
    return found.demo if psutil.pid_exists(found.pid) else None
