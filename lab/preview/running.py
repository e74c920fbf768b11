"""A demo announces where its parts are for as long as it runs, so that others find them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from lab.local.programs import ROOT

RUNS = ROOT / "run"

_FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class Demo:
    """The base URLs of a running demo's Prometheus and Jaeger."""

    prometheus: str
    jaeger: str


@contextmanager
def announced(folder: Path, demo: Demo) -> Iterator[None]:
    """Write into a run's folder that this process runs a demo."""
    file = folder / _FILE
    file.write_text(json.dumps({"pid": os.getpid(), **asdict(demo)}), encoding="utf-8")
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
    # Removed meanwhile, half written, or of another version, which writes less.
    with suppress(OSError, ValueError, LookupError, TypeError):
        written = json.loads(file.read_text(encoding="utf-8"))
        demo = Demo(written["prometheus"], written["jaeger"])
        # A killed demo could not remove its file.
        return demo if psutil.pid_exists(written["pid"]) else None
    return None
