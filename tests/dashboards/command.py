"""Runs `python -m dashboards`."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from dashboards.cli import main

ROOT = Path(__file__).parents[2]
SCRAPED = ("--variant", "toolhive", "--ingestion", "direct-scrape")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process: starting a Python for each takes longer than all else."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code: int | str | None = main(list(arguments), {})
        except SystemExit as ended:
            code = ended.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "dashboards", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
