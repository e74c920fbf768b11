"""Where a run keeps its settings and logs."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from lab.programs import DATA_FOLDER


@contextmanager
def run_folder(parent: Path, label: str) -> Iterator[Path]:
    """A new folder `<time>-<label>`; settings and logs stay in it, Prometheus's data do not."""
    folder = _made(parent, f"{datetime.now():%Y%m%d-%H%M%S}-{label}")
    try:
        yield folder
    finally:
        shutil.rmtree(folder / DATA_FOLDER, ignore_errors=True)


def _made(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("count never ends")
