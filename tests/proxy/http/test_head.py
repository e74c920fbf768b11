"""Heads: strict where requests could be smuggled, faithful in what is forwarded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedHead
from proxy.http.head import (
    Content,
    HeadCache,
    RequestHead,
    content_of,
    end_to_end,
    lines,
    parse_request,
    parse_response,
)


def request(*header_lines: str, start: str = "POST /mcp HTTP/1.1") -> RequestHead:
    return parse_request("\r\n".join((start, "host: x", *header_lines, "", "")).encode())


def test_a_request_head_is_read_whole() -> None:
    head = request("Content-Length: 12", "X-A: b  ", start="POST /mcp?q=1 HTTP/1.1")
    assert (head.method, head.target, head.length) == ("POST", b"/mcp?q=1", 12)
    assert head.headers == ((b"host", b"x"), (b"content-length", b"12"), (b"x-a", b"b"))
    assert head.value(b"x-a") == b"b"
    assert head.value(b"x-b") is None


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        ("http://a.example/mcp?q=1", b"/mcp?q=1", b"a.example"),
        ("HTTPS://a.example:8443", b"/", b"a.example:8443"),
        ("http://a.example?q", b"/?q", b"a.example"),
        ("ftp://a.example/mcp", b"ftp://a.example/mcp", b"x"),
        ("/http://a.example/", b"/http://a.example/", b"x"),
    ],
)
def test_an_absolute_target_contains_path_and_host(target: str, path: bytes, host: bytes) -> None:
    head = request(start=f"POST {target} HTTP/1.1")
    assert (head.target, head.value(b"host")) == (path, host)


@pytest.mark.parametrize(
    ("start", "line", "keep_alive"),
    [
        ("POST / HTTP/1.1", "x: y", True),
        ("POST / HTTP/1.1", "connection: Close", False),
        ("POST / HTTP/1.1", "connection: upgrade", True),
        ("POST / HTTP/1.1", "connection: close\r\nconnection: keep-alive", False),
        ("POST / HTTP/1.1", "connection: x-close", True),
        ("POST / HTTP/1.0", "connection: keep-alive", False),
    ],
)
def test_whether_a_connection_is_kept(start: str, line: str, keep_alive: bool) -> None:
    assert request(line, start=start).keep_alive is keep_alive


def test_only_a_request_of_http_1_0_may_name_no_host() -> None:
    assert parse_request(b"GET / HTTP/1.0\r\n\r\n").value(b"host") is None
    with pytest.raises(MalformedHead, match="Host is missing"):
        parse_request(b"GET / HTTP/1.1\r\n\r\n")


def test_an_offer_to_upgrade_is_ignored() -> None:
    head = request("connection: upgrade, http2-settings", "upgrade: h2c", "content-length: 3")
    assert head.length == 3


@pytest.mark.parametrize(
    "line",
    [
        "content-length: 1\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 1",
        "content-length: 1\r\ncontent-length: 1",
        "content-length: 1, 1",
        "content-length: +1",
        "content-length: 0x1",
        "content-length: 99999999999999999999",
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked, gzip",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: xchunked",
        "x: y\n z: w",
        "x: y\r z: w",
        "x: y\r\n folded",
        "x : y",
        "x: \x00",
        "no colon",
        "host: y",
        "mcp-session-id: a\r\nmcp-session-id: a",
        "mcp-protocol-version: a\r\nmcp-protocol-version: a",
        "authorization: Bearer a\r\nauthorization: Bearer b",
        "origin: http://localhost\r\norigin: http://evil.example",
        "traceparent: a\r\ntraceparent: a",
    ],
)
def test_what_could_smuggle_a_request_is_refused(line: str) -> None:
    with pytest.raises(MalformedHead):
        request(line)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for parse in (parse_request, parse_response):
        try:
            parse(data + b"\r\n\r\n")
        except MalformedHead:
            continue


NAMES = st.from_regex(rb"x-[a-z]{1,8}", fullmatch=True)
VALUES = st.from_regex(rb"[!-~]{0,20}", fullmatch=True)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_end_to_end_headers_survive_the_way(headers: list[tuple[bytes, bytes]]) -> None:
    block = b"GET / HTTP/1.1\r\nhost: x\r\n" + lines(headers) + b"\r\n"
    again = parse_request(block).headers[1:]
    assert end_to_end(again) == headers


def test_hop_by_hop_headers_and_those_named_by_connection_stay_behind() -> None:
    headers = [
        (b"connection", b"close, X-Private"),
        (b"x-private", b"1"),
        (b"te", b"trailers"),
        (b"upgrade", b"h2c"),
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"3"),
        (b"cookie", b"a"),
        (b"x-kept", b"2"),
    ]
    assert end_to_end(headers, drop=frozenset((b"cookie",))) == [(b"x-kept", b"2")]


def response(*header_lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *header_lines, "", "")).encode()


def test_a_response_head_is_read_and_ready_to_forward() -> None:
    head = parse_response(
        response("Content-Type: application/json; charset=utf-8", "Content-Length: 7",
                 "Keep-Alive: timeout=5", "Mcp-Session-Id: s")
    )  # fmt: skip
    assert (head.status, head.length, head.content) == (200, 7, Content.JSON)
    assert head.session == b"s"
    assert head.forward == (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\nmcp-session-id: s\r\n"
    )


@pytest.mark.parametrize(
    ("status", "line", "length"),
    [
        ("200 OK", "content-length: 5", 5),
        ("200 OK", "x: y", None),
        ("200 OK", "transfer-encoding: chunked", None),
        ("204 No Content", "x: y", 0),
        ("304 Not Modified", "content-length: 5", 0),
        ("100 Continue", "x: y", 0),
    ],
)
def test_how_long_a_response_is(status: str, line: str, length: int | None) -> None:
    assert parse_response(response(line, status=status)).length == length


@pytest.mark.parametrize(
    ("coding", "encoded"), [("gzip", True), ("identity", False), ("Identity", False)]
)
def test_an_encoded_answer_is_known_as_such(coding: str, encoded: bool) -> None:
    assert parse_response(response(f"content-encoding: {coding}")).encoded is encoded


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        (b"application/json", Content.JSON),
        (b"Application/JSON ; charset=utf-8", Content.JSON),
        (b"text/event-stream", Content.EVENTS),
        (b"text/plain", Content.OTHER),
        (b"", Content.OTHER),
    ],
)
def test_what_a_content_type_announces(content_type: bytes, content: Content) -> None:
    assert content_of(content_type) is content


def test_a_block_is_parsed_once_and_forgotten_when_there_are_too_many() -> None:
    parsed: list[bytes] = []

    def parse(block: bytes) -> int:
        parsed.append(block)
        return len(parsed)

    memo = HeadCache(parse, capacity=2)
    assert [memo(b"a"), memo(b"a"), memo(b"b"), memo(b"a")] == [1, 1, 2, 1]
    memo(b"c")
    memo(b"a")
    assert parsed == [b"a", b"b", b"c", b"a"]
    long = b"x" * (HeadCache.LONGEST_KEPT + 1)
    assert memo(long) != memo(long)
