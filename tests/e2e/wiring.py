"""What is particular to each architecture, stated independently of the program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wiring:
    """What is particular to one architecture."""

    pipelines: frozenset[str]
    metric_exporters: frozenset[str]
    metrics_ingestion: str
    remote_write_receiver: bool
    monitors: frozenset[str]


_OWN_MONITORS = frozenset({"otel-collector-opentelemetry-collector"})
_PROXY_MONITORS = frozenset({"mcp-proxies", "toolhive-proxies"})
_SERIES_MONITOR = frozenset({"otel-collector-series"})

WIRING = {
    "otel-scrape": Wiring(
        pipelines=frozenset({"traces", "metrics", "metrics/kubelet"}),
        metric_exporters=frozenset({"prometheus"}),
        metrics_ingestion="otlp",
        remote_write_receiver=False,
        monitors=_OWN_MONITORS | _SERIES_MONITOR,
    ),
    "otel-remote-write": Wiring(
        pipelines=frozenset({"traces", "metrics", "metrics/kubelet"}),
        metric_exporters=frozenset({"prometheusremotewrite"}),
        metrics_ingestion="otlp",
        remote_write_receiver=True,
        monitors=_OWN_MONITORS,
    ),
    "direct-scrape": Wiring(
        pipelines=frozenset({"traces"}),
        metric_exporters=frozenset(),
        metrics_ingestion="prometheus",
        remote_write_receiver=False,
        monitors=_OWN_MONITORS | _PROXY_MONITORS,
    ),
    "hybrid": Wiring(
        pipelines=frozenset({"traces", "metrics/kubelet"}),
        metric_exporters=frozenset({"prometheus"}),
        metrics_ingestion="prometheus",
        remote_write_receiver=False,
        monitors=_OWN_MONITORS | _PROXY_MONITORS | _SERIES_MONITOR,
    ),
}
