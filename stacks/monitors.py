"""ServiceMonitors, with the relabelling that gives every architecture the same series.

Each scraped MCP series has the labels job = <namespace>/<server>, namespace, server, transport and
pod; labels that only a scrape adds are dropped.
"""

from collections.abc import Callable

from stacks.architectures import Monitor
from stacks.charts import Component, Namespaces
from stacks.endpoints import COLLECTOR_SERVICE, PROMETHEUS_SERVICE
from stacks.values import Values

COLLECTOR_JOB = "otel-collector"
SERIES_JOB = "otel-collector-series"
"""Jobs of the collector's two targets: its own telemetry, and the series it received."""

KUBELET_SERVICE = "mcp-observability-kubelet"

PROXY_APP = "mcp-proxy"
METRICS_LABEL = "mcp-observability/metrics"
"""Of pods of our proxies: whether their metrics are pushed or scraped."""
SERVER_LABEL = "app.kubernetes.io/instance"
TOOLHIVE_SERVER_LABEL = "toolhive-name"
TRANSPORT_LABEL = "mcp-observability/transport"

_SERVICE_LABEL = "__meta_kubernetes_service_label_"
_SCRAPE_ONLY = "service|endpoint|container"


def _meta(label: str) -> str:
    """The meta label for a Service label: all but letters and digits becomes `_`."""
    return _SERVICE_LABEL + "".join(each if each.isalnum() else "_" for each in label)


def _pod_meta(label: str) -> str:
    return _meta(label).replace("_service_label_", "_pod_label_")


def _drop_labels(regex: str) -> Values:
    return {"action": "labeldrop", "regex": regex}


def _job_from(label: str) -> Values:
    source = ["__meta_kubernetes_namespace", _meta(label)]
    return {"sourceLabels": source, "separator": "/", "targetLabel": "job"}


def _copy(label: str, target: str) -> Values:
    return {"sourceLabels": [_meta(label)], "targetLabel": target}


def service_monitor(
    name: str, selector: dict[str, str], namespace: str, endpoint: Values, own_namespace: str
) -> Values:
    """A ServiceMonitor, in the namespace of Prometheus, of Services in another one."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": name, "namespace": own_namespace},
        "spec": {
            "selector": {"matchLabels": selector},
            "namespaceSelector": {"matchNames": [namespace]},
            "endpoints": [endpoint],
        },
    }


def collector_selector() -> dict[str, str]:
    """The labels of the collector chart's Service and pods."""
    return {
        "app.kubernetes.io/name": "opentelemetry-collector",
        "app.kubernetes.io/instance": Component.COLLECTOR.value,
        "component": "agent-collector",
    }


def collector_series(interval: str, namespaces: Namespaces) -> Values:
    """The series that were pushed to the collector, with only the labels they came with."""
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
        "otel-collector-series",
        collector_selector(),
        namespaces.monitoring,
        endpoint,
        namespaces.monitoring,
    )


def proxies(interval: str, namespaces: Namespaces) -> Values:
    """The /metrics of our proxies; their series have `server` and `transport` already."""
    endpoint: Values = {
        "port": "metrics",
        "path": "/metrics",
        "interval": interval,
        "honorLabels": False,
        # While an architecture is switched, pods that still push are not scraped, too.
        "relabelings": [
            {"action": "drop", "sourceLabels": [_pod_meta(METRICS_LABEL)], "regex": "pushed"},
            _job_from(SERVER_LABEL),
            _drop_labels(_SCRAPE_ONLY),
        ],
    }
    selector = {"app.kubernetes.io/name": PROXY_APP}
    return service_monitor(
        "mcp-proxies", selector, namespaces.servers, endpoint, namespaces.monitoring
    )


def toolhive_proxies(interval: str, namespaces: Namespaces) -> Values:
    """ToolHive's proxies of servers in the cluster."""
    # `toolhive: "true"` would also match the servers behind the proxies.
    return _toolhive_proxies("toolhive-proxies", "mcpserver", interval, namespaces)


def toolhive_remote_proxies(interval: str, namespaces: Namespaces) -> Values:
    """ToolHive's proxies of remote servers."""
    return _toolhive_proxies("toolhive-remote-proxies", "mcpremoteproxy", interval, namespaces)


def _toolhive_proxies(name: str, app: str, interval: str, namespaces: Namespaces) -> Values:
    """The target adds `server` and `transport`, which some series lack."""
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
    selector = {"app.kubernetes.io/name": app}
    return service_monitor(name, selector, namespaces.servers, endpoint, namespaces.monitoring)


def kubelet_service() -> Values:
    """The Service of the kubelets, which Prometheus' operator fills with endpoints and labels.

    It would create it, too, but not delete it. With the Service, its endpoints go.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": KUBELET_SERVICE,
            "namespace": "kube-system",
            # Nothing is ready before the operator runs.
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {"clusterIP": "None", "ports": [{"name": "https-metrics", "port": 10250}]},
    }


def prometheus_own(namespace: str) -> Values:
    """The ServiceMonitor with which the chart scrapes Prometheus itself.

    Not deployed by us: the chart's alerts depend on its job label, and a second monitor with
    another job would double every series.
    """
    selector = {
        "app": PROMETHEUS_SERVICE,
        "release": Component.PROMETHEUS.value,
        "self-monitor": "true",
    }
    endpoint: Values = {"port": "http-web", "path": "/metrics"}
    return service_monitor(PROMETHEUS_SERVICE, selector, namespace, endpoint, namespace)


def collector_own(values: Values, namespace: str) -> Values:
    """The ServiceMonitor that the collector chart renders from its values."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": COLLECTOR_SERVICE, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": collector_selector()},
            "endpoints": values["serviceMonitor"]["metricsEndpoints"],
        },
    }


BUILDERS: dict[Monitor, Callable[[str, Namespaces], Values]] = {
    Monitor.COLLECTOR_SERIES: collector_series,
    Monitor.PROXIES: proxies,
    Monitor.TOOLHIVE_PROXIES: toolhive_proxies,
    Monitor.TOOLHIVE_REMOTE_PROXIES: toolhive_remote_proxies,
}
"""Builders of the ServiceMonitors; the arguments are scrape interval and namespaces."""
