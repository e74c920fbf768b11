"""What is put under load: a URL, or a command that is started for each connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.load.session import Transport as Connection
from lab.load.streamable_http import StreamableHttp
from stacks.servers import Transport


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """The URL of an MCP endpoint; `headers` are sent with every request."""

    url: str
    transport: Transport
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.url

    def connect(self) -> Connection:
        return StreamableHttp(self.url, self.headers)


Target = HttpTarget
