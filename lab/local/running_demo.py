"""A demo announces where its parts are for as long as it runs, so that other commands find them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from lab.arguments import UsageError
from lab.local.programs import ROOT
from proxy.suggestions import did_you_mean

RUNS = ROOT / "run"

_FILE, _FAILURE = "demo.json", "failure.txt"


@dataclass(frozen=True, slots=True)
class DemoServer:
    """An MCP server of a demo, and the URLs of its proxy: for clients, and of its metrics.

    `transport` is "" where faults cannot be switched on: a server that has one anyway. `injects`
    is whether the proxy injects them; other servers have them themselves.
    """

    name: str
    mcp: str
    metrics: str
    transport: str = ""
    injects: bool = False


@dataclass(frozen=True, slots=True)
class DemoPart:
    """A process of a demo, which is ready while `url` answers with `status`."""

    name: str
    url: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Demo:
    """The base URLs of a running demo's Prometheus and Jaeger, its servers, and its processes.

    `collector` is the URL of the collector's health, `collected` that of the series it exposes,
    `boards` that of the first board. `faults` is the path of the file by which faults are switched
    on.
    """

    prometheus: str
    jaeger: str
    architecture: str = ""
    collector: str = ""
    collected: str | None = None
    servers: tuple[DemoServer, ...] = ()
    boards: str = ""
    parts: tuple[DemoPart, ...] = ()
    faults: str = ""


@dataclass(frozen=True, slots=True)
class _Announcement:
    """A demo, and the process that runs it."""

    pid: int
    demo: Demo


@dataclass(frozen=True, slots=True)
class Running:
    """An announced demo, and its file."""

    pid: int
    demo: Demo
    file: Path

    def runs(self) -> bool:
        """Whether it still does."""
        return self.file.exists() and psutil.pid_exists(self.pid)

    def failure(self) -> str:
        """Why it ended; "" if it did not fail, or could not say."""
        try:
            return (self.file.parent / _FAILURE).read_text(encoding="utf-8")
        except OSError:
            return ""


@contextmanager
def announced(folder: Path, demo: Demo) -> Iterator[Running]:
    """Write into a run's folder that this process runs a demo, and in the end why it failed."""
    file = folder / _FILE
    file.write_bytes(msgspec.json.encode(_Announcement(os.getpid(), demo)))
    try:
        yield Running(os.getpid(), demo, file)
    except Exception as failed:
        (folder / _FAILURE).write_text(str(failed), encoding="utf-8")
        raise
    finally:
        file.unlink(missing_ok=True)


def running_demo(runs: Path = RUNS) -> Demo | None:
    """The demo that started last; None if none runs."""
    found = running(runs)
    return found.demo if found else None


def running(runs: Path = RUNS) -> Running | None:
    """The demo that started last, with its process; None if none runs."""
    for file in sorted(runs.glob(f"*/{_FILE}"), key=lambda path: path.parent.name, reverse=True):
        if found := _read(file):
            return found
    return None


def server_of(demo: Demo, name: str | None) -> DemoServer:
    """The named server, or the first. Raises UsageError."""
    if not demo.servers:
        raise UsageError("the running demo has no servers: start it with SERVERS= or ECHO=on")
    for each in demo.servers:
        if name in (None, each.name):
            return each
    known = [each.name for each in demo.servers]
    hint = f"{did_you_mean(name or '', known)}choose from {', '.join(known)}"
    raise UsageError(f'"{name}" is not a server of the running demo; {hint}')


def _read(file: Path) -> Running | None:
    """The demo that wrote the file; None if it has ended, or the file is not valid."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Announcement)
    except (OSError, msgspec.DecodeError):
        return None
    # A killed demo could not remove its file.
    return Running(found.pid, found.demo, file) if psutil.pid_exists(found.pid) else None
