"""A short comparison on the real binaries."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest

from lab.compare.hops import Hop
from lab.compare.run import main
from tests.waiting import until

pytestmark = pytest.mark.slow

SHORT = ("--calls", "400", "--seconds", "4", "--architecture", "otel-scrape,otel-remote-write")
MARK = "MCP_LAB_TEST_RUN"


def test_scraping_leaves_the_gap_of_an_outage_and_remote_write_fills_it(tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    outputs = ("--out", str(tmp_path / "out"), "--write", str(written))

    assert main([*SHORT, "--outage", "none,prometheus", *outputs]) == 0

    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    calm, also, scraped, pushed = found["measurements"]
    for each in (calm, also, scraped, pushed):
        assert each["calls"] == each["answered"] == 400
        assert each["lost"] == each["doubled"] == each["spans_lost"] == 0
    assert scraped["gap"] > scraped["down"] >= 4
    assert pushed["gap"] < pushed["down"]
    assert 0 < calm["metric"]["p50"] < scraped["metric"]["longest"]
    assert calm["trace"]["p50"] > 0
    assert {"proxy", "collector", "prometheus", "jaeger"} == set(calm["cpu_seconds"])
    assert all(each["wire_bytes"][Hop.SPANS] > 400 * 100 for each in (calm, also))
    assert calm["wire_bytes"][Hop.COLLECTOR_SCRAPE] > 0 == calm["wire_bytes"][Hop.REMOTE_WRITE]
    assert also["wire_bytes"][Hop.REMOTE_WRITE] > 0 == also["wire_bytes"][Hop.COLLECTOR_SCRAPE]
    assert "a gap of" in written.read_text()


def marked(mark: str) -> list[psutil.Process]:
    """Every process with the mark in its environment."""

    def is_marked(process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == mark
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False

    return [each for each in psutil.process_iter() if is_marked(each)]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_ended_during_the_calls_it_leaves_no_process(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    mark = uuid.uuid4().hex
    command = (sys.executable, "-m", "lab.compare", *SHORT, "--outage", "prometheus")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stderr=log, env={**os.environ, MARK: mark}, start_new_session=True
        )
    try:
        until(
            lambda: "Prometheus is stopped" in (tmp_path / "log").read_text(),
            seconds=60,
            what="the outage",
        )
        process.send_signal(number)
        assert process.wait(30) == code
        until(lambda: not marked(mark), seconds=20, what="no process is left")
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in (tmp_path / "log").read_text()
