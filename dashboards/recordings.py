"""Recording rules: the service level indicators, computed once, read by boards and alerts."""

from dataclasses import replace

from dashboards import series, third_party_metrics
from dashboards.objectives import CALLS, objectives, success
from dashboards.promql import aggregate, like, ne, quantile, renamed, selector
from dashboards.recording import DETAILS, Recording, combine_windows
from dashboards.series import RULE, Scope, Source
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies, tools
from dashboards.thresholds import DEFAULTS, Thresholds
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Instrument

POD = ("namespace", "pod")
TOOL = ("namespace", "server", "tool")


REQUEST = (*EACH_SERVER, "transport", "mcp_method", "status_code", "status")
METHOD = (*EACH_SERVER, "mcp_method")
BUCKET = (*EACH_SERVER, "le")
DURATION = (*EACH_SERVER, "transport", "le")
VERSION = (*EACH_SERVER, "mcp_protocol_version")
OUTCOME = (*EACH_SERVER, "outcome", "fault")
REQUESTS = Recording("mcp:requests:rate5m", calls.REQUESTS.rate(RULE, by=REQUEST), REQUEST)
LATENCY_BUCKETS = Recording(
    "mcp:latency_bucket:rate5m", calls.BUCKETS.rate(RULE, calls.IS_CALL, by=DURATION), DURATION
)
CALL_SECONDS = Recording(
    "mcp:call_seconds:rate5m", calls.SUM.rate(RULE, calls.IS_CALL, by=EACH_SERVER)
)
METHOD_P95 = Recording("mcp:method_latency:p95_5m", calls.latency(0.95, RULE, by=METHOD), METHOD)
VERSIONS = Recording(
    "mcp:operations:rate5m",
    series.count(catalogue.OPERATION_DURATION).rate(RULE, by=VERSION),
    VERSION,
)


def _buckets(name: str, metric: catalogue.Metric) -> Recording:
    rated = series.buckets(metric).rate(RULE, by=BUCKET)
    return Recording(f"mcp:{name}_bucket:rate5m", rated, BUCKET)


OVERHEAD_BUCKETS = _buckets("overhead", catalogue.OVERHEAD)
OVERHEAD_SECONDS = Recording(
    "mcp:overhead_seconds:rate5m", series.total(catalogue.OVERHEAD).rate(RULE, by=EACH_SERVER)
)
PROXY_CPU = Recording(
    "mcp:proxy_cpu_cores:rate5m", proxies.CPU.rate(RULE, proxies.OF_A_PROXY, by=EACH_SERVER)
)
SESSION_BUCKETS = _buckets("session_duration", catalogue.SESSION_DURATION)
REQUEST_BUCKETS = _buckets("request_size", catalogue.REQUEST_SIZE)
RESPONSE_BUCKETS = _buckets("response_size", catalogue.RESPONSE_SIZE)
FIRST_EVENT_BUCKETS = _buckets("first_event", catalogue.FIRST_EVENT)
LOOP_LAG_P99 = Recording(
    "mcp:event_loop_lag:p99_5m", proxies.LAG.quantile(0.99, RULE, by=EACH_SERVER)
)
OUTCOMES = Recording("mcp:outcomes:rate5m", calls.OUTCOMES.rate(RULE, by=OUTCOME), OUTCOME)
LATENCY_P95 = Recording("mcp:latency:p95_5m", calls.latency(0.95, RULE, by=EACH_SERVER))
TOOL_RATE = Recording("mcp:tool_calls:rate5m", tools.call_rate(RULE, TOOL), TOOL)
TOOL_ERRORS = Recording("mcp:tool_errors:rate5m", tools.failed_rate(RULE, TOOL), TOOL)
TOOL_ERROR_RATIO = Recording(
    "mcp:tool_errors:ratio_rate5m", f"{TOOL_ERRORS.record} / ({TOOL_RATE.record} > 0)", TOOL
)


def _tool_latency() -> str:
    spans = tools.BUCKETS.rate(RULE, tools.NAMED, by=("le", *EACH_SERVER, tools.NAME))
    return renamed(quantile(0.95, spans), tools.NAME, "tool", keep=EACH_SERVER)


TOOL_LATENCY_P95 = Recording("mcp:tool_latency:p95_5m", _tool_latency(), TOOL)
_TOOL_CALLS = "mcp:tool_calls:rate"
TOOL_RATE_HOUR = Recording(f"{_TOOL_CALLS}1h", tools.call_rate(Scope((), "1h"), TOOL), TOOL)
TOOL_RATE_DAY = Recording(f"{_TOOL_CALLS}1d", combine_windows(_TOOL_CALLS, "1d", TOOL), TOOL)


def _of_mcp_pods(use: str) -> str:
    """A use by namespace and pod, for the pods that MCP series come from, with their server."""
    ours = " or ".join(
        each.now(RULE, by=proxies.EACH_POD, operator="group")
        for each in (proxies.UP, calls.REQUESTS)
    )
    return f"({ours}) * on (namespace, pod) group_left () ({use})"


# cAdvisor counts each container, and the whole pod once more under no container name.
_CONTAINERS = ne("container", "")


def _newest() -> str:
    """The time of each server's newest sample, while it is fresh."""
    stamps = (f"timestamp({each.select(RULE)})" for each in (proxies.UP, calls.REQUESTS))
    return " or ".join(aggregate("max", each, EACH_SERVER) for each in stamps)


def _families() -> str:
    """Series of each server by MCP metric, a histogram's counted once per label set.

    Without the families of a process, which are not ours alone.
    """
    names = "|".join(
        series.count(each).name if each.instrument is Instrument.HISTOGRAM else each.series
        for each in catalogue.METRICS
        if not each.name.startswith("process_")
    )
    counted = aggregate("count", selector("", like("__name__", names)), (*EACH_SERVER, "__name__"))
    return renamed(counted, "__name__", "family", keep=EACH_SERVER)


SERIES = Recording("mcp:series:count", _families(), (*EACH_SERVER, "family"))
NEWEST = Recording("mcp:sample:newest_timestamp", _newest())
POD_CPU = Recording(
    "mcp:pod_cpu_cores:rate5m",
    _of_mcp_pods(
        f"{third_party_metrics.CADVISOR_CPU.rate(RULE, _CONTAINERS, by=POD)}"
        f" or {third_party_metrics.KUBELETSTATS_CPU.now(RULE, by=POD)}"
    ),
    proxies.EACH_POD,
    Source.KUBELET,
)
POD_MEMORY = Recording(
    "mcp:pod_memory_bytes:sum",
    _of_mcp_pods(
        f"{third_party_metrics.CADVISOR_MEMORY.now(RULE, _CONTAINERS, by=POD)}"
        f" or {third_party_metrics.KUBELETSTATS_MEMORY.now(RULE, by=POD)}"
    ),
    proxies.EACH_POD,
    Source.KUBELET,
)


_OBSERVED = (
    OUTCOMES,
    REQUESTS,
    LATENCY_BUCKETS,
    LATENCY_P95,
    METHOD_P95,
    CALL_SECONDS,
    VERSIONS,
    OVERHEAD_BUCKETS,
    OVERHEAD_SECONDS,
    PROXY_CPU,
    SESSION_BUCKETS,
    REQUEST_BUCKETS,
    RESPONSE_BUCKETS,
    FIRST_EVENT_BUCKETS,
    LOOP_LAG_P99,
    NEWEST,
    POD_CPU,
    POD_MEMORY,
)


_DETAILS = (
    TOOL_RATE,
    TOOL_ERRORS,
    TOOL_ERROR_RATIO,
    TOOL_LATENCY_P95,
    TOOL_RATE_HOUR,
    Recording(f"{_TOOL_CALLS}6h", combine_windows(_TOOL_CALLS, "6h", TOOL), TOOL),
    TOOL_RATE_DAY,
    SERIES,
)


def recordings(t: Thresholds) -> tuple[Recording, ...]:
    """All of them, in the order of evaluation."""
    details = (replace(each, group=DETAILS) for each in _DETAILS)
    return (*objectives(t), *_OBSERVED, *details)


RECORDINGS = recordings(DEFAULTS)


def _named(record: str) -> Recording:
    return next(each for each in RECORDINGS if each.record == record)


CALL_RATE = _named(f"{CALLS}5m")
ERROR_RATIO = _named(success(DEFAULTS).ratio("5m"))
