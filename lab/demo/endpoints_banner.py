"""The addresses that a running demo prints. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from lab.local.proxy_endpoints import ProxyEndpoint
from proxy.telemetry.catalogue import OUTCOMES

CALLS = f"sum by (server,outcome,fault) ({OUTCOMES.series})"

_REMARKS = """
Prometheus and Jaeger answer in JSON: built from their Go modules they have no web pages, because
the modules carry none; binaries found on PATH have them, at the same addresses.
Light traffic goes on, and fails now and then on purpose. Ctrl-C ends everything."""


@dataclass(frozen=True, slots=True)
class BaseUrls:
    boards: str
    prometheus: str
    jaeger: str
    push: str
    """Where proxies push metrics by OTLP/HTTP; empty if Prometheus scrapes them."""


def endpoints_banner(urls: BaseUrls, endpoints: Iterable[ProxyEndpoint]) -> str:
    """One line per address, then remarks."""
    endpoints = tuple(endpoints)
    rows = (
        ("Boards", urls.boards),
        ("Calls", f"{urls.prometheus}/api/v1/query?query={quote(CALLS, safe=',')}"),
        ("Alerts", f"{urls.prometheus}/api/v1/alerts"),
        *(("Traces", f"{urls.jaeger}/api/traces?service={each.server}") for each in endpoints),
        *((each.server, f"{each.mcp_url} (MCP), {each.metrics_url}") for each in endpoints),
    )
    width = max(len(name) for name, _ in rows)
    lines = (f"{name:<{width}}  {address}" for name, address in rows)
    return "\n".join(("", *lines, *_variables(urls), _REMARKS))


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
