"""The four telemetry architectures, as values: how metrics get from an MCP server to Prometheus.

Everything that differs between them is a field here or a key in the overlay folder; nothing else
in the program asks which architecture it is.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboards.series import Source
from stacks.charts import Part


class MetricsRoad(StrEnum):
    """How a proxy hands over its metrics: the value of OTEL_METRICS_EXPORTER."""

    PUSHED = "otlp"
    SCRAPED = "prometheus"


class Monitor(StrEnum):
    """What Prometheus is told to scrape beyond the stack's own parts."""

    COLLECTOR_SERIES = "collector-series"
    PROXIES = "proxies"
    TOOLHIVE_PROXIES = "toolhive-proxies"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One way to wire the stack.

    `parts` are in build order. `sources` says what the boards' queries find on a cluster;
    `kubelet_sources` are those among them that are empty where there is no kubelet.
    """

    name: str
    summary: str
    choose_when: str
    parts: tuple[Part, ...]
    overlay: str
    metrics_road: MetricsRoad
    monitors: tuple[Monitor, ...]
    sources: frozenset[Source]
    kubelet_sources: frozenset[Source]

    @property
    def proxy_environment(self) -> dict[str, str]:
        """What the architecture changes in a proxy's environment."""
        return {"OTEL_METRICS_EXPORTER": self.metrics_road.value}


_ALL_PARTS = tuple(Part)
_EVERYWHERE = frozenset({Source.PROXY, Source.PROMETHEUS, Source.COLLECTOR, Source.KUBELET})
_SCRAPED_PROXIES = (Monitor.PROXIES, Monitor.TOOLHIVE_PROXIES)

OTEL_SCRAPE = Architecture(
    name="otel-scrape",
    summary="Proxies push to the collector; Prometheus scrapes the collector.",
    choose_when="By default: one pipe for metrics and traces, and Prometheus keeps pulling.",
    parts=_ALL_PARTS,
    overlay="otel-scrape",
    metrics_road=MetricsRoad.PUSHED,
    monitors=(Monitor.COLLECTOR_SERIES,),
    sources=_EVERYWHERE | {Source.COLLECTOR_METRICS},
    kubelet_sources=frozenset({Source.KUBELET}),
)
OTEL_REMOTE_WRITE = Architecture(
    name="otel-remote-write",
    summary="Proxies push to the collector; the collector writes to Prometheus.",
    choose_when="Prometheus cannot reach the collector, or the metrics go to a remote store.",
    parts=_ALL_PARTS,
    overlay="otel-remote-write",
    metrics_road=MetricsRoad.PUSHED,
    monitors=(),
    sources=_EVERYWHERE | {Source.COLLECTOR_METRICS, Source.REMOTE_WRITE},
    kubelet_sources=frozenset({Source.KUBELET}),
)
DIRECT_SCRAPE = Architecture(
    name="direct-scrape",
    summary="Prometheus scrapes every proxy; the collector carries traces only.",
    choose_when="You run Prometheus already and want no new hop between it and the servers.",
    parts=_ALL_PARTS,
    overlay="direct-scrape",
    metrics_road=MetricsRoad.SCRAPED,
    monitors=_SCRAPED_PROXIES,
    sources=_EVERYWHERE | {Source.SCRAPE_PROXY},
    kubelet_sources=frozenset({Source.KUBELET}),
)
HYBRID = Architecture(
    name="hybrid",
    summary="Prometheus scrapes every proxy, and the collector for the kubelet's statistics.",
    choose_when="As direct-scrape, with infrastructure metrics collected by OpenTelemetry.",
    parts=_ALL_PARTS,
    overlay="hybrid",
    metrics_road=MetricsRoad.SCRAPED,
    monitors=(*_SCRAPED_PROXIES, Monitor.COLLECTOR_SERIES),
    sources=_EVERYWHERE | {Source.SCRAPE_PROXY, Source.COLLECTOR_METRICS},
    kubelet_sources=frozenset({Source.KUBELET, Source.COLLECTOR_METRICS}),
)

ARCHITECTURES: dict[str, Architecture] = {
    each.name: each for each in (OTEL_SCRAPE, OTEL_REMOTE_WRITE, DIRECT_SCRAPE, HYBRID)
}
"""The four, by name; the first is the default."""
