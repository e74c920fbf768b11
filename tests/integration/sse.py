"""A client of the HTTP+SSE transport whose every byte a test decides."""

import json
from http.client import HTTPConnection
from socket import socket
from typing import Any, Self
from urllib.parse import urljoin

from tests.integration.sockets import INITIALIZE, TIMEOUT_SECONDS


class SseClient:
    """A session: its open stream. Messages go on connections of their own."""

    def __init__(
        self, port: int, path: str = "/sse", sock: socket | None = None, /, **headers: str
    ) -> None:
        self.port = port
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self._connection.sock = sock
        self._connection.request("GET", path, headers={"accept": "text/event-stream", **headers})
        self.stream = self._connection.getresponse()
        self.named = self.endpoint = ""
        if self.stream.status == 200:
            kind, data = self.event()
            assert kind == "endpoint"
            self.named, self.endpoint = data, urljoin(path, data)

    def event(self) -> tuple[str, str]:
        """Type and payload of the next event; both empty at the end of the stream."""
        kind = data = ""
        while line := self.stream.readline():
            name, _, value = line.decode().rstrip("\r\n").partition(": ")
            kind = value if name == "event" else kind
            data = value if name == "data" else data
            if not name and data:
                return kind, data
        return "", ""

    def message(self) -> Any:
        """The next message, None at the end of the stream."""
        data = self.event()[1]
        return json.loads(data) if data else None

    def post(self, message: Any, path: str = "", **headers: str) -> int:
        """Post a message; the status."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        named = {"content-type": "application/json", **headers}
        connection.request("POST", path or self.endpoint, body, named)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def initialize(self) -> Any:
        """Initialize: the answer."""
        assert self.post(INITIALIZE) == 202
        return self.message()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the stream."""
        self.stream.close()
        self._connection.close()
