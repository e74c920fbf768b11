"""A scripted network: an event loop whose connections lead to what the test says.

`oddities.ID` in what a server says stands for the id of its last request.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine

from proxy.errors import MalformedMessage
from proxy.http.chunked import LAST, chunk
from proxy.http.client import UpstreamConnection
from proxy.http.sse import encode
from proxy.jsonrpc.members import parse_members
from proxy.translation.request import NULL
from tests.proxy.http.recording_transport import RecordingTransport
from tests.proxy.malformed_messages import ID


def _head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", "mcp-session-id: s", *lines, "", "")).encode()


class Wire(RecordingTransport):
    """A connection to an HTTP server; `request` is what it has not answered."""

    def __init__(self, connection: UpstreamConnection) -> None:
        super().__init__()
        self.request = b""
        self._connection = connection

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if bytes(data).startswith(b"DELETE"):
            asyncio.get_running_loop().call_soon(self.say, _head("content-length: 0"))
        else:
            self.request = bytes(data)

    def abort(self) -> None:
        if self.alive:
            asyncio.get_running_loop().call_soon(self._connection.connection_lost, None)
        super().abort()

    def close(self) -> None:
        self.abort()

    def say(self, data: bytes) -> None:
        """Send bytes to the proxy."""
        self.request = b""
        self._connection.data_received(data)


class Network(asyncio.SelectorEventLoop):
    """An event loop whose connections are wires."""

    def __init__(self) -> None:
        super().__init__()
        self.wires: list[Wire] = []

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], UpstreamConnection], *where: object, ssl: object
    ) -> tuple[Wire, UpstreamConnection]:
        connection = protocol_factory()
        wire = Wire(connection)
        self.wires.append(wire)
        connection.connection_made(wire)
        return wire, connection


def run(work: Coroutine[None, None, None]) -> None:
    """Run a test on a network of its own."""
    with asyncio.Runner(loop_factory=Network) as runner:
        runner.run(work)


def answer(text: bytes, *, events: bool) -> None:
    """The server so answers all requests that wait: by a body, or twice on a stream that ends."""
    network = asyncio.get_running_loop()
    assert isinstance(network, Network)
    for wire in [each for each in network.wires if each.request and each.alive]:
        said = filled(text, wire.request.partition(b"\r\n\r\n")[2] or b"{}")
        if events:
            coded = chunk(encode(said) * 2) + LAST
            wire.say(_head("content-type: text/event-stream", "transfer-encoding: chunked") + coded)
        else:
            head = _head("content-type: application/json", f"content-length: {len(said)}")
            wire.say(head + said)


def filled(text: bytes, request: bytes) -> bytes:
    """The text with that request's id in the place of ID."""
    try:
        known = parse_members(request).get("id", NULL)
    except MalformedMessage:
        known = NULL
    return text.replace(json.dumps(ID).encode(), bytes(known))
