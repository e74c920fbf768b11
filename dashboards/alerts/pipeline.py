"""Pipeline: telemetry is lost, duplicated or late, so the other alerts cannot be trusted."""

from dashboards import third_party_metrics as metrics
from dashboards.alerts.alert import PIPELINE_BOARD, Alert, Runbook, Severity
from dashboards.alerts.collector import collector
from dashboards.expressions import proxies
from dashboards.promql.expression import Paren
from dashboards.promql.functions import aggregate, or_zero
from dashboards.promql.scope import EACH_SERVER, RULE, like
from dashboards.promql.series import any_of
from dashboards.thresholds import Thresholds

_DROPPED = or_zero(proxies.DROPPED.increase(RULE, by=EACH_SERVER), proxies.present(RULE))
_COPIES = proxies.copies(RULE)
_WRITES = metrics.HTTP_REQUESTS.rate(RULE, metrics.REMOTE_WRITE)
_REFUSED = metrics.HTTP_REQUESTS.rate(RULE, metrics.REMOTE_WRITE, like("code", "4.."))
_TARGETS = metrics.UP.now(RULE, by=("job",), operator="min")
_IS_OURS = like("rule_group", ".*mcp-.+")
_FAILURES = metrics.RULE_FAILURES.increase(RULE, _IS_OURS)


DROPPED = Alert(
    "MCPTelemetryDropped",
    _DROPPED,
    _DROPPED > 0,
    "10m",
    Severity.WARNING,
    "The proxy of {server} loses telemetry",
    "The proxy of {server} could not deliver {count} spans, log records or metric exports in 5"
    " minutes.",
    Runbook(
        "A proxy cannot deliver spans, log records or metric exports and drops them. Calls are not"
        " affected; numbers, traces and logs are incomplete.",
        "The collector is down, refuses them, or is too slow; or the proxy's endpoint or protocol"
        " is wrong.",
        'Is the collector up, does it refuse data ("Spans refused", "Metric points refused"), is'
        " its queue full? Fix or enlarge it. If it is healthy, compare the proxy's"
        " `OTEL_EXPORTER_OTLP_ENDPOINT` and protocol with the collector's receiver, and whether it"
        " has a pipeline for the signal.",
        proxies.DROPPED.increase(RULE, by=(*EACH_SERVER, "signal", "reason")),
        "`reason` says where it was lost: `queue_full` (more spans or log records than the"
        " collector accepts in time), `export_failed` (the collector could not be reached, rejected"
        " the request, or its response was not a collector's; the proxy's log has the first"
        " reason), `rejected` (it accepted the request but not everything in it), `shutdown` (the"
        " proxy ended before it was sent).",
    ),
    board=PIPELINE_BOARD,
)
DOUBLED = Alert(
    "MCPSeriesDoubled",
    _COPIES,
    Paren(_COPIES) > 1,
    "15m",
    Severity.WARNING,
    "The series of {server} arrive twice",
    "The series of {server} arrive through {count} ingestion paths: every sum counts them that"
    " many times.",
    Runbook(
        "The series of one proxy arrive through more than one ingestion path, so rates and sums are"
        " twice too high.",
        "The proxy both pushes its metrics and is scraped, or two monitors select it.",
        "Keep one path: stop the push where it is scraped, or remove the monitor where it pushes."
        " {stop_push}",
        aggregate("count", any_of(proxies.UP, proxies.CONNECTIONS), (*EACH_SERVER, "pod", "job")),
    ),
    board=PIPELINE_BOARD,
)
SCRAPE_FAILING = Alert(
    "MCPScrapeFailing",
    _TARGETS.and_on(("job",), Paren(proxies.reporting(("job",)))),
    _TARGETS.equals(0).and_on(("job",), Paren(proxies.reporting(("job",), within="1d"))),
    "5m",
    Severity.WARNING,
    "Prometheus cannot scrape {job}",
    "Prometheus has not read a target of {job} for 5 minutes (up is {value}).",
    Runbook(
        "Prometheus cannot read a target that MCP series came from within the last day.",
        "The pod is gone or hangs, its port changed, or a network policy blocks the connection.",
        "Open the target's page in Prometheus: it shows the error. Compare the port of the"
        " ServiceMonitor with the Service, and the Service with the pod.",
        metrics.UP.select(RULE).equals(0),
    ),
    board=PIPELINE_BOARD,
)
RULES_FAILING = Alert(
    "MCPRulesFailing",
    _FAILURES,
    _FAILURES > 0,
    "5m",
    Severity.WARNING,
    "MCP rules fail",
    "{count} evaluations of MCP rules failed in 5 minutes: indicators have gaps, and alerts of the"
    " failing rules cannot fire.",
    Runbook(
        "Rules of this project fail, so indicators have gaps and their alerts cannot fire.",
        "Two emitters write the same series with labels that do not match, or Prometheus is"
        " overloaded.",
        "Open Status, Rule health in Prometheus: the rule's line shows the error. Duplicate"
        " series: two ingestion paths deliver the series of one proxy, disable one. Timeouts: give"
        " Prometheus more CPU.",
        metrics.RULE_FAILURES.select(RULE, _IS_OURS).over("increase", RULE.window),
    ),
    board=PIPELINE_BOARD,
)
WRITE_REJECTED = Alert(
    "MCPRemoteWriteRejected",
    _WRITES,
    _REFUSED > 0,
    "10m",
    Severity.WARNING,
    "Prometheus rejects remote writes",
    "{rate} remote writes per second are answered with 4xx: their samples are lost.",
    Runbook(
        "Prometheus answers remote writes with 4xx; writers do not retry, so the samples are lost.",
        "Samples are too old or out of order (a writer was down, or two write the same series), or"
        " the receiver is disabled (404).",
        '404: start Prometheus with the remote-write receiver. 400: see "Samples refused by'
        ' Prometheus"; widen the out-of-order window, or stop the second writer.',
        metrics.HTTP_REQUESTS.rate(RULE, metrics.REMOTE_WRITE, by=("code",)),
    ),
    board=PIPELINE_BOARD,
)


def pipeline(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, along the path from the proxies to Prometheus."""
    return (DROPPED, *collector(t), WRITE_REJECTED, SCRAPE_FAILING, DOUBLED, RULES_FAILING)
