"""The files of results: all of them, or none."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.arguments import UsageError

TEXT, CSV, JSON, PLOT = "load.txt", "load.csv", "load.json", "load.html"
FILES = (TEXT, CSV, JSON, PLOT)


def check_folder(folder: Path, files: Iterable[str] = FILES) -> None:
    """Raise UsageError unless the files can be written there."""
    for name in files:
        if (folder / name).exists():
            raise UsageError(f'--out (make: OUT=) "{folder}": {name} exists; choose another folder')
    check_writable("--out (make: OUT=)", folder)


def check_writable(option: str, folder: Path) -> None:
    """Raise UsageError unless files can be written there, after the folder is made."""
    above = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UsageError(f'{option} "{folder}": cannot write to {above}')


def write(folder: Path, contents: Mapping[str, str], *, overwrite: bool = False) -> None:
    """Write the files aside, then move them into the folder.

    Raises OSError, also if one exists that may not be overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".results-", dir=folder) as aside:
        for name, content in contents.items():
            Path(aside, name).write_text(content, encoding="utf-8")
        for name in contents:
            (os.replace if overwrite else os.link)(Path(aside, name), folder / name)
