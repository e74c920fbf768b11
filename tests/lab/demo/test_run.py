"""`make demo` on the real binaries: its numbers, and its manners when something is wrong."""

import re
import socket
from collections.abc import Iterable
from pathlib import Path

import pytest

from lab.jaeger_api import Span
from lab.verify.result import MIB, report
from stacks.architectures import ARCHITECTURES
from tests.lab.demo.demos import demo
from tests.recorded import recorded

pytestmark = pytest.mark.slow

SECONDS, MEBIBYTES = 60, 1536
"""What issue and README promise of `make demo ONCE=1`."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_call_is_counted_and_traced_and_every_query_has_data(architecture: str) -> None:
    result = recorded(architecture).result
    assert result.passed, report(result)
    assert [each.sent for each in result.reconciliation.outcomes] == [85, 10, 5] * 2
    assert result.peak_bytes < MEBIBYTES * MIB


@pytest.mark.parametrize("server", ["echo-http", "echo-stdio"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_one_trace_leads_from_the_agent_through_the_proxy_to_the_server(
    architecture: str, server: str
) -> None:
    assert chain(recorded(architecture).traces[server]) == [
        ("agent", "client"),
        (server, "server"),
        (server, "client"),
        ("echo", "server"),
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_failed_call_is_logged_with_its_trace(architecture: str) -> None:
    outcomes = recorded(architecture).result.reconciliation.outcomes
    assert [each.logged for each in outcomes] == [None, 10, 5] * 2


@pytest.mark.parametrize("uid", ["mcp-server", "mcp-tools", "mcp-clients"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_boards_find_the_log_lines_of_failed_calls(architecture: str, uid: str) -> None:
    records = recorded(architecture).logs[uid]
    assert {each["server"] for each in records} == {"echo-http", "echo-stdio"}
    assert all(len(each["trace_id"]) == 32 for each in records)
    assert all(each["k8s.namespace.name"] == "mcp-servers" for each in records)
    lines = {each["_msg"] for each in records}
    assert any(line.startswith("tools/call fail: tool_error (server) ") for line in lines), lines


def chain(spans: Iterable[Span]) -> list[tuple[str, str]]:
    """Service and kind of the spans of a trace, each the parent of the next, from the root on."""
    children = {each.parent_id: each for each in spans}
    links, parent = [], ""
    while parent in children:
        span = children.pop(parent)
        links.append((span.service, span.tags["span.kind"]))
        parent = span.span_id
    assert not children, f"not in one chain: {children}"
    return links


@pytest.mark.alone
def test_once_ends_within_a_minute_with_the_table_and_0() -> None:
    with demo("--once") as running:
        assert running.ended() == 0, running.output()
    [seconds] = re.findall(r"^([\d.]+) s to the last count", running.output(), re.MULTILINE)
    assert float(seconds) < SECONDS
    rows = re.findall(r"^echo-\w+ .*$", running.output(), re.MULTILINE)
    assert [row.split() for row in rows] == [
        [server, outcome, number, number, number]
        for server in ("echo-http", "echo-stdio")
        for outcome, number in (("ok", "85"), ("tool_error", "10"), ("protocol_error", "5"))
    ]


def complaint(*arguments: str, **variables: str) -> str:
    """The one line of a demo that ends with 2."""
    with demo(*arguments, terminal=None, **variables) as running:
        assert running.ended() == 2
    [line] = running.lines
    return line.rstrip("\n")


def test_leaving_the_echo_servers_out_needs_other_servers() -> None:
    assert complaint("--echo", "off") == (
        "demo: --echo (make: ECHO=) off: no server is left;"
        " give your own with --servers (make: SERVERS=)"
    )


def test_an_unknown_architecture_is_answered_with_the_four() -> None:
    assert complaint("otel-push") == (
        'demo: "otel-push" is not an architecture; did you mean otel-scrape? choose'
        " otel-scrape, otel-remote-write, direct-scrape, hybrid or all"
    )


@pytest.mark.parametrize("option", ["--prometheus-port", "--jaeger-port"])
def test_a_busy_port_asked_for_by_name_is_refused(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert complaint(option, str(port)) == (
            f"demo: {option} {port}: Address already in use; leave it out for a free port"
        )


@pytest.mark.parametrize("port", ["http", "0", "70000"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert f"--prometheus-port: {port!r} is not a number from 1 to 65535" in complaint(
        "--prometheus-port", port
    )


def test_a_tool_that_cannot_be_had_is_named_with_what_to_install(tmp_path: Path) -> None:
    line = complaint(PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
    assert line.startswith(
        "demo: collector, prometheus, jaeger: not on TOOLS_DIR or PATH or in the cache"
    )
    assert "install Go" in line


def test_a_server_command_that_does_not_exist_is_refused() -> None:
    assert complaint("--stdio-command", "no-such-server --flag") == (
        "demo: --stdio-command 'no-such-server --flag': no such program; give a command on PATH"
    )


def test_a_server_that_does_not_stay_fails_by_name() -> None:
    with demo("--once", "--stdio-command", "false") as running:
        assert running.ended() == 1
    assert re.search("^proxy-echo-stdio is not ready", running.output(), re.MULTILINE)
    assert "Traceback" not in running.output()
