"""The folder of a run: settings and logs."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from lab.local.programs import DATA_FOLDER

KEPT_RUNS = 10
"""The newest folders that are kept, the current one included."""

_NAME = re.compile(r"(?P<time>\d{8}-\d{6})-[a-z][a-z-]*?(-(?P<number>\d+))?")


@contextmanager
def run_folder(parent: Path, label: str) -> Iterator[Path]:
    """A new folder `<time>-<label>`; Prometheus' data is removed from it at the end.

    Removes older folders of runs that have ended, except the newest.
    """
    folder = _created(parent, f"{datetime.now():%Y%m%d-%H%M%S}-{label}")
    with _locked(folder):
        _prune(parent)
        try:
            yield folder
        finally:
            shutil.rmtree(folder / DATA_FOLDER, ignore_errors=True)


def _created(parent: Path, name: str) -> Path:
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
def _locked(folder: Path) -> Iterator[None]:
    """Lock a folder while its run lasts, at most until the process ends.

    Raises BlockingIOError if another run holds the lock.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _prune(parent: Path) -> None:
    """Remove all but the newest folders with the name of a run."""
    for folder in sorted(filter(_is_run, parent.iterdir()), key=_age)[:-KEPT_RUNS]:
        try:
            with _locked(folder):
                shutil.rmtree(folder, ignore_errors=True)
        except (BlockingIOError, FileNotFoundError):
            continue


def _is_run(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def _age(folder: Path) -> tuple[str, int]:
    """A sort key, oldest first."""
    parts = _NAME.fullmatch(folder.name)
    assert parts is not None
    return parts["time"], int(parts["number"] or 1)
