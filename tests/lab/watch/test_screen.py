"""A demo and `make watch` in a real terminal, and without one."""

import json
import re
import sys
from pathlib import Path

import pytest

from lab.load.client import GOOD, Client
from tests.lab.demo.demos import Demo, demo, watch
from tests.lab.terminal import terminal

pytestmark = pytest.mark.slow

BANNER = "Ctrl-C ends everything"
SHOW_CURSOR, HIDE_CURSOR, OTHER_SCREEN = "\x1b[?25h", "\x1b[?25l", "\x1b[?1049h"
OWN = "own"


def shows_figures(running: Demo) -> None:
    """Wait until everything has been drawn."""
    for each in ("Parts: 7 of 7 ready", "tool_error", "agent: tools/call", "none fires"):
        running.until(each)
    row = r"echo-stdio +[\d.]+ req/s +[\d.]+% +[\d.]+ m?s +[\d.]+ m?s +-?[\d.]+% +-?[\d.]+%"

    def shows_row() -> bool:
        return bool(re.search(row, re.sub(r"\x1b\[[\d;]*m", "", running.output())))

    running.until_printed(shows_row, row)


def test_a_demo_and_a_second_terminal_show_it_until_a_part_dies(tmp_path: Path) -> None:
    """One demo for all of it: to prove its numbers takes far longer than what is asked after."""
    with terminal(80, 24) as first, demo(terminal=first) as running:
        running.until(BANNER)
        with (
            terminal(120, 40) as second,
            watch(running, tmp_path, terminal=second) as watching,
            watch(running, tmp_path) as lines,
            watch(running, tmp_path) as killed,
        ):
            killed.until("alerts: none")
            killed.process.kill()
            shows_figures(running)
            shows_figures(watching)
            stopped = running.part("otelcol")
            stopped.suspend()
            for each in (running, watching):
                each.until("✗ collector")
                each.until("no answer within 2 s")
            lines.until("; collector: no answer within 2 s;")
            stopped.resume()
            first.resize(60, 20)
            running.until(BANNER, times=2)
            stopped.kill()
            assert running.ended() == 1
            for each in (watching, lines):
                assert each.ended() == 1
                assert "the demo has failed: collector was ended by SIGKILL; " in each.output()
    assert "collector was ended by SIGKILL; the end of " in running.output()
    assert OTHER_SCREEN not in running.output()
    assert "\x1b" not in lines.output()
    for each in (running, watching, lines, killed):
        assert "Traceback" not in each.output()


@pytest.fixture
def own_server(tmp_path: Path) -> tuple[str, ...]:
    """Options for a demo with a server of the user's, which is up at once."""
    server = {"command": sys.executable, "args": ["-m", "lab.echo", "--transport", "stdio"]}
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {OWN: server}}))
    return ("--servers", str(path), "--echo", "off")


def test_ctrl_c_leaves_a_small_terminal_without_colours_or_utf_8_as_it_was(
    own_server: tuple[str, ...],
) -> None:
    plain = {"NO_COLOR": "1", "PYTHONIOENCODING": "latin-1"}
    with terminal(50, 12) as small, demo(*own_server, terminal=small, **plain) as running:
        before = small.attributes()
        running.until("Parts: 5 of 5 ready ---")
        small.press("\x03")
        assert running.ended() == 0, running.output()
        assert small.attributes() == before
    output = running.output()
    assert output.rindex(SHOW_CURSOR) > output.rindex(HIDE_CURSOR)
    assert not re.search(r"\x1b\[[\d;]*[34][0-8]", output)  # a colour (ECMA-48, SGR)
    assert "\ufffd" not in output


def test_lines_are_all_there_is_in_a_terminal_too_if_that_is_asked_for(
    own_server: tuple[str, ...], tmp_path: Path
) -> None:
    with terminal(80, 24) as first, demo(*own_server, "--plain", terminal=first) as running:
        running.until(BANNER)
        with (
            terminal(80, 24) as second,
            watch(running, tmp_path, "--plain", terminal=second) as watching,
        ):
            watching.until("alerts: none")
        first.press("\x03")
        assert running.ended() == 0
    assert "\x1b" not in running.output() + watching.output()
    assert "Parts:" not in running.output() + watching.output()


def test_a_killed_demo_leaves_a_usable_terminal_and_no_process(
    own_server: tuple[str, ...], tmp_path: Path
) -> None:
    with terminal(80, 24) as first, demo(*own_server, terminal=first) as running:
        running.until("Parts: 5 of 5 ready")
        url = re.search(r'"url": "(http:[^"]+)"', running.output())
        assert url, running.output()
        with watch(running, tmp_path) as watching, Client(url[1]) as client:
            client.call(GOOD)
            watching.until("alerts: none")
            running.echo("stdio")  # the session's process
            running.process.kill()
            running.await_nothing_left()
            assert watching.ended() == 0
    assert running.output().rindex(SHOW_CURSOR) > running.output().rindex(HIDE_CURSOR)
    assert watching.lines[-1] == "the demo has ended\n"
