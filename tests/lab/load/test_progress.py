"""The line with live figures."""

import os
import pty
import subprocess
import sys
from math import nan

import pytest

from lab.load.progress import line
from lab.load.statistics import Interval
from tests.lab.load.echo import echo

INTERVAL = Interval(12.01, 500, 498, 490, 7, 1, 2, 0.0012, 0.01, 0.0345)


def test_the_line_shows_the_last_second() -> None:
    assert line(INTERVAL) == (
        "   12 s  due 500  sent 498  ok 490  failed 7  in flight 1  waiting 2"
        "  p50 1.2 ms  p99 34.5 ms"
    )


def test_a_second_without_calls_has_no_latency() -> None:
    assert line(Interval(1, 0, 0, 0, 0, 0, 0, nan, nan, nan)).endswith("p50 -  p99 -")


@pytest.mark.slow
def test_a_terminal_has_one_line_that_is_rewritten() -> None:
    master, terminal = pty.openpty()
    with echo() as address:
        command = (sys.executable, "-m", "lab.load", "--url", f"http://{address}/mcp")
        done = subprocess.run(
            (*command, "--steps", "20x2.5"), stdout=subprocess.PIPE, stderr=terminal, check=False
        )
    os.close(terminal)
    shown = os.read(master, 65536).decode()
    os.close(master)

    assert done.returncode in (0, 1)
    first, *rewritten = shown.split("\r\x1b[K")
    assert first.count("\n") == 1
    assert [each.split()[0] for each in rewritten[:2]] == ["1", "2"]
    assert "\n" not in "".join(rewritten).removesuffix("\r\n")
