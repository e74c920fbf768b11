"""What ToolHive's telemetry middleware records of a request, at 0.3.5 and at 0.44.0.

Read in pkg/telemetry/middleware.go of both: each instrument with its attributes, and the empty ones
too, which Prometheus drops. Nothing of the code under test is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass

VERSIONS = ("0.3.5", "0.44.0")
RENAMED, BOTH = "renamed", "both names"
"""The next names (stacklok/toolhive#5956, read at its branch), alone or beside those of 0.44.0."""

_SDK_BUCKETS = (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
_MCP_BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
BUCKETS: dict[str, tuple[float, ...]] = {
    "0.3.5": _SDK_BUCKETS,
    **dict.fromkeys(("0.44.0", RENAMED, BOTH), _MCP_BUCKETS),
}
"""Seconds. Before 0.9.4 no boundaries were set, and the SDK's own are for milliseconds."""

COUNTERS = ("toolhive_mcp_requests", "toolhive_mcp_tool_calls")
CONNECTIONS = "stacklok.toolhive.proxy.active_connections"
GAUGES = ("toolhive_mcp_active_connections", CONNECTIONS)
HISTOGRAMS = ("toolhive_mcp_request_duration", "mcp.server.operation.duration")

SCOPE = "github.com/stacklok/toolhive/pkg/telemetry"

Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Server:
    """An MCPServer; its proxy's Deployment has its name, the Service is `mcp-<name>-proxy`."""

    name: str
    transport: str

    @property
    def pod(self) -> str:
        return f"{self.name}-6d5f7b9c84-x2x9k"


SERVERS = (Server("fetch", "streamable-http"), Server("my-files", "stdio"), Server("legacy", "sse"))


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as the middleware saw it; `resource` is the tool's name of a tools/call."""

    verb: str
    code: int
    method: str
    resource: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value for one instrument: an increment, an observation, or a change up or down."""

    instrument: str
    attributes: Attributes
    value: float


ROUND = (
    Request("POST", 200, "initialize", "an-agent", 0.03),
    Request("POST", 202, "notifications/initialized", "initialized", 0.001),
    Request("POST", 200, "tools/list", "", 0.004),
    Request("POST", 200, "tools/call", "fetch", 0.12),
    Request("POST", 200, "tools/call", "fetch", 0.4),
    Request("POST", 200, "tools/call", "search", 1.5),
    Request("POST", 200, "tools/call", "flaky", 0.02),
    Request("POST", 502, "tools/call", "flaky", 0.5),
    Request("POST", 200, "resources/read", "file:///a", 0.01),
    Request("GET", 200, "unknown", "", 90.0),
    Request("DELETE", 200, "unknown", "", 0.002),
)
"""What a client does to a server of any transport, the stream it listened on included."""


def measurements(version: str, server: Server) -> Iterator[Measurement]:
    """Everything that the middleware records of one ROUND."""
    for request in ROUND:
        if version != RENAMED:
            yield from _measured(version, server, request)
        if version != "0.3.5" and request.method != "unknown":
            operation = _operation(version, server, request)
            yield Measurement("mcp.server.operation.duration", operation, request.seconds)
    if server.transport == "sse" and version != RENAMED:
        yield Measurement("toolhive_mcp_requests", _sse(server), 1)


def opened(version: str, server: Server) -> Iterator[Measurement]:
    """What clients hold open: a request under way, and a legacy stream."""
    if version != RENAMED:
        yield from _opened(server, "toolhive_mcp_active_connections", "server")
    if version in (RENAMED, BOTH):
        yield from _opened(server, CONNECTIONS, "mcp_server")


def _opened(server: Server, instrument: str, label: str) -> Iterator[Measurement]:
    own = ((label, server.name), ("transport", server.transport))
    yield Measurement(instrument, own, 1)
    if server.transport == "sse":
        yield Measurement(instrument, (*own, ("connection_type", "sse")), 2)


def _measured(version: str, server: Server, request: Request) -> Iterator[Measurement]:
    status = "error" if request.code >= 400 else "success"
    named = () if version == "0.3.5" else (("mcp_resource_id", request.resource),)
    attributes = (
        ("method", request.verb),
        ("status_code", str(request.code)),
        ("status", status),
        ("mcp_method", request.method),
        *named,
        ("server", server.name),
        ("transport", server.transport),
    )
    yield Measurement("toolhive_mcp_requests", attributes, 1)
    yield Measurement("toolhive_mcp_request_duration", attributes, request.seconds)
    if request.method == "tools/call":
        tool = (("server", server.name), ("tool", request.resource), ("status", status))
        yield Measurement("toolhive_mcp_tool_calls", tool, 1)


def _operation(version: str, server: Server, request: Request) -> Attributes:
    """The semantic conventions' attributes; in 0.44.0 the server is not among them."""
    piped = server.transport == "stdio"
    called = request.method == "tools/call"
    tool = (("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", request.resource))
    return (
        ("mcp.method.name", request.method),
        ("jsonrpc.protocol.version", "2.0"),
        ("network.transport", "pipe" if piped else "tcp"),
        *(() if piped else (("network.protocol.name", "http"),)),
        ("network.protocol.version", "1.1"),
        *((("error.type", str(request.code)),) if request.code >= 500 else ()),
        *(tool if called else ()),
        *((("mcp_server", server.name),) if version in (RENAMED, BOTH) else ()),
    )


def _sse(server: Server) -> Attributes:
    return (
        ("method", "GET"),
        ("status_code", "200"),
        ("status", "success"),
        ("mcp_method", "sse_connection"),
        ("server", server.name),
        ("transport", server.transport),
    )
