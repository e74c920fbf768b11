"""What is put under load: a URL, or a command that is started for each connection."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.load.session import Transport as Connection
from lab.load.sse import Sse
from lab.load.stdio import Stdio
from lab.load.streamable_http import StreamableHttp
from stacks.servers import Transport


@dataclass(frozen=True, slots=True)
class StreamableHttpTarget:
    """The URL of an MCP endpoint; `headers` are sent with every request.

    A session has so many `connections`; one suffices for one call at a time.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 1
    transport = Transport.STREAMABLE_HTTP

    def __str__(self) -> str:
        return self.url

    def connect(self) -> Connection:
        return StreamableHttp(self.url, self.headers, self.connections)


@dataclass(frozen=True, slots=True)
class SseTarget:
    """The URL of the event stream of HTTP+SSE; `headers` are sent with every request."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    transport = Transport.SSE

    def __str__(self) -> str:
        return self.url

    def connect(self) -> Connection:
        return Sse(self.url, self.headers)


@dataclass(frozen=True, slots=True)
class StdioTarget:
    """A command, started for each connection."""

    command: tuple[str, ...]
    transport = Transport.STDIO

    def __str__(self) -> str:
        return shlex.join(self.command)

    def connect(self) -> Connection:
        return Stdio(self.command)


Target = StreamableHttpTarget | SseTarget | StdioTarget
