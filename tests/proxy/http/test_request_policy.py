"""The request policy: which requests come in, by the rules of the specification."""

from dataclasses import replace

import pytest

from proxy.errors import MalformedHead
from proxy.http.allowed_hosts import AllowList, host, origin
from proxy.http.bearer import StaticTokens
from proxy.http.request_policy import (
    HEADERS_LIMIT,
    OPEN_STREAM,
    POST_MESSAGE,
    RequestInfo,
    RequestPolicy,
)
from proxy.http.resource_metadata import Metadata

GATE = RequestPolicy(path=b"/mcp", body_limit=100, loopback=True)
APP = AllowList((origin("https://app.example"),))


def arrive(
    *lines: str,
    gate: RequestPolicy = GATE,
    start: str = "POST /mcp HTTP/1.1",
    host: str = "localhost:80",
) -> RequestInfo:
    return gate.evaluate("\r\n".join((start, f"Host: {host}", *lines, "", "")).encode())


def status(info: RequestInfo) -> int:
    return 0 if info.rejection is None else info.rejection.status


@pytest.mark.parametrize(
    "named", ["localhost", "LOCALHOST.:80", "127.0.0.1:8080", "[::1]:8080", "10.0.0.1"]
)
def test_a_loopback_address_is_reached_by_its_own_names_and_by_addresses(named: str) -> None:
    assert status(arrive(host=named)) == 0


@pytest.mark.parametrize("named", ["evil.example", "proxy", "db.internal", "", "[::1", "[x]"])
def test_another_host_on_a_loopback_address_is_rebinding(named: str) -> None:
    assert status(arrive(host=named)) == 403


def test_a_host_may_be_allowed_by_name() -> None:
    gate = replace(GATE, allowed_hosts=AllowList((host("proxy.example"),)))
    assert status(arrive(gate=gate, host="proxy.example:8080")) == 0
    assert status(arrive(gate=gate, host="other.example")) == 403
    assert status(arrive(gate=replace(GATE, allowed_hosts=AllowList(any=True)), host="any")) == 0


@pytest.mark.parametrize(
    ("given", "loopback", "expected"),
    [
        ("http://localhost:3000", True, 0),
        ("http://[::1]", True, 0),
        ("https://evil.example", True, 403),
        ("null", True, 403),
        ("http://[::1", True, 403),
        ("http://localhost:3000", False, 403),
        ("https://evil.example", False, 403),
        ("https://app.example", False, 0),
        ("HTTPS://App.Example.:443", True, 0),
        ("http://app.example", False, 403),
    ],
)
def test_an_origin_is_this_machines_or_allowed_by_name(
    given: str, loopback: bool, expected: int
) -> None:
    gate = replace(GATE, loopback=loopback, allowed_origins=APP)
    info = arrive(f"Origin: {given}", gate=gate)
    assert status(info) == expected
    assert (b"access-control-allow-origin: " in info.cors) is not bool(expected)


def test_a_page_of_an_allowed_origin_may_read_the_answer_and_the_session() -> None:
    assert arrive("Origin: http://localhost:3000").cors == (
        b"access-control-allow-origin: http://localhost:3000\r\n"
        b"access-control-expose-headers: mcp-session-id, mcp-protocol-version, www-authenticate\r\n"
        b"vary: origin\r\n"
    )
    anyone = replace(GATE, allowed_origins=AllowList(any=True))
    assert b"access-control-allow-origin: *\r\n" in arrive("Origin: https://x", gate=anyone).cors
    assert arrive().cors == b""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/mcp", b"POST, GET, DELETE"),
        ("/mcp/?a=b", b"POST, GET, DELETE"),
        ("/sse", b"GET, POST, DELETE"),
        ("/messages", b"POST"),
        ("/where", b"GET, HEAD"),
    ],
)
def test_a_preflight_response_lists_what_a_page_may_send(path: str, allowed: bytes) -> None:
    metadata = Metadata("", frozenset((b"/where",)), b"{}")
    gate = replace(GATE, allowed_origins=APP, metadata=metadata, access=StaticTokens((b"secret",)))
    info = arrive(
        "Origin: https://app.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization, content-type",
        "Access-Control-Request-Headers: mcp-session-id",
        gate=gate,
        start=f"OPTIONS {path} HTTP/1.1",
    )
    assert info.rejection is None
    assert info.static_response is not None
    assert (info.static_response.status, info.static_response.body) == (204, b"")
    assert dict(info.static_response.headers) == {
        b"allow": allowed,
        b"access-control-allow-methods": allowed,
        b"access-control-allow-headers": b"authorization, content-type, mcp-session-id",
        b"access-control-max-age": b"7200",
    }


def test_a_browser_that_asks_for_a_strangers_page_is_refused() -> None:
    line = "Access-Control-Request-Method: POST"
    strange = arrive("Origin: https://evil.example", line, start="OPTIONS /mcp HTTP/1.1")
    assert (status(strange), strange.cors) == (403, b"")
    assert status(arrive(line, start="OPTIONS /x HTTP/1.1")) == 404


@pytest.mark.parametrize(
    ("start", "errand", "expected"),
    [
        ("POST /mcp HTTP/1.1", "POST", 0),
        ("DELETE /mcp HTTP/1.1", "DELETE", 0),
        ("GET /sse HTTP/1.1", OPEN_STREAM, 0),
        ("GET /sse?key=1 HTTP/1.1", OPEN_STREAM, 0),
        ("POST /messages?session_id=1 HTTP/1.1", POST_MESSAGE, 0),
        ("PUT /sse HTTP/1.1", "", 405),
        ("GET /messages HTTP/1.1", "", 405),
        ("GET /sse/ HTTP/1.1", OPEN_STREAM, 0),
        ("POST /messages/?session_id=1 HTTP/1.1", POST_MESSAGE, 0),
        ("GET /sse// HTTP/1.1", "", 404),
    ],
)
def test_each_path_has_its_errands(start: str, errand: str, expected: int) -> None:
    info = arrive(start=start)
    assert (info.route, status(info)) == (errand, expected)


@pytest.mark.parametrize(
    ("start", "allowed"),
    [("PUT /mcp HTTP/1.1", b"POST, GET, DELETE"), ("PUT /sse HTTP/1.1", b"GET, POST, DELETE")],
)
def test_a_405_lists_the_allowed_methods(start: str, allowed: bytes) -> None:
    rejection = arrive(start=start).rejection
    assert rejection is not None
    assert rejection.headers == ((b"allow", allowed),)


@pytest.mark.parametrize("line", ["Origin: https://evil.example", "Host: evil.example"])
@pytest.mark.parametrize("start", ["GET /sse HTTP/1.1", "POST /messages?session_id=1 HTTP/1.1"])
def test_the_rules_hold_for_every_path(line: str, start: str) -> None:
    name, _, value = line.partition(": ")
    info = arrive(line, start=start) if name == "Origin" else arrive(start=start, host=value)
    assert status(info) == 403


def test_an_endpoint_that_is_posted_to_as_it_was_named_is_found() -> None:
    for start in ("POST messages?session_id=x HTTP/1.1", "POST /messages?session_id=x HTTP/1.1"):
        info = arrive(start=start)
        assert (info.route, info.session, info.rejection) == (POST_MESSAGE, "x", None)
    for start in ("GET messages?a HTTP/1.1", "POST messagesx?a HTTP/1.1", "POST messages HTTP/1.1"):
        with pytest.raises(MalformedHead):
            arrive(start=start)


def test_a_messages_session_is_in_its_query_and_nowhere_else() -> None:
    start = "POST /messages?a=b&session_id=x%2Fy HTTP/1.1"
    assert arrive("Mcp-Session-Id: other", start=start).session == "x/y"
    assert arrive(start="POST /messages HTTP/1.1").session == ""
    assert arrive("Mcp-Session-Id: s", start="POST /mcp?session_id=q HTTP/1.1").session == "s"


def test_a_stream_is_opened_by_a_client_without_a_session_only() -> None:
    assert arrive(start="GET /sse HTTP/1.1").route == OPEN_STREAM
    assert arrive("Mcp-Session-Id: s", start="GET /sse/ HTTP/1.1").route == "GET"
    assert arrive(start="POST /sse HTTP/1.1").route == "POST"


def test_a_streamable_endpoint_may_be_at_a_path_of_the_other_transport() -> None:
    gate = replace(GATE, path=b"/sse")
    assert arrive(gate=gate, start="POST /sse HTTP/1.1").route == "POST"
    assert arrive(gate=gate, start="GET /sse HTTP/1.1").route == "GET"


def test_any_host_may_reach_an_address_that_is_not_loopback() -> None:
    assert status(arrive(gate=replace(GATE, loopback=False), host="mcp.example")) == 0


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("POST /mcp HTTP/1.1", 0),
        ("POST /mcp?a=b HTTP/1.1", 0),
        ("GET /mcp HTTP/1.0", 0),
        ("DELETE /mcp HTTP/1.1", 0),
        ("POST /mcp/ HTTP/1.1", 0),
        ("POST /mcp/?a=b HTTP/1.1", 0),
        ("POST /mcp// HTTP/1.1", 404),
        ("POST //mcp HTTP/1.1", 404),
        ("POST / HTTP/1.1", 404),
        ("POST http://localhost/mcp HTTP/1.1", 0),
        ("POST HTTPS://localhost:1/mcp?a=b HTTP/1.1", 0),
        ("POST http://localhost/mcp/ HTTP/1.1", 0),
        ("POST http://evil.example/mcp HTTP/1.1", 403),
        ("OPTIONS /mcp HTTP/1.1", 0),
        ("HEAD /mcp HTTP/1.1", 405),
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
    info = arrive(
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
    assert (info.session, info.version) == ("s", "2025-06-18")
    assert (info.traceparent, info.tracestate) == ("00-1", "a=b")
    assert (info.query, info.length) == (b"q=1", 5)
    assert info.expects_continue
    assert not info.accepts_events
    assert info.context_lines == b"traceparent: 00-1\r\ntracestate: a=b\r\n"
    assert info.forward == (
        b"mcp-session-id: s\r\nmcp-protocol-version: 2025-06-18\r\n"
        b"accept: application/json\r\nauthorization: Bearer t\r\n"
    )


@pytest.mark.parametrize(
    ("lines", "events", "json"),
    [
        (["X: y"], True, True),
        (["Accept: application/json"], False, True),
        (["Accept: text/event-stream"], True, False),
        (["Accept: text/event-stream", "Accept: application/json"], True, True),
    ],
)
def test_what_a_client_accepts_may_be_on_several_lines(
    lines: list[str], events: bool, json: bool
) -> None:
    info = arrive(*lines)
    assert (info.accepts_events, info.accepts_json) == (events, json)


def test_a_trace_state_may_be_on_several_lines() -> None:
    assert arrive("Tracestate: a=b", "Tracestate: c=d").tracestate == "a=b, c=d"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Content-Encoding: gzip"], 415),
        (["Content-Encoding: identity", "Content-Encoding: br"], 415),
        (["Content-Encoding: Identity"], 0),
        (["Content-Encoding:"], 0),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(lines: list[str], expected: int) -> None:
    assert status(arrive(*lines)) == expected


def test_a_path_given_with_a_slash_at_its_end_is_found_without() -> None:
    gate = replace(GATE, path=b"/mcp/")
    assert status(arrive(gate=gate)) == 0
    assert status(arrive(gate=gate, start="POST /mcp/ HTTP/1.1")) == 0
    assert status(arrive(gate=replace(GATE, path=b"/"), start="POST / HTTP/1.1")) == 0
