"""Every recording rule: service level indicators, computed once, read by boards and alerts."""

from dataclasses import replace

from dashboards.expressions import calls, clients, context, pods, proxies, tools
from dashboards.promql import series
from dashboards.promql.expression import Binary, Expr, Paren
from dashboards.promql.functions import aggregate, ratio, rename_label, timestamp
from dashboards.promql.scope import EACH_POD, EACH_SERVER, EACH_TOOL, RULE
from dashboards.promql.series import any_of
from dashboards.recordings.objectives import CALL_RATES, objectives, success
from dashboards.recordings.recording import DETAILS, Recording, combine_windows
from dashboards.thresholds import DEFAULTS, Thresholds
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Instrument

REQUESTS = Recording(
    "mcp:requests:rate5m",
    calls.REQUESTS.rate(
        RULE, by=(*EACH_SERVER, "transport", "mcp_method", "status_code", "status")
    ),
)
LATENCY_BUCKETS = Recording(
    "mcp:latency_bucket:rate5m",
    calls.unless_coarse(
        calls.BUCKETS.rate(RULE, calls.IS_CALL, by=(*EACH_SERVER, "transport", "le")), RULE
    ),
)
CALL_SECONDS = Recording(
    "mcp:call_seconds:rate5m",
    calls.unless_coarse(calls.SUM.rate(RULE, calls.IS_CALL, by=EACH_SERVER), RULE),
)
METHOD_P95 = Recording(
    "mcp:method_latency:p95_5m", calls.latency(0.95, RULE, by=(*EACH_SERVER, "mcp_method"))
)
VERSIONS = Recording(
    "mcp:operations:rate5m", calls.OPERATIONS.rate(RULE, by=(*EACH_SERVER, "mcp_protocol_version"))
)


def _buckets(name: str, metric: catalogue.Metric) -> Recording:
    rated = series.buckets(metric).rate(RULE, by=(*EACH_SERVER, "le"))
    return Recording(f"mcp:{name}_bucket:rate5m", rated)


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
OUTCOMES = Recording(
    "mcp:outcomes:rate5m", calls.OUTCOMES.rate(RULE, by=(*EACH_SERVER, "outcome", "fault"))
)
LATENCY_P95 = Recording("mcp:latency:p95_5m", calls.latency(0.95, RULE, by=EACH_SERVER))
TOOL_RATE = Recording("mcp:tool_calls:rate5m", tools.call_rate(RULE, EACH_TOOL))
TOOL_ERRORS = Recording("mcp:tool_errors:rate5m", tools.failed_rate(RULE, EACH_TOOL))
TOOL_ERROR_RATIO = Recording(
    "mcp:tool_errors:ratio_rate5m", ratio(TOOL_ERRORS.value, TOOL_RATE.value)
)
TOOL_LATENCY_P95 = Recording("mcp:tool_latency:p95_5m", tools.latency(0.95, RULE))
CLIENT_RATE = Recording(
    "mcp:client_calls:rate5m", clients.call_rate(RULE, (*clients.EACH_CLIENT, "tool_class"))
)
CLIENT_ERRORS = Recording(
    "mcp:client_errors:rate5m", clients.failed_rate(RULE, clients.EACH_CLIENT)
)
CLIENT_RESULT_BYTES = Recording(
    "mcp:client_result_bytes:rate5m", clients.RESULT_BYTES.rate(RULE, by=clients.EACH_CLIENT)
)
TOOL_RATE_HOUR = Recording("mcp:tool_calls:rate1h", tools.call_rate(RULE.over("1h"), EACH_TOOL))
_TOOL_RATE_6H = Recording("mcp:tool_calls:rate6h", combine_windows(TOOL_RATE_HOUR, "6h", EACH_TOOL))
TOOL_RATE_DAY = Recording("mcp:tool_calls:rate1d", combine_windows(_TOOL_RATE_6H, "1d", EACH_TOOL))


TOOL_LIST_BYTES = Recording("mcp:tool_list_bytes:sum", context.definitions(RULE, by=EACH_SERVER))
RESULT_BYTES = Recording(
    "mcp:result_bytes:rate5m", context.RESULT_BYTES.rate(RULE, by=context.EACH_TARGET)
)
RESULTS = Recording("mcp:results:rate5m", context.RESULTS.rate(RULE, by=context.EACH_TARGET))
_TOOL_RESULT_HOUR = Recording(
    "mcp:tool_result_bytes:mean1h", context.mean_of_tools(RULE.over("1h"))
)
TOOL_RESULT_DAY = Recording(
    "mcp:tool_result_bytes:mean1d", _TOOL_RESULT_HOUR.value.over("avg_over_time", "1d")
)


def _families() -> Expr:
    """Series of each server by MCP metric, a histogram's counted once per label set.

    Without the metrics of a process, which other programs have too.
    """
    every = (
        series.count(each) if each.instrument is Instrument.HISTOGRAM else series.of(each)
        for each in catalogue.METRICS
        if not each.name.startswith("process_")
    )
    counted = aggregate("count", any_of(*every), (*EACH_SERVER, "__name__"))
    return rename_label(counted, "__name__", "family", keep=EACH_SERVER)


def _newest() -> Expr:
    """The time of each server's newest sample, while it is fresh."""
    ours, either = (
        aggregate("max", timestamp(each.select(RULE)), EACH_SERVER) for each in proxies.REPORTING
    )
    return ours | either


SERIES = Recording("mcp:series:count", _families())
NEWEST = Recording("mcp:sample:newest_timestamp", _newest())


def of_mcp_pods(use: Expr) -> Expr:
    """A use by namespace and pod, for the pods that MCP series come from, with their server."""
    ours = Paren(proxies.reporting(EACH_POD))
    return Binary("*", ours, Paren(use), on=pods.POD, group_left=True)


POD_CPU = Recording("mcp:pod_cpu_cores:rate5m", of_mcp_pods(pods.cpu(RULE)))
POD_MEMORY = Recording("mcp:pod_memory_bytes:sum", of_mcp_pods(pods.memory(RULE)))

_INDICATORS = (
    *(OUTCOMES, REQUESTS, LATENCY_BUCKETS, LATENCY_P95, METHOD_P95, CALL_SECONDS, VERSIONS),
    *(OVERHEAD_BUCKETS, OVERHEAD_SECONDS, PROXY_CPU, SESSION_BUCKETS, REQUEST_BUCKETS),
    *(RESPONSE_BUCKETS, FIRST_EVENT_BUCKETS, LOOP_LAG_P99, NEWEST, POD_CPU, POD_MEMORY),
    TOOL_LIST_BYTES,
)
_DETAILS = (
    *(TOOL_RATE, TOOL_ERRORS, TOOL_ERROR_RATIO, TOOL_LATENCY_P95),
    *(TOOL_RATE_HOUR, _TOOL_RATE_6H, TOOL_RATE_DAY, SERIES, CLIENT_RATE, CLIENT_ERRORS),
    *(CLIENT_RESULT_BYTES, RESULT_BYTES, RESULTS, _TOOL_RESULT_HOUR, TOOL_RESULT_DAY),
)


def recordings(t: Thresholds) -> tuple[Recording, ...]:
    """All of them, in the order of evaluation."""
    details = (replace(each, group=DETAILS) for each in _DETAILS)
    return (*objectives(t), *_INDICATORS, *details)


RECORDINGS = recordings(DEFAULTS)
CALL_RATE = CALL_RATES["5m"]
ERROR_RATIO = success(DEFAULTS).ratios["5m"]
