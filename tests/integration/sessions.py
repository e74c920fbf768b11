"""A session of each kind of client, and each kind of server before which it may be."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from socket import socket
from typing import Any, Protocol

from proxy.translation.versions import Era
from tests.integration.modern import headers_of, meta
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import INITIALIZE, Client, narrow, read_event
from tests.integration.sse import SseClient
from tests.integration.stdio_session import SERVER

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
    """A session of streamable HTTP with sessions; `status` is that of the last answer."""

    status = 0
    _begun: HTTPResponse | None = None

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

    def begin(self, message: Any) -> None:
        self._slow.sock = narrow(self._port)
        self.post(self._slow, message)
        self._begun = self._slow.getresponse()

    def leave(self) -> None:
        if self._begun is not None:
            self._begun.close()
        self._slow.close()

    def rest(self) -> list[Any]:
        assert self._begun is not None
        return messages(self._begun)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        client = Client(self._port)
        self.post(client, message)
        response = client.getresponse()
        self.status = response.status
        answer: dict[str, Any] = messages(response)[-1]
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

    def post(self, client: Client, message: Any) -> None:
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


def messages(response: HTTPResponse) -> list[Any]:
    """What the body, or the stream, holds."""
    if "event-stream" in (response.getheader("content-type") or ""):
        return list(iter(lambda: read_event(response), None))
    return [json.loads(response.read())]


@contextmanager
def before(server: str, *more: str) -> Iterator[RunningProxy]:
    """A proxy with `more` flags before that kind of server; over HTTP that is a second proxy."""
    transport, era, flags = SERVERS[server]
    command = ("--upstream-era", era, *flags, "--", *SERVER, era)
    with ExitStack() as stack:
        if transport != "stdio":
            behind = stack.enter_context(running(*command))
            url = f"http://{behind.mcp}/{'sse' if transport == 'sse' else 'mcp'}"
            named = ("--upstream", url, "--upstream-transport", transport)
            command = ("--upstream-era", era, *named)
        yield stack.enter_context(running(*more, *command))
