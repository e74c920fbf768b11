"""What Prometheus scrapes, as ServiceMonitors; the relabelling makes the series contract hold.

Every scraped MCP series ends up with job = <namespace>/<server>, namespace, server, transport and
pod, and without the labels that only scraping would add.
"""

from collections.abc import Callable

from stacks.architectures import Monitor
from stacks.charts import Namespace, Part
from stacks.endpoints import COLLECTOR_SERVICE, PROMETHEUS
from stacks.values import Values

COLLECTOR_JOB = "otel-collector"
SERIES_JOB = "otel-collector-series"
"""Jobs of the collector's two targets: its own telemetry, and the series it passes on."""

PROXY_APP = "mcp-proxy"
SERVER_LABEL = "app.kubernetes.io/instance"
TOOLHIVE_SERVER_LABEL = "toolhive-name"
TRANSPORT_LABEL = "mcp-observability/transport"

_SERVICE_LABEL = "__meta_kubernetes_service_label_"
_SCRAPE_ONLY = "service|endpoint|container"


def _meta(label: str) -> str:
    """Prometheus' name of a Service's label: everything but letters and digits becomes `_`."""
    return _SERVICE_LABEL + "".join(each if each.isalnum() else "_" for each in label)


def _drop_labels(regex: str) -> Values:
    return {"action": "labeldrop", "regex": regex}


def _job_from(label: str) -> Values:
    source = ["__meta_kubernetes_namespace", _meta(label)]
    return {"sourceLabels": source, "separator": "/", "targetLabel": "job"}


def _copy(label: str, target: str) -> Values:
    return {"sourceLabels": [_meta(label)], "targetLabel": target}


def service_monitor(
    name: str, selector: dict[str, str], namespace: str, endpoint: Values
) -> Values:
    """A ServiceMonitor of the stack, kept beside Prometheus."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": name, "namespace": Namespace.MONITORING.value},
        "spec": {
            "selector": {"matchLabels": selector},
            "namespaceSelector": {"matchNames": [namespace]},
            "endpoints": [endpoint],
        },
    }


def collector_selector() -> dict[str, str]:
    """The labels by which the collector chart's Service and pods are found."""
    return {
        "app.kubernetes.io/name": "opentelemetry-collector",
        "app.kubernetes.io/instance": Part.COLLECTOR.value,
        "component": "agent-collector",
    }


def collector_series(interval: str) -> Values:
    """The series that others pushed to the collector, with their own labels and no others."""
    endpoint: Values = {
        "port": "prometheus",
        "interval": interval,
        "honorLabels": True,
        "relabelings": [
            {"targetLabel": "job", "replacement": SERIES_JOB},
            _drop_labels(f"namespace|pod|{_SCRAPE_ONLY}"),
        ],
        "metricRelabelings": [
            {"action": "drop", "sourceLabels": ["__name__"], "regex": "target_info"}
        ],
    }
    return service_monitor(
        "otel-collector-series", collector_selector(), Namespace.MONITORING.value, endpoint
    )


def proxies(interval: str) -> Values:
    """Our own proxies' /metrics; `server` and `transport` are on their series already."""
    endpoint: Values = {
        "port": "metrics",
        "path": "/metrics",
        "interval": interval,
        "honorLabels": False,
        "relabelings": [_job_from(SERVER_LABEL), _drop_labels(_SCRAPE_ONLY)],
    }
    selector = {"app.kubernetes.io/name": PROXY_APP}
    return service_monitor("mcp-proxies", selector, Namespace.SERVERS.value, endpoint)


def toolhive_proxies(interval: str) -> Values:
    """ToolHive's proxies; the target supplies `server` and `transport` where they are forgotten."""
    endpoint: Values = {
        "port": "http",
        "path": "/metrics",
        "interval": interval,
        "honorLabels": False,
        "relabelings": [
            _job_from(TOOLHIVE_SERVER_LABEL),
            _copy(TOOLHIVE_SERVER_LABEL, "server"),
            _copy(TRANSPORT_LABEL, "transport"),
            _drop_labels(_SCRAPE_ONLY),
        ],
        "metricRelabelings": [
            {"action": "drop", "sourceLabels": ["__name__"], "regex": "target_info"},
            _drop_labels("exported_server|exported_transport|otel_scope_.*"),
        ],
    }
    # `toolhive: "true"` would also select the servers behind the proxies.
    selector = {"app.kubernetes.io/name": "mcpserver"}
    return service_monitor("toolhive-proxies", selector, Namespace.SERVERS.value, endpoint)


def prometheus_own() -> Values:
    """The ServiceMonitor by which the Prometheus chart scrapes Prometheus itself.

    The chart's alerts depend on the job that it gives, and a second monitor with a nicer job would
    make every sum count twice.
    """
    selector = {
        "app": PROMETHEUS.service,
        "release": Part.PROMETHEUS.value,
        "self-monitor": "true",
    }
    endpoint: Values = {"port": "http-web", "path": "/metrics"}
    return service_monitor(PROMETHEUS.service, selector, Namespace.MONITORING.value, endpoint)


def collector_own(values: Values) -> Values:
    """The ServiceMonitor that the collector chart makes of its values."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": COLLECTOR_SERVICE, "namespace": Namespace.MONITORING.value},
        "spec": {
            "selector": {"matchLabels": collector_selector()},
            "endpoints": values["serviceMonitor"]["metricsEndpoints"],
        },
    }


BUILDERS: dict[Monitor, Callable[[str], Values]] = {
    Monitor.COLLECTOR_SERIES: collector_series,
    Monitor.PROXIES: proxies,
    Monitor.TOOLHIVE_PROXIES: toolhive_proxies,
}
"""Monitor -> ServiceMonitor, given the scrape interval."""
