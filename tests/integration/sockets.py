"""A scripted upstream and a client, over real sockets."""

import json
import socket
import ssl
import struct
import time
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, Self

from lab.local.ports import free_ports

TIMEOUT_SECONDS = 30.0
NO_SESSION = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no session"}}
"""What the official SDKs' servers with sessions answer to a request without one."""


class UpstreamSide:
    """One connection that the proxy made to the upstream."""

    def __init__(self, connection: socket.socket, first: bytes) -> None:
        self._connection = connection
        self._rest = first

    def is_asked_for_its_era(self) -> bool:
        """Whether the next request is `server/discover`, which is answered then."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        asked = b"\r\nmcp-method: server/discover\r\n" in self._rest
        if asked:
            self.request()
            self.answer(json.dumps(NO_SESSION).encode(), "400 Bad Request", "connection: close\r\n")
        return asked

    def request(self) -> tuple[str, bytes]:
        """The next request: its head, and its body."""
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        length = next(
            (
                int(line.partition(":")[2])
                for line in text.split("\r\n")
                if line.lower().startswith("content-length:")
            ),
            0,
        )
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return text, body

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connection.sendall(data)

    def send_until_full(self, piece: bytes, most: int) -> int:
        """Send `piece` repeatedly until it is not taken for a second; the bytes sent."""
        self._connection.settimeout(1.0)
        sent = 0
        try:
            while sent < most:
                sent += self._connection.send(piece)
        except TimeoutError:
            pass
        return sent

    def answer(self, body: bytes, status: str = "200 OK", extra: str = "") -> None:
        """Send a whole answer with a JSON body."""
        self.send(
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{extra}"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )

    def start_events(self, extra: str = "") -> None:
        """Send the head of an event stream."""
        self.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            + extra.encode()
            + b"transfer-encoding: chunked\r\n\r\n"
        )

    def chunk(self, data: bytes) -> None:
        """Send a chunk; the empty one ends the body."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def event(self, message: dict[str, Any]) -> None:
        """Send an event with one message."""
        self.chunk(b"event: message\ndata: " + json.dumps(message).encode() + b"\n\n")

    def at_end(self) -> bool:
        """Wait for the proxy to close or reset the connection."""
        try:
            return self._connection.recv(65536) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def reset(self) -> None:
        """Close the connection by a reset."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()

    def _more(self) -> None:
        data = self._connection.recv(65536)
        assert data, f"the proxy closed the connection after {self._rest!r}"
        self._rest += data


class Upstream:
    """A listening upstream, with TLS if it has a context for that.

    A `legacy` one answers as older servers do when the proxy asks whether it speaks 2026-07-28.
    """

    def __init__(
        self, port: int = 0, tls: ssl.SSLContext | None = None, *, legacy: bool = True
    ) -> None:
        self._tls = tls
        self._legacy = legacy
        # Once closed, no connection can take its port before another upstream listens there.
        self._listener = socket.create_server(("127.0.0.1", port or free_ports(1)[0]))
        self._listener.settimeout(TIMEOUT_SECONDS)
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The MCP endpoint."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/mcp"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def accept(self) -> UpstreamSide:
        """The next connection that carries a request; readiness probes carry none."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            connection, _ = self._listener.accept()
            self._open.append(connection)
            connection.settimeout(TIMEOUT_SECONDS)
            if not connection.recv(1, socket.MSG_PEEK):
                continue
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            side = UpstreamSide(connection, b"")
            if not (self._legacy and side.is_asked_for_its_era()):
                return side
        raise TimeoutError("no request came by a new connection")

    def take(self) -> UpstreamSide:
        """The next connection that carries a request, which is read."""
        side = self.accept()
        side.request()
        return side

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything."""
        for each in (self._listener, *self._open):
            each.close()


def call(request_id: int | str = 1, tool: str = "echo", **params: Any) -> dict[str, Any]:
    """A tools/call request."""
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "method": "tools/call",
        "params": {"name": tool, **params},
    }


def result(request_id: int | str = 1, **fields: Any) -> dict[str, Any]:
    """A result."""
    return {"jsonrpc": "2.0", "id": request_id, "result": {"content": [], **fields}}


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}},
}


class Client(HTTPConnection):
    """A client's connection; answers are read with `getresponse`."""

    def __init__(self, port: int, path: str = "/mcp") -> None:
        super().__init__("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self.path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def post(self, message: Any, **headers: str) -> None:
        """Send a message, and do not wait for its answer."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        both = "application/json, text/event-stream"
        defaults = {"accept": both, "content-type": "application/json"}
        self.request("POST", self.path, body, {**defaults, **named})

    def answer(self) -> tuple[int, Any]:
        """The status and the JSON body of the answer."""
        response = self.getresponse()
        return response.status, json.loads(response.read())

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; everything that comes back until the connection ends."""
        self.connect()
        assert self.sock is not None
        received = b""
        with suppress(ConnectionError):
            self.sock.sendall(data)
        while piece := self.sock.recv(65536):
            received += piece
        self.close()
        return received


def narrow(port: int) -> socket.socket:
    """A connection that takes in next to nothing of an answer before it is read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(TIMEOUT_SECONDS)
    connection.connect(("127.0.0.1", port))
    return connection


def read_event(response: Any) -> Any:
    """The next event of a stream: its message, comments left out."""
    data = b""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while line := response.readline():
        assert time.monotonic() < deadline, "there were only comments"
        text = line.rstrip(b"\r\n")
        if text.startswith(b"data:"):
            data += text[5:].strip()
        elif not text and data:
            return json.loads(data)
    return None
