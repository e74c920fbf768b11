"""Requests that the proxy does not let in."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import Client, Upstream

pytestmark = pytest.mark.slow

POST = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n"

LENGTH = b"content-length: 1\r\n"

REFUSED: list[tuple[str, bytes, int]] = [
    ("foreign origin", POST + b"origin: http://evil.example\r\n", 403),
    ("opaque origin", POST + b"origin: null\r\n", 403),
    ("foreign host", b"POST /mcp HTTP/1.1\r\nhost: evil.example\r\n", 403),
    ("no host", b"POST /mcp HTTP/1.1\r\n", 403),
    ("other path", b"POST /other HTTP/1.1\r\nhost: localhost\r\n", 404),
    ("other method", b"PUT /mcp HTTP/1.1\r\nhost: localhost\r\n", 405),
    ("declared too long", POST + b"content-length: 4194305\r\n", 413),
    ("long head", POST + b"x: " + b"y" * 17000 + b"\r\n", 431),
    ("many headers", POST + b"x: y\r\n" * 100, 431),
    ("both framings", POST + LENGTH + b"transfer-encoding: chunked\r\n", 400),
    ("two lengths", POST + LENGTH + LENGTH, 400),
    ("two sessions", POST + b"mcp-session-id: a\r\nmcp-session-id: b\r\n", 400),
    ("bare line feed", b"POST /mcp HTTP/1.1\r\nhost: localhost\nx: y\r\n", 400),
    ("folded header", POST + b"x: y\r\n z\r\n", 400),
    ("not HTTP", b"hello\r\n", 400),
]


@pytest.fixture(scope="module")
def shared_proxy() -> Iterator[RunningProxy]:
    upstream = Upstream()
    with running("--upstream", upstream.url) as started:
        yield started
    upstream.close()


@pytest.mark.parametrize(("name", "head", "status"), REFUSED, ids=[each[0] for each in REFUSED])
def test_a_request_that_breaks_a_rule_is_refused(
    shared_proxy: RunningProxy, name: str, head: bytes, status: int
) -> None:
    received = Client(shared_proxy.port).raw(head + b"\r\n")
    assert received.startswith(b"HTTP/1.1 %d " % status), name
    assert b"connection: close" in received


def test_a_chunked_body_that_grows_too_long_is_refused(shared_proxy: RunningProxy) -> None:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    received = Client(shared_proxy.port).raw(head + b"400001\r\n" + b"x" * 0x400001)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_refusals_are_counted_as_rejected(shared_proxy: RunningProxy) -> None:
    before = shared_proxy.outcomes().get(("other", "rejected", "caller"), 0)
    client = Client(shared_proxy.port)
    client.post(b"{not json")
    status, answer = client.answer()
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)
    after: dict[Any, int] = shared_proxy.outcomes()
    assert sum(count for (_, outcome, _), count in after.items() if outcome == "rejected") > before
    client.close()
