"""`make demo SERVERS=mcp.json`: the user's own servers are on the boards, beside echo or alone."""

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.fault import run as fault
from lab.faults import place
from lab.jaeger_api import Jaeger
from lab.load.client import GOOD, Client, LoadFailed
from lab.prometheus_api import Prometheus
from proxy.telemetry.catalogue import OUTCOMES, UPSTREAM_KILLED
from tests.lab.demo.demos import DEADLINE_SECONDS, Demo, announced, demo
from tests.waiting import until

pytestmark = pytest.mark.slow

ECHO = {"command": sys.executable, "args": ["-m", "lab.echo", "--transport", "stdio"]}
BROKEN = {"command": sys.executable, "args": ["-c", "raise SystemExit('no key')"]}
OWN = "My Server/1"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A server that works, one that cannot be reached, and one whose command fails."""
    path = tmp_path / "mcp.json"
    servers = {OWN: ECHO, "remote": {"url": "http://127.0.0.1:1/mcp"}, "broken": BROKEN}
    path.write_text(f'{{ // as editors write it\n "mcpServers": {json.dumps(servers)}, }}')
    return str(path)


def client_configuration(running: Demo) -> dict[str, Any]:
    """What the demo prints for a client's mcp.json."""
    text = running.output().partition("instead of these servers:\n")[2]
    servers: dict[str, Any] = json.JSONDecoder().raw_decode(text)[0]["mcpServers"]
    return servers


def address(running: Demo, name: str) -> str:
    found = re.search(rf"^{name} +(http://[\d.:]+)", running.output(), re.MULTILINE)
    assert found, running.output()
    return found[1]


def call_and_find(running: Demo) -> None:
    """A call by the printed configuration is counted and traced under the server's own name."""
    with Client(client_configuration(running)[OWN]["url"]) as client:
        client.call(GOOD)
    prometheus = Prometheus(address(running, "Calls"))
    query = f'{OUTCOMES.series}{{server="{OWN}",mcp_method="tools/call",outcome="ok"}}'

    def counted() -> bool:
        return [each.value for each in prometheus.query(query)] == [1]

    until(counted, seconds=DEADLINE_SECONDS, what="the call in Prometheus")
    jaeger = Jaeger(address(running, "Traces"))
    until(lambda: jaeger.spans(OWN, 10), seconds=DEADLINE_SECONDS, what="the call in Jaeger")


def test_own_servers_run_beside_the_echo_servers_whose_numbers_still_agree(config: str) -> None:
    with demo("direct-scrape", "--servers", config) as running:
        running.until("Ctrl-C ends everything")
        assert "no data" not in running.output()
        assert client_configuration(running).keys() == {OWN, "remote", "broken"}
        exited = "the server's process ended with exit code 1"
        running.until(f"broken does not work: {exited}; its stderr: no key")
        running.until("remote does not work: ")
        call_and_find(running)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()


def fails(client: Client) -> bool:
    try:
        client.call(GOOD)
    except LoadFailed:
        return True
    return False


def switch(*words: str) -> None:
    """Run `lab.fault`."""
    assert fault.main(words) == 0


def fails_and_crashes(running: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """The proxy injects the faults of a stdio server, by default of the first, until reset."""
    url = client_configuration(running)[OWN]["url"]
    prometheus = Prometheus(address(running, "Calls"))

    def shown(series: str, label: str) -> None:
        query = f'{series}{{server="{OWN}",{label}}} > 0'
        until(lambda: prometheus.query(query), seconds=DEADLINE_SECONDS, what=query)

    with Client(url) as client:
        switch("tool-errors", "--level", "100%")
        assert fails(client)
        shown(OUTCOMES.series, 'outcome="tool_error"')
        assert fault.main(("stream-cut", "--server", OWN)) == 2
        refusal = capsys.readouterr().err
        assert refusal.count("\n") == 1
        assert refusal.endswith("stream-cut is for HTTP servers: remote\n")
        switch("reset")
        assert not fails(client)
        switch("crash", "--server", OWN)
        until(lambda: fails(client), seconds=DEADLINE_SECONDS, what="a crash")
        shown(UPSTREAM_KILLED.series, 'signal="SIGKILL"')
    switch("reset")
    with Client(url) as client:
        assert not fails(client)


def test_own_servers_run_instead_of_the_echo_servers_and_have_faults(
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with demo("--servers", config, "--echo", "off") as running:
        running.until("Ctrl-C ends everything")
        assert "echo-http" not in running.output()
        call_and_find(running)
        monkeypatch.setattr(place, "running_demo", lambda: announced(running, tmp_path))
        fails_and_crashes(running, capsys)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
