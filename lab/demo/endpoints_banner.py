"""The addresses that a running demo prints. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dashboards.boards import home
from dashboards.log_lines import FAILED
from lab.local.proxy_endpoints import ProxyEndpoint
from proxy.app.client_config import client_config
from proxy.telemetry.catalogue import OUTCOMES

CALLS = f"sum by (server,outcome,fault) ({OUTCOMES.series})"

_REMARKS = """
Prometheus and Jaeger answer in JSON: built from their Go modules they have no web pages, because
the modules carry none; binaries found on PATH have them, at the same addresses."""
_TRAFFIC = "The echo servers get light traffic, some of which fails on purpose."
_END = "Ctrl-C ends everything."


@dataclass(frozen=True, slots=True)
class BaseUrls:
    boards: str
    prometheus: str
    jaeger: str
    push: str
    """Where proxies push metrics by OTLP/HTTP; empty if Prometheus scrapes them."""
    logs: str = ""
    """The log store; empty if there is none."""


def endpoints_banner(
    urls: BaseUrls, endpoints: Iterable[ProxyEndpoint], of_user: Sequence[ProxyEndpoint] = ()
) -> str:
    """One line per address, then remarks; with a client's configuration for the user's servers."""
    own = tuple(endpoints)
    endpoints = (*own, *of_user)
    traces = f"{urls.jaeger}/api/traces?service="
    rows = (
        ("Boards", first_board(urls.boards)),
        ("Calls", f"{urls.prometheus}/api/v1/query?query={quote(CALLS, safe=',')}"),
        ("Alerts", f"{urls.prometheus}/api/v1/alerts"),
        *(("Traces", f"{traces}{quote(each.server)}") for each in endpoints),
        *_logs(urls.logs),
        *((each.server, f"{each.mcp_url} (MCP), {each.metrics_url}") for each in endpoints),
    )
    width = max(len(name) for name, _ in rows)
    lines = (f"{name:<{width}}  {address}" for name, address in rows)
    yours = (_client_configuration(of_user),) if of_user else _variables(urls)
    return "\n".join(("", *lines, *yours, _REMARKS, *((_TRAFFIC,) if own else ()), _END))


def first_board(boards: str) -> str:
    """The URL of the board to open first, below that of all boards."""
    return f"{boards}d/{home.BOARD.uid}"


def _client_configuration(endpoints: Iterable[ProxyEndpoint]) -> str:
    """What a client's `mcp.json` must contain to call the servers through their proxies."""
    urls = {each.server: each.mcp_url for each in endpoints}
    content = json.dumps(client_config(urls, None), indent=2)
    return f"\nIn your client's mcp.json, instead of these servers:\n{content}"


def _logs(url: str) -> tuple[tuple[str, str], ...]:
    query = quote(f'_msg:="{FAILED}"')
    return (("Logs", f"{url}/select/logsql/query?limit=20&query={query}"),) if url else ()


def _variables(urls: BaseUrls) -> tuple[str, ...]:
    """Environment variables with which any proxy pushes to the demo."""
    if not urls.push:
        return ()
    # Boards also select servers by namespace.
    return (
        "\nTo see a server of your own on the boards, start a proxy with these variables:",
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={urls.push} OTEL_METRIC_EXPORT_INTERVAL=1000",
        "export OTEL_RESOURCE_ATTRIBUTES=service.namespace=local,k8s.namespace.name=local",
    )
