"""The target of a scenario: a URL, a command, or a proxy of the running demo."""

import re

import pytest

from lab.arguments import UsageError
from lab.load.find_target import Found, by_command, by_url, in_demo
from lab.load.scenarios import SCENARIOS
from lab.load.target import SseTarget, StdioTarget, StreamableHttpTarget
from lab.local.running_demo import Demo, DemoServer

STREAMABLE, SSE, STDIO = (SCENARIOS[name] for name in ("streamable-20", "sse-20", "stdio-20"))
HTTP, CHILD = "http://127.0.0.1:1/mcp", "http://127.0.0.1:2/echo/mcp"
DEMO = Demo(
    "http://127.0.0.1:3",
    "http://127.0.0.1:4",
    servers=(DemoServer("echo-http", HTTP, ""), DemoServer("echo-stdio", CHILD, "")),
)
METRICS = "http://127.0.0.1:3/api/v1/otlp/v1/metrics"


def test_a_demo_offers_the_proxy_that_suits_the_scenario() -> None:
    streamable, sse, stdio = (in_demo(None, each, {}, DEMO) for each in (STREAMABLE, SSE, STDIO))

    assert streamable == Found(StreamableHttpTarget(HTTP), "echo-http", METRICS)
    assert sse == Found(SseTarget("http://127.0.0.1:1/sse"), "echo-http", METRICS)
    assert stdio == Found(StreamableHttpTarget(CHILD), "echo-stdio", METRICS)


def test_a_demo_offers_the_proxy_of_a_named_server() -> None:
    headers = {"Authorization": "Bearer x"}

    found = in_demo("echo-stdio", SSE, headers, DEMO)

    assert found.target == SseTarget("http://127.0.0.1:2/echo/sse", headers)


def test_a_demo_without_the_named_server_is_refused() -> None:
    expected = '"x" is not a server of the running demo; choose from echo-http, echo-stdio'
    with pytest.raises(UsageError, match=re.escape(expected)):
        in_demo("x", STREAMABLE, {}, DEMO)


@pytest.mark.parametrize("demo", [None, Demo("http://127.0.0.1:3", "http://127.0.0.1:4")])
def test_without_a_demo_a_target_is_needed(demo: Demo | None) -> None:
    with pytest.raises(UsageError, match=r"start `make demo`, or give --url \(make: URL=\)"):
        in_demo(None, STREAMABLE, {}, demo)


def test_the_url_of_a_demos_proxy_is_known() -> None:
    assert by_url(CHILD, STREAMABLE, {}, DEMO) == Found(
        StreamableHttpTarget(CHILD), "echo-stdio", METRICS
    )


def test_another_url_is_named_by_its_address() -> None:
    found = by_url("https://user:secret@mcp.example.org/x", STREAMABLE, {}, DEMO)

    assert (found.server, found.metrics) == ("mcp.example.org", None)


def test_a_command_is_named_by_its_program() -> None:
    assert by_command(("/bin/cat", "x"), STDIO) == Found(StdioTarget(("/bin/cat", "x")), "cat")
