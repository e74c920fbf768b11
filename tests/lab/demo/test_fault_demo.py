"""Faults on the real pipelines: alerts fire for a reason only, boards show it, nothing is left."""

import re
import signal

import pytest

from lab.faults.catalogue import FAULTS
from lab.faults.setup import possible_faults
from stacks.architectures import ARCHITECTURES
from tests.browser import browser, texts
from tests.lab.demo.boards import missing, opened
from tests.lab.demo.demos import demo

pytestmark = [pytest.mark.slow, pytest.mark.alone]

ALL_SECONDS = 480.0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_alerts_and_boards_show_every_fault(architecture: str) -> None:
    """Exit code 0: all alerts that must fire do, no other, and every query keeps its data."""
    with demo(architecture, "--fault", "all") as running:
        code = running.ended(ALL_SECONDS)
    assert running.left_over() == []
    output = running.output()
    assert code == 0, output
    assert output.count("\nas expected: no other alert fired, and afterwards all ") == output.count(
        "injecting: "
    )
    judged = re.findall(r"^([a-z-]+): ", output, re.MULTILINE)
    assert judged == [each.name for each in possible_faults(ARCHITECTURES[architecture])]


def test_a_fault_lasts_until_ctrl_c_and_alerts_and_boards_show_it() -> None:
    with demo("direct-scrape", "--fault", "server-hangs") as running:
        running.until("Ctrl-C ends")
        running.until("MCPCallsLost of echo-faulty")
        found = re.search(r"Boards +(http://127\.0\.0\.1:\d+/)", running.output())
        assert found, running.output()
        with browser() as driver:
            assert missing(driver, found[1], "direct-scrape", "echo-http") == {}
            opened(driver, f"{found[1]}d/mcp-home?refresh=off")
            assert "MCPCallsLost" in texts(driver, "td")
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
    assert running.left_over() == []
    assert "Traceback" not in running.output()


def test_an_unknown_fault_is_answered_with_those_there_are() -> None:
    with demo("--fault", "gremlins") as running:
        assert running.ended() == 2
    [line] = running.lines
    assert line == f'demo: "gremlins" is not a fault; choose {", ".join(FAULTS)} or all\n'


def test_a_fault_that_an_architecture_cannot_have_is_refused() -> None:
    with demo("hybrid", "--fault", "writes-rejected") as running:
        assert running.ended() == 2
    assert running.lines == [
        'demo: fault "writes-rejected": nothing of hybrid breaks so; choose architecture'
        " otel-remote-write\n"
    ]


def test_a_fault_needs_our_own_servers() -> None:
    with demo("--fault", "tool-errors", "--stdio-command", "cat") as running:
        assert running.ended() == 2
    assert running.lines == ["demo: faults break our own servers; leave --stdio-command out\n"]
