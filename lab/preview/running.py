"""A demo says where its parts are for as long as it runs, so that others find them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from lab.programs import ROOT

RUNS = ROOT / "run"

_FILE = "demo.json"


@dataclass(frozen=True, slots=True)
class Demo:
    """The base URLs of a running demo's Prometheus and Jaeger."""

    prometheus: str
    jaeger: str


@contextmanager
def announced(folder: Path, demo: Demo) -> Iterator[None]:
    """Say in a run's folder that this process runs a demo."""
    said = folder / _FILE
    said.write_text(json.dumps({"pid": os.getpid(), **asdict(demo)}), encoding="utf-8")
    try:
        yield
    finally:
        said.unlink(missing_ok=True)


def running_demo(runs: Path = RUNS) -> Demo | None:
    """The demo that started last; None if none runs."""
    for said in sorted(runs.glob(f"*/{_FILE}"), key=lambda path: path.parent.name, reverse=True):
        if demo := _told(said):
            return demo
    return None


def _told(said: Path) -> Demo | None:
    """The demo that said so; None if it is over, or said something else."""
    # Taken back meanwhile, half written, or of another version, which says less.
    with suppress(OSError, ValueError, LookupError, TypeError):
        told = json.loads(said.read_text(encoding="utf-8"))
        demo = Demo(told["prometheus"], told["jaeger"])
        # A killed demo could not take back what it said.
        return demo if psutil.pid_exists(told["pid"]) else None
    return None
