"""Which target a scenario has: a command, a URL, or a proxy of the running demo."""

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dashboards.cli_text import is_url
from lab.arguments import UsageError
from lab.load.metrics_export import OTLP_PATH_OF_PROMETHEUS
from lab.load.scenarios import Scenario
from lab.load.target import SseTarget, StdioTarget, StreamableHttpTarget, Target
from lab.local.run_options import STDIO_SERVER
from lab.local.running_demo import Demo
from stacks.servers import Transport

_NO_TARGET = "no demo is running here: start `make demo`, or give --url (make: URL=)"


@dataclass(frozen=True, slots=True)
class Found:
    """A target, the server's name in metrics, and where a demo takes metrics of the test."""

    target: Target
    server: str
    metrics: str | None = None


def by_command(command: tuple[str, ...], scenario: Scenario) -> Found:
    """A stdio server. Raises UsageError."""
    if not command or shutil.which(command[0]) is None:
        raise UsageError(f"-- {shlex.join(command)}: no such program; give a command on PATH")
    if scenario.transport is not Transport.STDIO:
        raise UsageError(f'scenario "{scenario.name}" needs a URL; a command is for stdio-20')
    return Found(StdioTarget(command), Path(command[0]).name)


def by_url(url: str, scenario: Scenario, headers: Mapping[str, str], demo: Demo | None) -> Found:
    """An HTTP server, which may be one of the demo's proxies. Raises UsageError."""
    if not is_url(url):
        allowed = "a URL of an MCP server, such as http://127.0.0.1:8080/mcp"
        raise UsageError(f"{url!r} is not {allowed}")
    target = _http_target(url, scenario, headers)
    for each in demo.servers if demo else ():
        if url in (each.mcp, _sse_url(each.mcp)):
            return Found(target, each.name, _metrics(demo))
    return Found(target, urlsplit(url).netloc.rpartition("@")[2])


def in_demo(
    name: str | None, scenario: Scenario, headers: Mapping[str, str], demo: Demo | None
) -> Found:
    """The proxy before the named server, or one with the scenario's transport.

    That before a stdio server speaks HTTP. Raises UsageError.
    """
    if demo is None or not demo.servers:
        raise UsageError(_NO_TARGET)
    urls = {each.name: each.mcp for each in demo.servers}
    if name is not None and name not in urls:
        known = ", ".join(urls)
        raise UsageError(f'"{name}" is not a server of the running demo; choose from {known}')
    if name is None:
        is_stdio = scenario.transport is Transport.STDIO and STDIO_SERVER in urls
        name = STDIO_SERVER if is_stdio else demo.servers[0].name
    is_sse = scenario.transport is Transport.SSE
    url = _sse_url(urls[name]) if is_sse else urls[name]
    return Found(_http_target(url, scenario, headers), name, _metrics(demo))


def _http_target(url: str, scenario: Scenario, headers: Mapping[str, str]) -> Target:
    if scenario.transport is Transport.SSE:
        return SseTarget(url, headers)
    return StreamableHttpTarget(url, headers)


def _sse_url(mcp: str) -> str:
    """Where a proxy serves HTTP+SSE."""
    return f"{mcp.removesuffix('/mcp')}/sse"


def _metrics(demo: Demo | None) -> str | None:
    return f"{demo.prometheus}{OTLP_PATH_OF_PROMETHEUS}" if demo else None
