"""What a bench compiles first: the stdio server that costs next to nothing, and the proxy."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.ours import ROOT
from tests.bench.programs import Failed, Programs

_SOURCE = Path(__file__).with_name("echo.c")


def echo(programs: Programs, folder: Path) -> Path:
    """The stdio server. Raises Failed."""
    program = folder / "echo"
    _run([programs.cc, "-O2", "-o", str(program), str(_SOURCE)])
    return program


def proxy(folder: Path, source: Path = ROOT) -> Path:
    """The folder of the proxy compiled from a source folder. Raises Failed."""
    _run([sys.executable, "-m", "proxy.compile", str(folder)], source)
    return folder


def _run(command: Sequence[str], source: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}")
