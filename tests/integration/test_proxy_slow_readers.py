"""Clients that read slowly, or not at all: nobody else waits for them, and nothing is lost.

Every kind of client before every kind of server, over sockets whose buffers are far smaller than
what is written to them.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path
from socket import socket
from typing import Any, Protocol

import pytest

from proxy.eras.versions import Era
from tests.integration.modern import headers_of, meta
from tests.integration.proxies import RunningProxy, running, written_when_held_back
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    call,
    narrow,
    read_event,
    result,
)
from tests.integration.sse import SseClient

pytestmark = pytest.mark.slow

SERVER = (sys.executable, str(Path(__file__).with_name("scripted_stdio.py")))
LONG = 8_000_000
"""Bytes of an answer or a stream; Linux keeps 4 MB for a socket, unless it is told otherwise."""
PATIENCE = "2"
"""The servers' time in seconds."""

SERVERS: dict[str, tuple[str, Era, tuple[str, ...]]] = {
    "stdio": ("stdio", Era.LEGACY, ()),
    "shared stdio": ("stdio", Era.LEGACY, ("--stdio-sharing", "on")),
    "modern stdio": ("stdio", Era.MODERN, ()),
    "HTTP+SSE": ("sse", Era.LEGACY, ()),
    "streamable HTTP": ("streamable-http", Era.LEGACY, ()),
    "modern streamable HTTP": ("streamable-http", Era.MODERN, ()),
}
"""Transport and era of each, and flags of the proxy."""


class Session(Protocol):
    """A client's session; calls go on connections of their own."""

    def begin(self, message: dict[str, Any]) -> None:
        """Call on a connection with a small buffer, and wait for the first bytes of its answer."""

    def leave(self) -> None:
        """Close that connection, unread."""

    def rest(self) -> list[dict[str, Any]]:
        """Read that answer, and what comes before it."""

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Call on another connection: the answer."""

    def close(self) -> None:
        """Close what is open."""


class Streamable:
    """A session of streamable HTTP with sessions."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._slow = Client(port)
        opening = Client(port)
        opening.post(INITIALIZE)
        response = opening.getresponse()
        response.read()
        self.headers = {"mcp_session_id": response.getheader("mcp-session-id") or ""}
        opening.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, **self.headers)
        assert opening.getresponse().status == 202
        opening.close()

    def begin(self, message: dict[str, Any]) -> None:
        self._slow.sock = narrow(self._port)
        self.post(self._slow, message)
        self._begun = self._slow.getresponse()

    def leave(self) -> None:
        self._begun.close()
        self._slow.close()

    def rest(self) -> list[dict[str, Any]]:
        return _messages(self._begun)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        client = Client(self._port)
        self.post(client, message)
        answer = _messages(client.getresponse())[-1]
        client.close()
        return answer

    def listen(self, sock: socket | None = None) -> Client:
        """A GET stream, whose answer is yet to be read."""
        client = Client(self._port)
        client.sock = sock
        named = {"accept": "text/event-stream", "mcp-session-id": self.headers["mcp_session_id"]}
        client.request("GET", "/mcp", headers=named)
        return client

    def close(self) -> None:
        self.leave()

    def post(self, client: Client, message: dict[str, Any]) -> None:
        client.post(message, **self.headers)


class Modern(Streamable):
    """A client of 2026-07-28."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._slow = Client(port)

    def post(self, client: Client, message: dict[str, Any]) -> None:
        params = message["params"]
        params = {**params, "_meta": {**meta(), **params.get("_meta", {})}}
        client.post({**message, "params": params}, **headers_of(message))


class Sse:
    """A session of HTTP+SSE: all answers come on its one stream."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._client = SseClient(port, "/sse", narrow(port))
        assert "result" in self._client.initialize()
        self._client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def begin(self, message: dict[str, Any]) -> None:
        assert self._client.post(message) == 202
        self._client.stream.peek()

    def leave(self) -> None:
        """The stream is the session: another client comes."""
        self._client.close()
        self.__init__(self._port)  # type: ignore[misc]

    def rest(self) -> list[dict[str, Any]]:
        messages = [self._client.message()]
        while "id" not in messages[-1]:
            messages.append(self._client.message())
        return messages

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self._client.post(message)
        return self.rest()[-1]

    def close(self) -> None:
        self._client.close()


CLIENTS: dict[str, type[Streamable | Sse]] = {
    "streamable": Streamable,
    "SSE": Sse,
    "modern": Modern,
}


def _messages(response: HTTPResponse) -> list[dict[str, Any]]:
    """What the body, or the stream, holds."""
    if "event-stream" in (response.getheader("content-type") or ""):
        return list(iter(lambda: read_event(response), None))
    return [json.loads(response.read())]


@contextmanager
def before(server: str, patience: str = PATIENCE) -> Iterator[RunningProxy]:
    """A proxy before that kind of server; over HTTP the server is a second proxy."""
    transport, era, flags = SERVERS[server]
    command = ("--upstream-era", era, *flags, "--", *SERVER, era)
    with ExitStack() as stack:
        if transport != "stdio":
            behind = stack.enter_context(running(*command))
            url = f"http://{behind.mcp}/{'sse' if transport == 'sse' else 'mcp'}"
            named = ("--upstream", url, "--upstream-transport", transport)
            command = ("--upstream-era", era, *named)
        yield stack.enter_context(running("--upstream-timeout", patience, *command))


@pytest.fixture(scope="module", params=SERVERS)
def proxy(request: pytest.FixtureRequest) -> Iterator[RunningProxy]:
    with before(request.param) as started:
        yield started


@pytest.fixture(params=CLIENTS)
def session(request: pytest.FixtureRequest, proxy: RunningProxy) -> Iterator[Session]:
    each = CLIENTS[request.param](proxy.port)
    yield each
    each.close()


@pytest.fixture
def unshared(upstream: Upstream) -> Iterator[RunningProxy]:
    with running("--upstream", upstream.url) as started:
        yield started


def long(request_id: int) -> dict[str, Any]:
    return call(request_id, "huge", arguments={"bytes": LONG})


def test_a_session_goes_on_after_an_answer_that_was_read_slowly(session: Session) -> None:
    session.begin(long(1))
    assert len(session.rest()[-1]["result"]["text"]) == LONG
    assert session.ask(call(2))["result"]


def test_a_session_goes_on_after_its_client_left_within_an_answer(session: Session) -> None:
    session.begin(long(1))
    session.leave()
    assert session.ask(call(2))["result"]


def test_a_call_has_its_time_whatever_else_is_not_read(session: Session) -> None:
    """The server works at one thing after the other, and is held back within the first."""
    message = call(1, "narrate", arguments={"bytes": LONG}, _meta={"progressToken": "t"})
    session.begin(message)
    if not isinstance(session, Sse):
        assert {"result", "error"} & set(session.ask(call(2)))
    if isinstance(session, Modern):
        session.leave()  # Who reads nothing while others wait for the same server is cut off.
        return
    told = session.rest()
    assert sum(len(each["params"]["message"]) for each in told[:-1]) == LONG
    assert told[-1]["result"]
    assert session.ask(call(3))["result"]


def test_an_error_that_is_not_read_holds_up_no_other_session(
    upstream: Upstream, unshared: RunningProxy
) -> None:
    """The error repeats the id; the connection to the server has long been given back by then."""
    unread, other = Client(unshared.port), Client(unshared.port)
    unread.sock = narrow(unshared.port)
    unread.post(call("i" * 4_000_000))
    side = upstream.accept()
    side.request()
    side.answer(json.dumps(result(7)).encode())
    refused = unread.getresponse()
    assert refused.status == 502
    other.post(call(2))
    assert json.loads(side.request()[1])["id"] == 2
    side.answer(json.dumps(result(2)).encode())
    assert other.answer() == (200, result(2))
    refused.close()
    unread.close()
    other.close()


@pytest.mark.parametrize("again", [True, False])
def test_a_stream_that_is_not_read_is_dropped_for_a_newer_one_or_for_a_call_that_waits(
    *, again: bool
) -> None:
    with before("stdio", "60" if again else PATIENCE) as proxy:
        session = Streamable(proxy.port)
        unread, calling = session.listen(narrow(proxy.port)), Client(proxy.port)
        session.post(calling, call(1, "flood", arguments={"bytes": LONG}))
        stream = unread.getresponse()
        if again:
            written_when_held_back(proxy.logged("child started")[0]["pid"])
            newest = session.listen()
            assert len(read_event(newest.getresponse())["params"]["data"]) == 100_000
            newest.close()
        assert _messages(calling.getresponse())[-1]["result"]
        (dropped,) = proxy.logged("stream closed")
        assert dropped["reason"] == "its client does not read it"
        stream.close()
        unread.close()
        calling.close()
