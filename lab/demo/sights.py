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
    return "\n".join(("", *(f"{name:<{width}}  {where}" for name, where in rows), _REMARKS))
