"""A streamable HTTP server that a test plays, and a proxy before it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from proxy.jsonrpc import methods
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import (
    Upstream,
    UpstreamSide,
)

CALL = "tools/call"


OFFERED = {"supportedVersions": ["2026-07-28"], "capabilities": {"logging": {}}}


SESSION = "mcp-session-id: s-1\r\n"


@contextmanager
def scripted(*flags: str) -> Iterator[tuple[Upstream, RunningProxy]]:
    """An upstream that the test plays altogether, and a proxy before it."""
    upstream = Upstream(legacy=False)
    try:
        with running(*flags, "--upstream", upstream.url) as proxy:
            yield upstream, proxy
    finally:
        upstream.close()


def asked(upstream: Upstream) -> tuple[UpstreamSide, str, Any]:
    """The next request on a connection of its own: its head in lower case, and its message."""
    side = upstream.accept()
    return side, *read(side)


def read(side: UpstreamSide) -> tuple[str, Any]:
    """The next request on the same connection: its head in lower case, and its message."""
    head, body = side.request()
    return head.lower(), json.loads(body) if body else None


def answer(side: UpstreamSide, message: Any, status: str = "200 OK", extra: str = "") -> None:
    """Answer as JSON, and close, so that the next request comes on a new connection."""
    side.answer(json.dumps(message).encode(), status, f"connection: close\r\n{extra}")


def give(side: UpstreamSide, asked_for: Any, **fields: Any) -> None:
    """Answer a request with a result."""
    answer(side, {"jsonrpc": "2.0", "id": asked_for["id"], "result": fields})


def refuse(side: UpstreamSide, asked_for: Any, code: int, status: str) -> None:
    """Answer a request with an error."""
    error = {"code": code, "message": "no", "data": {"supported": ["2026-07-28"]}}
    answer(side, {"jsonrpc": "2.0", "id": asked_for["id"], "error": error}, status)


def open_session(upstream: Upstream) -> None:
    """Play a legacy server that opens a session, and has no GET stream."""
    side, _, message = asked(upstream)
    assert message["method"] == "initialize"
    opened = {"protocolVersion": "2025-11-25", "capabilities": {}}
    reply = {"jsonrpc": "2.0", "id": message["id"], "result": opened}
    answer(side, reply, extra=SESSION)
    side, head, message = asked(upstream)
    assert message["method"] == methods.INITIALIZED
    assert SESSION.strip() in head
    answer(side, "", "202 Accepted")


def refuse_stream(upstream: Upstream) -> None:
    """Play a server without HTTP+SSE, for which one that takes no POST is asked."""
    side, head, _ = asked(upstream)
    assert head.startswith("get ")
    side.answer(b"", "405 Method Not Allowed", "connection: close\r\n")


def next_post(upstream: Upstream) -> tuple[UpstreamSide, str, Any]:
    """The next POST; a GET for a stream is answered that there is none."""
    while True:
        side, head, message = asked(upstream)
        if message is not None:
            return side, head, message
        answer(side, "", "405 Method Not Allowed")
