"""Faults in a running demo: each shows in the metrics that it should, and reset ends it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from dashboards.annotations import INJECTED
from dashboards.queries import concrete
from lab.fault import run as fault
from lab.faults import place
from lab.faults.fault import COLLECTOR, JAEGER, PARTS, PROMETHEUS
from lab.prometheus_api import Prometheus, Unreachable
from tests.lab.demo.demos import Demo, announced, demo
from tests.waiting import until

pytestmark = pytest.mark.slow

SECONDS = 60.0
HTTP, STDIO = "echo-http", "echo-stdio"

Switch = Callable[..., str]
"""Runs `lab.fault` with these words; returns what it prints."""


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    with demo() as started:
        started.until("checking every query")
        started.until("Ctrl-C ends")
        yield started


@pytest.fixture
def prometheus(running: Demo) -> Prometheus:
    calls = re.search(r"^Calls +(http://127\.0\.0\.1:\d+)/", running.output(), re.MULTILINE)
    assert calls, running.output()
    return Prometheus(calls[1])


@pytest.fixture
def switch(
    running: Demo,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Switch]:
    """The command for this demo, since others may run at the same time; it resets everything."""
    monkeypatch.setattr(place, "running_demo", lambda: announced(running, tmp_path))

    def ran(*words: str) -> str:
        assert fault.main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out.rstrip("\n")

    yield ran
    ran("reset")


def has(prometheus: Prometheus, expr: str) -> bool:
    """Whether a comparison holds for something, where Prometheus answers at all."""
    try:
        return bool(prometheus.query(expr))
    except Unreachable:
        return False


def holds(prometheus: Prometheus, expr: str) -> None:
    until(lambda: has(prometheus, expr), seconds=SECONDS, what=expr, every=0.5)


def calls(server: str, outcome: str = ".+", window: str = "5s") -> str:
    chosen = f'server="{server}",mcp_method="tools/call",outcome=~"{outcome}"'
    return f"sum(rate(mcp_proxy_outcomes_total{{{chosen}}}[{window}]))"


def share(server: str, outcome: str) -> str:
    return f"{calls(server, outcome)} / {calls(server)}"


def healthy(server: str) -> str:
    """Calls succeed, but for the few that fail on purpose."""
    return f"({calls(server, 'ok')} > 1) and ({share(server, 'ok')} > 0.9)"


def quantile(server: str) -> str:
    duration = f'toolhive_mcp_request_duration_seconds_bucket{{server="{server}"}}'
    return f"histogram_quantile(0.9, sum by (le) (rate({duration}[5s])))"


def largest(server: str) -> str:
    size = f'mcp_proxy_response_size_bytes_bucket{{server="{server}"}}'
    return f"histogram_quantile(1, sum by (le) (rate({size}[5s])))"


def wasted(server: str, reason: str) -> str:
    chosen = f'server="{server}",reason="{reason}"'
    return f"sum(rate(mcp_proxy_wasted_requests_total{{{chosen}}}[5s]))"


@pytest.mark.parametrize(
    ("words", "server", "shown"),
    [
        ("tool-errors --level 60%", HTTP, f"{share(HTTP, 'tool_error')} > 0.3"),
        ("protocol-errors --level 60%", STDIO, f"{share(STDIO, 'protocol_error')} > 0.3"),
        ("latency --level 700ms", HTTP, f"{quantile(HTTP)} > 0.5"),
        ("hang", STDIO, f"{calls(STDIO, 'timeout', '10s')} > 0"),
        ("malformed-frame", HTTP, f"{share(HTTP, 'transport_error')} > 0.2"),
        ("oversize-answer", STDIO, f"{calls(STDIO, 'transport_error')} > 0"),
        ("oversize-answer", HTTP, f"{largest(HTTP)} > 1e7"),
        ("list-changed-storm", HTTP, f"{wasted(HTTP, 'unchanged_list')} > 10"),
        ("label-bomb", STDIO, f'mcp_proxy_tools_listed{{server="{STDIO}"}} > 1000'),
        ("session-expiry-storm", HTTP, f"{calls(HTTP, 'transport_error')} > 0"),
        ("stream-cut", HTTP, f"{share(HTTP, 'transport_error')} > 0.2"),
        ("crash --level 2s", HTTP, f"{calls(HTTP, 'transport_error')} > 0"),
        ("crash --level 2s", STDIO, "increase(mcp_proxy_upstream_killed_total[5s]) > 0"),
    ],
)
def test_a_fault_of_a_server_shows_in_its_metrics_until_reset(
    prometheus: Prometheus, switch: Switch, words: str, server: str, shown: str
) -> None:
    holds(prometheus, healthy(server))
    name = switch(*words.split(), "--server", server).split()[1]
    holds(prometheus, shown)
    holds(prometheus, f'mcp_lab_fault{{fault="{name}",server="{server}"}} == 1')
    holds(prometheus, concrete(str(INJECTED.expr), window="5s"))
    other = STDIO if server == HTTP else HTTP
    holds(prometheus, healthy(other))
    assert f"{name} " in switch("reset")
    holds(prometheus, f"({healthy(server)}) unless ({shown})")
    holds(prometheus, f'mcp_lab_fault{{fault="{name}",server="{server}"}} == 0')


LATE_SECONDS = 1.0
"""For a part to answer that answers 3 s late."""


def state(url: str, seconds: float = SECONDS) -> str:
    """What a request comes to: "up", "refuses", "gone" or, after so many seconds, "late"."""
    try:
        return "up" if requests.get(url, timeout=seconds).ok else "refuses"
    except requests.Timeout:
        return "late"
    except requests.ConnectionError:
        return "gone"


@pytest.mark.parametrize(("kind", "shown"), [("stopped", "gone"), ("refusing", "refuses")])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_pipeline_is_away_until_reset_returns(
    running: Demo,
    prometheus: Prometheus,
    switch: Switch,
    tmp_path: Path,
    part: str,
    kind: str,
    shown: str,
) -> None:
    url = url_of(running, tmp_path, part)
    switch(f"{part}-{kind}")
    until(lambda: state(url) == shown, seconds=SECONDS, what=shown)
    assert switch("reset") == f"ended: {part}-{kind}"
    assert state(url) == "up"
    # An outage of Prometheus is marked once it is back.
    holds(prometheus, f'max_over_time(mcp_lab_fault{{fault="{part}-{kind}"}}[1m]) == 1')
    holds(prometheus, f'mcp_lab_fault{{fault="{part}-{kind}"}} == 0')


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_pipeline_answers_late_until_reset_returns(
    running: Demo, switch: Switch, tmp_path: Path, part: str
) -> None:
    url = url_of(running, tmp_path, part)
    switch(f"{part}-slow", "--level", "3s")

    def becomes(shown: str) -> None:
        until(lambda: state(url, LATE_SECONDS) == shown, seconds=SECONDS, what=shown)

    for shown in ("late", "up", "late"):
        becomes(shown)
    switch("reset")
    becomes("up")


def url_of(running: Demo, folder: Path, part: str) -> str:
    """Where a part of the demo's pipeline shows that it is up."""
    there = announced(running, folder)
    assert there
    urls = {
        COLLECTOR: there.collector,
        PROMETHEUS: f"{there.prometheus}/-/ready",
        JAEGER: f"{there.jaeger}/api/services",
    }
    return urls[part]


def test_a_fault_ends_by_itself(prometheus: Prometheus, switch: Switch) -> None:
    holds(prometheus, healthy(HTTP))
    switch("tool-errors", "--server", HTTP, "--level", "100%", "--seconds", "5")
    # It may be over before a busy machine looks at it.
    holds(prometheus, f"max_over_time(({share(HTTP, 'tool_error')})[1m:1s]) > 0.9")
    holds(prometheus, healthy(HTTP))
    assert switch("status") == "no fault is on"


def test_a_killed_demo_leaves_no_paused_part_and_no_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with demo() as running:
        running.until("Ctrl-C ends")
        monkeypatch.setattr(place, "running_demo", lambda: announced(running, tmp_path))
        for each in (("collector-slow", "--level", "60s"), ("jaeger-refusing",)):
            assert fault.main(each) == 0
        collector = running.part("otelcol")
        until(lambda: collector.status() == "stopped", seconds=SECONDS, what="a pause")
        until(lambda: refusing(running), seconds=SECONDS, what="a stand-in")
        running.process.kill()
        running.await_nothing_left()


def refusing(running: Demo) -> bool:
    """Whether a stand-in for a part of the pipeline runs."""
    return any("lab.faults.refuse" in each.cmdline() for each in running.left_over())
