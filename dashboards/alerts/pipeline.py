"""Pipeline: telemetry is lost, doubled or late, so the other alerts cannot be trusted."""

from dashboards import third_party_metrics
from dashboards.alerts.alert import NUMBER, PIPELINE_BOARD, PRESENT, WHO, Alert, Severity, over
from dashboards.alerts.collector import collector
from dashboards.promql import eq, like, or_zero
from dashboards.series import RULE, Source
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies
from dashboards.thresholds import Thresholds

_NOW = over("")
_DROPPED = or_zero(proxies.DROPPED.increase(RULE, by=EACH_SERVER), PRESENT)
_POD = ("namespace", "server", "pod", "transport")
_COPIES = " or ".join(
    f"max by (namespace, server) ({count})"
    for count in (
        proxies.UP.now(_NOW, by=_POD, operator="count"),
        proxies.CONNECTIONS.now(_NOW, proxies.NOT_SSE, by=_POD, operator="count"),
    )
)
_WRITE = eq("handler", "/api/v1/write")
_OUR_JOBS = " or ".join(f"group by (job) ({each.name})" for each in (proxies.UP, calls.REQUESTS))
_EVER_OURS = " or ".join(
    f"group by (job) (last_over_time({each.name}[1d]))" for each in (proxies.UP, calls.REQUESTS)
)
_TARGETS = third_party_metrics.UP.now(_NOW, by=("job",), operator="min")
_RULES = third_party_metrics.RULE_FAILURES.increase(RULE, like("rule_group", ".*mcp-.+"))


DROPPED = Alert(
    "MCPTelemetryDropped",
    _DROPPED,
    f"{_DROPPED} > 0",
    "10m",
    Severity.WARNING,
    f"The proxy of {WHO} loses telemetry",
    f"The proxy of {WHO} could not deliver {NUMBER} spans or metric exports in 5 minutes.",
    board=PIPELINE_BOARD,
)
DOUBLED = Alert(
    "MCPSeriesDoubled",
    _COPIES,
    f"({_COPIES}) > 1",
    "15m",
    Severity.WARNING,
    f"The series of {WHO} arrive twice",
    f"The series of {WHO} arrive by {NUMBER} roads: every sum counts them as often.",
    board=PIPELINE_BOARD,
)
SCRAPE_FAILING = Alert(
    "MCPScrapeFailing",
    f"{_TARGETS} and on (job) ({_OUR_JOBS})",
    f"{_TARGETS} == 0 and on (job) ({_EVER_OURS})",
    "5m",
    Severity.WARNING,
    "Prometheus cannot scrape {{ $labels.job }}",
    "Prometheus has not read a target of {{ $labels.job }} for 5 minutes (up is {{ $value }}).",
    board=PIPELINE_BOARD,
    about=(),
    needs=Source.SCRAPE_PROXY,
)
RULES_FAILING = Alert(
    "MCPRulesFailing",
    _RULES,
    f"{_RULES} > 0",
    "5m",
    Severity.WARNING,
    "MCP rules fail",
    f"{NUMBER} evaluations of MCP rules failed in 5 minutes: indicators have holes, and alerts of"
    " the failing rules cannot fire.",
    board=PIPELINE_BOARD,
    about=(),
    needs=Source.PROMETHEUS,
)
WRITES = third_party_metrics.HTTP_REQUESTS.rate(RULE, _WRITE)
_REFUSED = third_party_metrics.HTTP_REQUESTS.rate(RULE, _WRITE, like("code", "4.."))
WRITE_REJECTED = Alert(
    "MCPRemoteWriteRejected",
    WRITES,
    f"{_REFUSED} > 0",
    "10m",
    Severity.WARNING,
    "Prometheus rejects remote writes",
    '{{ $value | printf "%.2f" }} remote writes per second are answered with 4xx:'
    " their samples are lost for good.",
    board=PIPELINE_BOARD,
    about=(),
    needs=Source.REMOTE_WRITE,
)


def pipeline(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, along the road from the proxies to Prometheus."""
    return (
        DROPPED,
        *collector(t),
        WRITE_REJECTED,
        SCRAPE_FAILING,
        DOUBLED,
        RULES_FAILING,
    )
