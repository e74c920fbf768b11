"""The history as blocks on disk, and a Prometheus that has nothing else."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from lab.binaries.find import ensure
from lab.local.ports import LOOPBACK, free_ports
from lab.local.processes import Command, Processes, RunningProcess
from tests.bench.boards.world import Size, history

BLOCK_SECONDS = 18 * 3600
BLOCKS = 4
"""Three days."""
END = 1_767_225_600
"""2026-01-01, a seam between blocks: equal times, equal bytes."""

START_SECONDS = 120
WRITE_SECONDS = 1800


class NotWritten(Exception):
    """The blocks could not be written; the text says why."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the blocks hold."""

    series: int
    samples: int
    bytes: int


def write(size: Size, folder: Path, *, end: int = END) -> Written:
    """Write the fleet's history up to `end` into a folder. Raises ToolMissing, NotWritten."""
    writer = ensure(["tsdb-blocks"], environ=os.environ)["tsdb-blocks"]
    with subprocess.Popen(
        (writer, "-out", folder, "-end", str(end), "-blocks", str(BLOCKS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            lines = "".join(f"{line}\n" for line in history(size))
            output, wrong = process.communicate(lines, timeout=WRITE_SECONDS)
        finally:
            process.kill()
    if process.returncode:
        raise NotWritten(wrong.strip())
    return Written(**json.loads(output))


@contextmanager
def prometheus(folder: Path) -> Iterator[tuple[str, RunningProcess]]:
    """A Prometheus on the blocks in `folder`, and its URL. Raises ToolMissing, ProcessFailed."""
    binary = ensure(["prometheus"], environ=os.environ)["prometheus"]
    (port,) = free_ports(1)
    config = folder / "prometheus.yaml"
    config.write_text("{}\n")
    flags = {
        "config.file": str(config),
        "storage.tsdb.path": str(folder),
        "storage.tsdb.retention.time": "30y",
        # Else it would spend the first minutes on merging the blocks.
        "storage.tsdb.max-block-duration": f"{BLOCK_SECONDS}s",
        "web.listen-address": f"{LOOPBACK}:{port}",
    }
    arguments = (str(binary), *(f"--{name}={value}" for name, value in flags.items()))
    url = f"http://{LOOPBACK}:{port}"
    with Processes(folder) as processes:
        part = processes.start(Command("prometheus", arguments, {"HOME": str(folder)}))
        processes.wait_ready(part, lambda: _ready(url), START_SECONDS)
        yield url, part


def _ready(url: str) -> bool | None:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).ok or None
    except requests.ConnectionError:
        return None
