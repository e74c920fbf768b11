"""The four telemetry architectures: how metrics get from an MCP server to Prometheus.

Everything that differs between them is a field here or a key in the overlay folder
`values/<architecture>/`; no other code branches on the architecture.
"""

from dataclasses import dataclass
from enum import StrEnum

from dashboards.promql.schema import Source


class MetricsIngestion(StrEnum):
    """How a proxy's metrics leave it: the value of OTEL_METRICS_EXPORTER."""

    PUSHED = "otlp"
    SCRAPED = "prometheus"


class Monitor(StrEnum):
    """ServiceMonitors beyond those that the charts create for themselves."""

    COLLECTOR_SERIES = "collector-series"
    PROXIES = "proxies"
    TOOLHIVE_PROXIES = "toolhive-proxies"
    TOOLHIVE_REMOTE_PROXIES = "toolhive-remote-proxies"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One way to wire the stack.

    `sources` are the kinds of series that exist on a cluster; `kubelet_sources` is the subset that
    does not exist where there is no kubelet.
    """

    name: str
    summary: str
    choose_when: str
    metrics_ingestion: MetricsIngestion
    monitors: tuple[Monitor, ...]
    sources: frozenset[Source]
    kubelet_sources: frozenset[Source]

    @property
    def proxy_environment(self) -> dict[str, str]:
        """The proxy's environment variables that depend on the architecture."""
        return {"OTEL_METRICS_EXPORTER": self.metrics_ingestion.value}


_EVERYWHERE = frozenset({Source.PROXY, Source.PROMETHEUS, Source.COLLECTOR, Source.KUBELET})
_SCRAPED_PROXIES = (Monitor.PROXIES, Monitor.TOOLHIVE_PROXIES)

OTEL_SCRAPE = Architecture(
    name="otel-scrape",
    summary="Proxies push to the collector; Prometheus scrapes the collector.",
    choose_when="By default: one pipeline for metrics and traces, and Prometheus keeps scraping.",
    metrics_ingestion=MetricsIngestion.PUSHED,
    monitors=(Monitor.COLLECTOR_SERIES,),
    sources=_EVERYWHERE | {Source.COLLECTOR_METRICS},
    kubelet_sources=frozenset({Source.KUBELET}),
)
OTEL_REMOTE_WRITE = Architecture(
    name="otel-remote-write",
    summary="Proxies push to the collector; the collector writes to Prometheus.",
    choose_when="Prometheus cannot reach the collector, or the metrics go to a remote store.",
    metrics_ingestion=MetricsIngestion.PUSHED,
    monitors=(),
    sources=_EVERYWHERE | {Source.COLLECTOR_METRICS, Source.REMOTE_WRITE},
    kubelet_sources=frozenset({Source.KUBELET}),
)
DIRECT_SCRAPE = Architecture(
    name="direct-scrape",
    summary="Prometheus scrapes every proxy; the collector carries traces only.",
    choose_when="You already run Prometheus and want no extra hop between it and the servers.",
    metrics_ingestion=MetricsIngestion.SCRAPED,
    monitors=_SCRAPED_PROXIES,
    sources=_EVERYWHERE | {Source.SCRAPE_PROXY},
    kubelet_sources=frozenset({Source.KUBELET}),
)
HYBRID = Architecture(
    name="hybrid",
    summary="Prometheus scrapes every proxy, and the collector for the kubelet's statistics.",
    choose_when="As direct-scrape, with infrastructure metrics collected by OpenTelemetry.",
    metrics_ingestion=MetricsIngestion.SCRAPED,
    monitors=(*_SCRAPED_PROXIES, Monitor.COLLECTOR_SERIES),
    sources=_EVERYWHERE | {Source.SCRAPE_PROXY, Source.COLLECTOR_METRICS},
    kubelet_sources=frozenset({Source.KUBELET, Source.COLLECTOR_METRICS}),
)

ARCHITECTURES: dict[str, Architecture] = {
    each.name: each for each in (OTEL_SCRAPE, OTEL_REMOTE_WRITE, DIRECT_SCRAPE, HYBRID)
}
"""The four architectures by name; the first is the default."""
