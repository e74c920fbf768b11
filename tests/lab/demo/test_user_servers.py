"""`make demo SERVERS=mcp.json`: the user's own servers are on the boards, beside echo or alone."""

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.jaeger_api import Jaeger
from lab.load.client import GOOD, Client
from lab.prometheus_api import Prometheus
from proxy.telemetry.catalogue import OUTCOMES
from tests.lab.demo.demos import DEADLINE_SECONDS, Demo, demo
from tests.waiting import until

pytestmark = pytest.mark.slow

ECHO = {"command": sys.executable, "args": ["-m", "lab.echo", "--transport", "stdio"]}
OWN = "My Server/1"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A server that works, and one that cannot be reached."""
    path = tmp_path / "mcp.json"
    servers = {OWN: ECHO, "remote": {"url": "http://127.0.0.1:1/mcp"}}
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


@pytest.mark.parametrize("architecture", ["otel-scrape", "direct-scrape"])
def test_own_servers_run_beside_the_echo_servers_whose_numbers_still_agree(
    config: str, architecture: str
) -> None:
    with demo(architecture, "--servers", config) as running:
        running.until("Ctrl-C ends everything")
        assert "no data" not in running.output()
        assert client_configuration(running).keys() == {OWN, "remote"}
        call_and_find(running)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
    assert running.left_over() == []


def test_own_servers_run_instead_of_the_echo_servers(config: str) -> None:
    with demo("--servers", config, "--echo", "off") as running:
        running.until("Ctrl-C ends everything")
        assert "echo-http" not in running.output()
        call_and_find(running)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0, running.output()
    assert running.left_over() == []
