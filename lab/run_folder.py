"""Where a run keeps its settings and logs."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from lab.programs import DATA_FOLDER

KEPT_RUNS = 10
"""This many of the newest folders stay, the one in use included."""

_NAME = re.compile(r"(?P<time>\d{8}-\d{6})-[a-z][a-z-]*?(-(?P<number>\d+))?")


@contextmanager
def run_folder(parent: Path, label: str) -> Iterator[Path]:
    """A new folder `<time>-<label>`; settings and logs stay in it, Prometheus's data do not.

    Older runs' folders in the same parent are removed but for the newest, and but for those of
    runs that have not ended.
    """
    folder = _made(parent, f"{datetime.now():%Y%m%d-%H%M%S}-{label}")
    with _held(folder):
        _prune(parent)
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


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Lock a folder for as long as its run goes on; the lock ends with the process at the latest.

    Raises BlockingIOError when another run holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _prune(parent: Path) -> None:
    """Remove all but the newest folders of runs; what is named otherwise is not ours."""
    for folder in sorted(filter(_is_run, parent.iterdir()), key=_age)[:-KEPT_RUNS]:
        try:
            with _held(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _is_run(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def _age(folder: Path) -> tuple[str, int]:
    """What sorts folders of runs from the oldest to the newest."""
    parts = _NAME.fullmatch(folder.name)
    assert parts is not None
    return parts["time"], int(parts["number"] or 1)
