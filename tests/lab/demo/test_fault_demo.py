"""Faults on the real pipelines: alerts fire for a reason only, boards show it, nothing is left."""

import os
import re
import signal
from pathlib import Path

import pytest

from lab.binaries.catalogue import DEMO_TOOLS
from lab.binaries.find import ensure
from lab.fault import run as fault
from lab.faults import place
from lab.faults.catalogue import FAULTS
from lab.faults.changes import FAULTS_FILE
from lab.faults.fault import Target
from lab.faults.injector import Injector
from lab.faults.setup import possible_faults, run_fault_tests, set_up
from lab.load.client import GOOD, Client
from lab.local.processes import Processes
from stacks.architectures import ARCHITECTURES
from tests.browser import browser, texts
from tests.lab.demo.boards import missing, opened
from tests.lab.demo.demos import announced, demo

pytestmark = [pytest.mark.slow, pytest.mark.alone]

ALL_SECONDS = 480.0

WHOLE = ("otel-scrape", "direct-scrape")
"""The two ways in which the series of proxies, and so what befalls a server, reach Prometheus."""
OTHERS = [each for each in ARCHITECTURES if each not in WHOLE]


@pytest.mark.parametrize("architecture", WHOLE)
def test_alerts_and_boards_show_every_fault(architecture: str) -> None:
    """Exit code 0: all alerts that must fire do, no other, and every query keeps its data."""
    with demo(architecture, "--fault", "all") as running:
        code = running.ended(ALL_SECONDS)
    output = running.output()
    assert code == 0, output
    assert output.count("\nas expected: no other alert fired, and afterwards all ") == output.count(
        "injecting: "
    )
    judged = re.findall(r"^([a-z-]+): ", output, re.MULTILINE)
    expected = [each.name for each in possible_faults(ARCHITECTURES[architecture])]
    assert sorted(judged) == sorted(expected)


@pytest.mark.parametrize("architecture", OTHERS)
def test_alerts_and_boards_show_the_faults_of_proxies_and_of_the_pipeline(
    architecture: str, tmp_path: Path
) -> None:
    chosen = ARCHITECTURES[architecture]
    faults = [
        each for each in possible_faults(chosen) if each.target in (Target.PIPELINE, Target.PROXY)
    ]
    binaries = ensure(DEMO_TOOLS, environ=os.environ)
    with Processes(tmp_path) as processes:
        pipeline = set_up(chosen, faults, processes, binaries, folder=tmp_path)
        injector = Injector(pipeline, tmp_path / FAULTS_FILE)
        for result in run_fault_tests(pipeline, injector, faults, print):
            assert result.passed, str(result)


def test_a_fault_lasts_until_reset_and_alerts_and_boards_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with demo("direct-scrape", "--fault", "server-hangs") as running:
        running.until("Ctrl-C ends")
        running.until("MCPCallsLost of echo-faulty")
        found = re.search(r"Boards +(http://127\.0\.0\.1:\d+/)", running.output())
        assert found, running.output()
        with browser() as driver:
            assert missing(driver, found[1], "direct-scrape", "echo-http") == {}
            opened(driver, f"{found[1]}d/mcp-home?refresh=off")
            assert "MCPCallsLost" in texts(driver, "td")
        monkeypatch.setattr(place, "running_demo", lambda: announced(running, tmp_path))
        assert fault.main(("reset",)) == 0
        assert capsys.readouterr().out == "ended: server-hangs on echo-faulty\n"
        [faulty] = [each.mcp for each in place.demo_place().servers if each.name == "echo-faulty"]
        with Client(faulty) as client:
            client.call(GOOD)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
    assert "Traceback" not in running.output()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("--fault", "gremlins"),
            f'"gremlins" is not a fault; choose from {", ".join(FAULTS)}, all',
        ),
        (
            ("hybrid", "--fault", "writes-rejected"),
            'fault "writes-rejected": nothing of hybrid breaks so; choose architecture'
            " otel-remote-write",
        ),
        (
            ("--fault", "tool-errors", "--stdio-command", "cat"),
            "faults break our own servers; leave --stdio-command out",
        ),
        (
            ("--fault", "hang", "--once"),
            "--once (make: ONCE=1): leave it out, as no alert has to fire for hang",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused(words: tuple[str, ...], line: str) -> None:
    with demo(*words) as running:
        assert running.ended() == 2
    assert running.lines == [f"demo: {line}\n"]
