"""stdio servers as children: all calls answered, every end noticed, no child left."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from lab.load.run import main

pytestmark = pytest.mark.slow

ECHO = (sys.executable, "-m", "lab.echo", "--transport", "stdio")
SHORT = ("--steps", "50x0.4", "--connections", "3")


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """The result of a load test, from its file."""
    assert main([*SHORT, "--out", str(folder), *arguments]) in (0, 1)
    [result] = json.loads((folder / "load.json").read_text())
    return dict(result)


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.mark.parametrize("sessions", ["shared", "unique"])
def test_every_call_is_answered_and_no_child_is_left(sessions: str, tmp_path: Path) -> None:
    before = children()

    result = run(tmp_path, "--sessions", sessions, "--tool", "echo", "--tool", "fail", "--", *ECHO)

    assert (result["test"], result["transport"]) == ("stdio-20", "stdio")
    assert (result["sent"], set(result["outcomes"])) == (20, {"ok", "tool_error"})
    assert children() == before


def test_a_call_that_crashes_its_server_says_so_and_the_next_starts_another(
    tmp_path: Path,
) -> None:
    options = ("--tool", "crash", "--tool", "echo", "--connections", "1")

    result = run(tmp_path, *options, "--", *ECHO)

    assert set(result["outcomes"]) == {"ok", "transport_error"}
    assert result["reasons"] == {
        "the server ended with exit code 3": result["outcomes"]["transport_error"]
    }


def test_an_answer_that_is_not_json_is_a_timeout(tmp_path: Path) -> None:
    options = ("--tool", "garble", "--connections", "20", "--timeout", "1")

    result = run(tmp_path, *options, "--", *ECHO)

    assert result["outcomes"] == {"timeout": 20}


PRINTS_AND_FAILS = "import sys; print('no such file: x.db', file=sys.stderr); sys.exit(7)"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (("absent-program", "x"), "-- absent-program x: no such program; give a command on PATH"),
        ((), "-- : no such program"),
        (("true",), "true: the server ended with exit code 0"),
        (
            (sys.executable, "-c", PRINTS_AND_FAILS),
            "the server ended with exit code 7: no such file: x.db",
        ),
        (("cat",), "cat: no answer within 10 s"),
    ],
)
def test_a_command_that_is_not_an_mcp_server_is_one_line(
    command: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = children()

    assert main([*SHORT, "--", *command]) == 2

    said = capsys.readouterr().err
    assert error in said
    assert said.count("\n") == 1
    assert children() == before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--url", "http://127.0.0.1:1", "--", "cat"), "not both"),
        (("sse-20", "--", "cat"), 'scenario "sse-20" needs a URL'),
    ],
)
def test_a_command_is_for_stdio(
    arguments: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert error in capsys.readouterr().err


STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.argv[1:] = ["--transport", "stdio"]
from lab.echo.__main__ import main
main()
time.sleep(600)
"""
"""A server that ends neither with its input nor by SIGTERM."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_server_survives_the_load_test(number: signal.Signals) -> None:
    command = (sys.executable, "-m", "lab.load", "--steps", "20x600", "--connections", "3")
    process = subprocess.Popen(
        (*command, "--", sys.executable, "-c", STUBBORN),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    next(line for line in process.stderr if b" ok " in line)
    servers = psutil.Process(process.pid).children(recursive=True)
    assert len(servers) == 3

    process.send_signal(number)
    process.communicate(timeout=20)

    assert psutil.wait_procs(servers, timeout=20)[1] == []
