"""Series of third parties, by emitter: the collector, Prometheus, kubelets, kube-state-metrics.

Read from running programs: Collector 0.155 (its Helm chart's default reader adds `_total` and unit
suffixes, hence the patterns) and Prometheus 3.10. Only labels that queries use are listed.
"""

from dashboards.promql.schema import Source
from dashboards.promql.scope import eq
from dashboards.promql.series import Series

TARGET = frozenset({"job", "instance"})


def _collector(name: str, *labels: str, source: Source = Source.COLLECTOR) -> Series:
    return Series(f"otelcol_{name}", TARGET | frozenset(labels), source, pattern=True)


def _points(name: str, label: str) -> Series:
    return _collector(f"{name}_metric_points(_total)?", label, source=Source.COLLECTOR_METRICS)


def _records(name: str, label: str) -> Series:
    return _collector(f"{name}_log_records(_total)?", label, source=Source.COLLECTOR_LOGS)


def _prometheus(name: str, *labels: str, source: Source = Source.PROMETHEUS) -> Series:
    return Series(name, TARGET | frozenset(labels), source)


def _kubelet(name: str, *labels: str) -> Series:
    return Series(name, TARGET | {"namespace", "pod"} | frozenset(labels), Source.KUBELET)


ACCEPTED_SPANS = _collector("receiver_accepted_spans(_total)?", "receiver")
REFUSED_SPANS = _collector("receiver_refused_spans(_total)?", "receiver")
BROKEN_SPANS = _collector("receiver_failed_spans(_total)?", "receiver")
SENT_SPANS = _collector("exporter_sent_spans(_total)?", "exporter")
UNSENT_SPANS = _collector("exporter_send_failed_spans(_total)?", "exporter")
UNQUEUED_SPANS = _collector("exporter_enqueue_failed_spans(_total)?", "exporter")
QUEUE_SIZE = _collector("exporter_queue_size", "exporter", "data_type")
QUEUE_CAPACITY = _collector("exporter_queue_capacity", "exporter", "data_type")
COLLECTOR_MEMORY = _collector("process_memory_rss(_bytes)?")

ACCEPTED_POINTS = _points("receiver_accepted", "receiver")
REFUSED_POINTS = _points("receiver_refused", "receiver")
BROKEN_POINTS = _points("receiver_failed", "receiver")
SENT_POINTS = _points("exporter_sent", "exporter")
UNSENT_POINTS = _points("exporter_send_failed", "exporter")
UNQUEUED_POINTS = _points("exporter_enqueue_failed", "exporter")

ACCEPTED_RECORDS = _records("receiver_accepted", "receiver")
REFUSED_RECORDS = _records("receiver_refused", "receiver")
BROKEN_RECORDS = _records("receiver_failed", "receiver")
SENT_RECORDS = _records("exporter_sent", "exporter")
UNSENT_RECORDS = _records("exporter_send_failed", "exporter")
UNQUEUED_RECORDS = _records("exporter_enqueue_failed", "exporter")

HTTP_REQUESTS = _prometheus(
    "prometheus_http_requests_total", "handler", "code", source=Source.REMOTE_WRITE
)
REMOTE_WRITE = eq("handler", "/api/v1/write")
"""Of HTTP_REQUESTS and HTTP_DURATION, those of the remote-write receiver."""
HTTP_DURATION = _prometheus(
    "prometheus_http_request_duration_seconds_bucket", "handler", "le", source=Source.REMOTE_WRITE
)
HTTP_BOUNDS = (0.1, 0.2, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0, 120.0)
"""Of HTTP_DURATION's buckets, in seconds: Prometheus' web/web.go."""
OUT_OF_ORDER = _prometheus("prometheus_tsdb_out_of_order_samples_total", "type")
TOO_OLD = _prometheus("prometheus_tsdb_too_old_samples_total", "type")
HEAD_SERIES = _prometheus("prometheus_tsdb_head_series")
APPENDED = _prometheus("prometheus_tsdb_head_samples_appended_total", "type")
RULE_FAILURES = _prometheus("prometheus_rule_evaluation_failures_total", "rule_group")
ALERTS = _prometheus("ALERTS", "alertname", "alertstate", "severity", "namespace", "server")
ALERTS_SINCE = _prometheus("ALERTS_FOR_STATE", "alertname", "severity", "namespace", "server")

UP = _prometheus("up", source=Source.SCRAPE_PROXY)
SCRAPE_DURATION = _prometheus("scrape_duration_seconds", source=Source.SCRAPE_PROXY)
SCRAPE_SAMPLES = _prometheus("scrape_samples_scraped", source=Source.SCRAPE_PROXY)
TARGETS = (UP, SCRAPE_DURATION, SCRAPE_SAMPLES)

CADVISOR_CPU = _kubelet("container_cpu_usage_seconds_total", "container", "image")
CADVISOR_MEMORY = _kubelet("container_memory_working_set_bytes", "container", "image")
KUBELETSTATS_CPU = _kubelet("k8s_pod_cpu_usage")
KUBELETSTATS_MEMORY = _kubelet("k8s_pod_memory_working_set_bytes")

# kube-state-metrics 2: its own `namespace` and `pod` stay, as its chart honours its labels.
POD_RESTARTS = _kubelet("kube_pod_container_status_restarts_total", "container")
POD_ENDS = _kubelet("kube_pod_container_status_last_terminated_reason", "container", "reason")
POD_LIMITS = _kubelet("kube_pod_container_resource_limits", "container", "resource", "unit")

EVERY = tuple(each for each in globals().values() if isinstance(each, Series))
