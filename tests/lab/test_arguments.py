"""Every command line knows its options by their full names only, and says so in one line."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "unknown"),
    [
        ("lab.demo", ("--onc",)),
        ("lab.docs", ("--chec",)),
        ("lab.docs", ("README.md",)),
        ("lab.echo", ("--transport", "stdio", "--answer", "sse")),
        ("lab.preview", ("--sever", "a")),
        ("lab.tools", ("--lis",)),
    ],
)
def test_an_unknown_argument_is_refused_in_one_line(module: str, unknown: tuple[str, ...]) -> None:
    command = (sys.executable, "-m", module, *unknown)
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    refused = " ".join(unknown[-2:])
    assert ended.stderr.endswith(
        f": unrecognized arguments: {refused}; see python -m {module} --help\n"
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
