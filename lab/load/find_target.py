"""Which target a scenario has: a command, a URL, or a proxy of the running demo."""

import shlex
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dashboards.cli_text import is_url
from lab.arguments import UsageError
from lab.load.http import why
from lab.load.scenarios import Scenario
from lab.load.target import SseTarget, StdioTarget, StreamableHttpTarget, Target
from lab.local.run_options import STDIO_SERVER
from lab.local.running_demo import Demo, DemoServer, server_of
from lab.prometheus_api import OTLP_METRICS_PATH
from proxy.urls import shown
from stacks.servers import Transport

CONNECT_SECONDS = 5.0
ANY_NUMBER = 0
"""Of connections, as aiohttp has it."""

_NO_TARGET = "no demo is running here: start `make demo`, or give --url (make: URL=)"


@dataclass(frozen=True, slots=True)
class Found:
    """A target, the server's name in metrics, and where a demo takes metrics of the test."""

    target: Target
    server: str
    metrics: str | None = None


def by_command(command: tuple[str, ...], scenario: Scenario) -> Found:
    """A stdio server. Raises UsageError."""
    target = command_target(command)
    if scenario.transport is not Transport.STDIO:
        raise UsageError(f'scenario "{scenario.name}" needs a URL; a command is for stdio-20')
    return Found(target, Path(command[0]).name)


def command_target(command: tuple[str, ...]) -> StdioTarget:
    """A command as a target. Raises UsageError."""
    if not command or shutil.which(command[0]) is None:
        raise UsageError(f"-- {shlex.join(command)}: no such program; give a command on PATH")
    return StdioTarget(command)


def by_url(url: str, scenario: Scenario, headers: Mapping[str, str], demo: Demo | None) -> Found:
    """An HTTP server, which may be one of the demo's proxies. Raises UsageError."""
    _require_url(url)
    target = _http_target(url, scenario, headers)
    for each in demo.servers if demo else ():
        if url in (each.mcp, sse_url(each.mcp)):
            return Found(target, each.name, _metrics(demo))
    return Found(target, urlsplit(url).netloc.rpartition("@")[2])


def url_target(url: str, headers: Mapping[str, str]) -> Target:
    """A target with as many connections as it needs, by the kind of URL. Raises UsageError."""
    _require_url(url)
    if url.endswith("/sse"):
        return SseTarget(url, headers)
    return StreamableHttpTarget(url, headers, connections=ANY_NUMBER)


def _require_url(url: str) -> None:
    if not is_url(url):
        allowed = "a URL of an MCP server, such as http://127.0.0.1:8080/mcp"
        raise UsageError(f"{url!r} is not {allowed}")


def require_reachable(url: str) -> None:
    """Raise UsageError if nothing listens at a URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS).close()
    except OSError as wrong:
        raise UsageError(f"{shown(url)}: {why(wrong)}; is the server running?") from wrong


def in_demo(
    name: str | None, scenario: Scenario, headers: Mapping[str, str], demo: Demo | None
) -> Found:
    """The proxy before the named server, or one with the scenario's transport.

    That before a stdio server speaks HTTP. Raises UsageError.
    """
    if name is None and scenario.transport is Transport.STDIO and demo is not None:
        name = next((each.name for each in demo.servers if each.name == STDIO_SERVER), None)
    server = demo_server(name, demo)
    is_sse = scenario.transport is Transport.SSE
    url = sse_url(server.mcp) if is_sse else server.mcp
    return Found(_http_target(url, scenario, headers), server.name, _metrics(demo))


def demo_server(name: str | None, demo: Demo | None) -> DemoServer:
    """The named server of the demo, or its first. Raises UsageError."""
    if demo is None or not demo.servers:
        raise UsageError(_NO_TARGET)
    return server_of(demo, name)


def _http_target(url: str, scenario: Scenario, headers: Mapping[str, str]) -> Target:
    if scenario.transport is Transport.SSE:
        return SseTarget(url, headers)
    return StreamableHttpTarget(url, headers)


def sse_url(mcp: str) -> str:
    """Where a proxy serves HTTP+SSE."""
    return f"{mcp.removesuffix('/mcp')}/sse"


def _metrics(demo: Demo | None) -> str | None:
    return f"{demo.prometheus}{OTLP_METRICS_PATH}" if demo else None
