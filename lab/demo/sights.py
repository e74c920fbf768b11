"""What there is to see while light traffic runs, and where. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from lab.front import Front
from proxy.telemetry.catalogue import OUTCOMES

CALLS = f"sum by (server,outcome,fault) ({OUTCOMES.series})"

_REMARKS = """
Prometheus and Jaeger answer in JSON: built from their Go modules they have no web pages, because
the modules carry none; binaries found on PATH have them, at the same addresses.
Light traffic goes on, and fails now and then on purpose. Ctrl-C ends everything."""


@dataclass(frozen=True, slots=True)
class Places:
    """The base addresses of what answers questions."""

    boards: str
    prometheus: str
    jaeger: str
    collector: str
    """Where proxies push metrics by OTLP over HTTP; "" if Prometheus scrapes them instead."""


def sights(places: Places, fronts: Iterable[Front]) -> str:
    """Addresses to open, each with a word on whose it is, and what to know of them."""
    fronts = tuple(fronts)
    rows = (
        ("Boards", places.boards),
        ("Calls", f"{places.prometheus}/api/v1/query?query={quote(CALLS, safe=',')}"),
        ("Alerts", f"{places.prometheus}/api/v1/alerts"),
        *(("Traces", f"{places.jaeger}/api/traces?service={each.server}") for each in fronts),
        *((each.server, f"{each.mcp_url} (MCP), {each.metrics_url}") for each in fronts),
    )
    width = max(len(name) for name, _ in rows)
    shown = (f"{name:<{width}}  {where}" for name, where in rows)
    return "\n".join(("", *shown, *_variables(places), _REMARKS))


def _variables(places: Places) -> tuple[str, ...]:
    """What makes any proxy push to the demo. Boards select servers by namespace, too."""
    if not places.collector:
        return ()
    return (
        "\nTo see a server of your own on the boards, start a proxy with these variables:",
        f"export OTEL_EXPORTER_OTLP_ENDPOINT={places.collector} OTEL_METRIC_EXPORT_INTERVAL=1000",
        "export OTEL_RESOURCE_ATTRIBUTES=service.namespace=local,k8s.namespace.name=local",
    )
