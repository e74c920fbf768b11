"""The gate: which requests come in, by the rules of the specification."""

from dataclasses import replace

import pytest

from proxy.gate import HEADERS_LIMIT, Arrival, Gate, names_loopback

GATE = Gate(path=b"/mcp", body_limit=100, loopback=True, allowed_origins=(), allowed_hosts=())


def arrive(
    *lines: str, gate: Gate = GATE, start: str = "POST /mcp HTTP/1.1", host: str = "localhost:80"
) -> Arrival:
    return gate.arrive("\r\n".join((start, f"Host: {host}", *lines, "", "")).encode())


def status(arrival: Arrival) -> int:
    return 0 if arrival.refusal is None else arrival.refusal.status


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8080", "[::1]:8080", "a.localhost", "127.9.9.9"]
)
def test_a_loopback_address_is_reached_by_its_own_names(host: str) -> None:
    assert status(arrive(host=host)) == 0


@pytest.mark.parametrize(
    "host", ["evil.example", "10.0.0.1", "localhost.evil.example", "", "[::1", "[x]"]
)
def test_another_host_on_a_loopback_address_is_rebinding(host: str) -> None:
    assert status(arrive(host=host)) == 403


def test_a_host_may_be_allowed_by_name() -> None:
    gate = replace(GATE, allowed_hosts=("proxy.example",))
    assert status(arrive(gate=gate, host="proxy.example")) == 0
    assert status(arrive(gate=gate, host="other.example")) == 403
    assert status(arrive(gate=replace(GATE, allowed_hosts=("*",)), host="any")) == 0


@pytest.mark.parametrize(
    ("origin", "loopback", "expected"),
    [
        ("http://localhost:3000", True, 0),
        ("http://[::1]", True, 0),
        ("https://evil.example", True, 403),
        ("null", True, 403),
        ("http://[::1", True, 403),
        ("http://localhost:3000", False, 403),
        ("https://evil.example", False, 403),
        ("https://app.example", False, 0),
        ("https://app.example", True, 0),
    ],
)
def test_an_origin_is_this_machines_or_allowed_by_name(
    origin: str, loopback: bool, expected: int
) -> None:
    gate = replace(GATE, loopback=loopback, allowed_origins=("https://app.example",))
    assert status(arrive(f"Origin: {origin}", gate=gate)) == expected


def test_any_host_may_reach_an_address_that_is_not_loopback() -> None:
    assert status(arrive(gate=replace(GATE, loopback=False), host="mcp.example")) == 0


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("POST /mcp HTTP/1.1", 0),
        ("POST /mcp?a=b HTTP/1.1", 0),
        ("GET /mcp HTTP/1.0", 0),
        ("DELETE /mcp HTTP/1.1", 0),
        ("POST /mcp/ HTTP/1.1", 404),
        ("POST //mcp HTTP/1.1", 404),
        ("POST http://localhost/mcp HTTP/1.1", 404),
        ("OPTIONS /mcp HTTP/1.1", 405),
        ("POST /mcp HTTP/2.0", 505),
    ],
)
def test_the_endpoint_is_one_path_and_three_methods(start: str, expected: int) -> None:
    assert status(arrive(start=start)) == expected


@pytest.mark.parametrize(("length", "expected"), [(100, 0), (101, 413)])
def test_a_body_may_be_so_long(length: int, expected: int) -> None:
    assert status(arrive(f"Content-Length: {length}")) == expected


@pytest.mark.parametrize(("lines", "expected"), [(HEADERS_LIMIT - 1, 0), (HEADERS_LIMIT, 431)])
def test_a_head_may_have_so_many_lines(lines: int, expected: int) -> None:
    assert status(arrive(*["x: y"] * lines)) == expected


def test_an_arrival_says_what_routing_needs() -> None:
    arrival = arrive(
        "Mcp-Session-Id: s",
        "MCP-Protocol-Version: 2025-06-18",
        "Traceparent: 00-1",
        "Tracestate: a=b",
        "Accept: application/json",
        "Accept-Encoding: gzip",
        "Expect: 100-Continue",
        "Content-Length: 5",
        "Authorization: Bearer t",
        start="POST /mcp?q=1 HTTP/1.1",
    )
    assert (arrival.session, arrival.version) == ("s", "2025-06-18")
    assert (arrival.traceparent, arrival.tracestate) == ("00-1", "a=b")
    assert (arrival.query, arrival.length) == (b"q=1", 5)
    assert arrival.expects_continue
    assert not arrival.accepts_events
    assert arrival.context_lines == b"traceparent: 00-1\r\ntracestate: a=b\r\n"
    assert arrival.forward == (
        b"mcp-session-id: s\r\nmcp-protocol-version: 2025-06-18\r\n"
        b"accept: application/json\r\nauthorization: Bearer t\r\n"
    )


@pytest.mark.parametrize(
    ("accept", "accepts"),
    [
        ("Accept: application/json, text/event-stream", True),
        ("Accept: */*", True),
        ("Accept: text/*", True),
        ("X: y", True),
        ("Accept: application/json", False),
    ],
)
def test_whether_a_client_takes_events(accept: str, accepts: bool) -> None:
    assert arrive(accept).accepts_events is accepts


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("LOCALHOST", False), ("localhost", True), ("::1", True), (None, False), ("0.0.0.0", False)],
)
def test_what_names_the_loopback(host: str | None, loopback: bool) -> None:
    assert names_loopback(host) is loopback
