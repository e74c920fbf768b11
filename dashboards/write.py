"""Boards and rules as files: written aside, then moved, so that no reader meets half a file."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

import yaml

from dashboards import BOARDS
from dashboards.render import board_json
from dashboards.rules import rules_document

RULES = "mcp"
"""Name of the one rule file."""


_HELP = """Write the Grafana boards as OUT/dashboards/*.json and the Prometheus rules as
OUT/rules/*.yaml. Older files of the same names are replaced, others are left alone."""


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"dashboards: {message}; see python -m dashboards --help\n")


def files() -> dict[Path, str]:
    """Every file to write, by its path under the chosen folder."""
    boards = {Path("dashboards", f"{board.uid}.json"): board_json(board) for board in BOARDS}
    rules = yaml.safe_dump(rules_document(), sort_keys=False, width=100)
    return boards | {Path("rules", f"{RULES}.yaml"): rules}


def write(out: Path) -> int:
    """Write every file under `out`, replacing older ones of the same names; how many."""
    out.mkdir(parents=True, exist_ok=True)
    contents = files()
    with tempfile.TemporaryDirectory(prefix=".dashboards-", dir=out) as aside:
        for path, text in contents.items():
            written = Path(aside, path)
            written.parent.mkdir(exist_ok=True)
            written.write_text(text, encoding="utf-8")
        for folder in {path.parent for path in contents}:
            (out / folder).mkdir(exist_ok=True)
        for path in contents:
            os.replace(Path(aside, path), out / path)
    return len(contents)


def main(arguments: list[str]) -> int:
    """The command: 0 when all is written, 2 when the folder or an option cannot be used."""
    started = time.perf_counter()
    parser = _Parser(prog="python -m dashboards", description=_HELP, allow_abbrev=False)
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to write to, made if missing")
    out: Path = parser.parse_args(arguments).out
    try:
        number = write(out)
    except OSError as error:
        print(f'dashboards: cannot write to "{out}": {error.strerror}', file=sys.stderr)
        return 2
    print(f"{number} files in {out}, {time.perf_counter() - started:.2f} s")
    return 0
