"""The paths by which series reach Prometheus, derived from a plan's manifests."""

from typing import Any

from stacks.plan import Plan
from tests.stacks.stack import objects, release_values


def selects(monitor: dict[str, Any], labels: dict[str, str], port: str) -> bool:
    """Whether a ServiceMonitor selects a Service's port."""
    spec = monitor["spec"]
    ports = [endpoint["port"] for endpoint in spec["endpoints"]]
    return bool(spec["selector"]["matchLabels"].items() <= labels.items()) and port in ports


def exported(planned: Plan, receiver: str) -> list[str]:
    """The metric exporters of the collector that get one receiver's data."""
    pipelines = planned.collector["service"]["pipelines"].items()
    return [
        exporter
        for name, pipeline in pipelines
        if name.startswith("metrics") and receiver in pipeline["receivers"]
        for exporter in pipeline["exporters"]
    ]


def _ingested(planned: Plan, receiver: str) -> list[str]:
    """The exporters of a receiver's data that Prometheus ingests from."""
    spec = release_values(planned, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    collector = release_values(planned, "otel-collector")
    scraped = any(
        endpoint["port"] == "prometheus"
        for monitor in planned.monitors
        for endpoint in monitor["spec"]["endpoints"]
    )
    taken = {
        "prometheus": scraped and collector["ports"]["prometheus"]["enabled"],
        "prometheusremotewrite": spec["enableRemoteWriteReceiver"],
    }
    return [exporter for exporter in exported(planned, receiver) if taken[exporter]]


def proxy_paths(planned: Plan, server: str) -> list[str]:
    """The ingestion paths of the series of a server behind our proxy."""
    (plan,) = [each for each in planned.proxies if each.server == server]
    pushed = plan.environment["OTEL_METRICS_EXPORTER"] == "otlp"
    labels = objects(planned, "Service")[server]["metadata"]["labels"]
    scraping = [each for each in planned.monitors if selects(each, labels, "metrics")]
    return [*(_ingested(planned, "otlp") if pushed else []), *("scrape" for _ in scraping)]


def toolhive_paths(planned: Plan, telemetry: dict[str, Any]) -> list[str]:
    """The ingestion paths of a server behind ToolHive's proxy with these telemetry settings."""
    pushed = telemetry["openTelemetry"]["metrics"]["enabled"]
    # What the operator puts on the Services of its proxies.
    labels = {"app.kubernetes.io/name": "mcpserver", "toolhive-name": "fetch", "toolhive": "true"}
    scraping = [each for each in planned.monitors if selects(each, labels, "http")]
    exposed = telemetry["prometheus"]["enabled"]
    assert exposed == bool(scraping), "what is exposed is scraped, and nothing else"
    return [*(_ingested(planned, "otlp") if pushed else []), *("scrape" for _ in scraping)]


def kubelet_paths(planned: Plan) -> list[str]:
    """The ingestion paths of the kubelet's statistics."""
    return _ingested(planned, "kubeletstats")
