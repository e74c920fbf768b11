"""A demo says where its Prometheus is for as long as it runs, so that others find it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lab.programs import ROOT

RUNS = ROOT / "run"

_FILE = "demo.json"


@contextmanager
def announced(folder: Path, prometheus: str) -> Iterator[None]:
    """Say in a run's folder that this process runs a demo with a Prometheus at that URL."""
    said = folder / _FILE
    said.write_text(json.dumps({"pid": os.getpid(), "prometheus": prometheus}), encoding="utf-8")
    try:
        yield
    finally:
        said.unlink(missing_ok=True)


def running_demo(runs: Path = RUNS) -> str | None:
    """The URL of the Prometheus of the demo that started last; None if none runs."""
    for said in sorted(runs.glob(f"*/{_FILE}"), key=lambda path: path.parent.name, reverse=True):
        try:
            demo = json.loads(said.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        # A killed demo could not take back what it said.
        if psutil.pid_exists(demo["pid"]):
            return str(demo["prometheus"])
    return None
