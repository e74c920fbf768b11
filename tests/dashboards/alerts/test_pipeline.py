"""Alerts on histories of telemetry that is lost, doubled or late."""

from tests.dashboards.alerts.cases import OF, UP, Fires, Quiet, firing_test, quiet_test
from tests.dashboards.promtool import History

JOB = 'job="otel-collector"'
DROPPED = f'mcp_proxy_telemetry_dropped_total{{{OF},signal="traces",reason="timeout"}}'
MEMORY = f"otelcol_process_memory_rss_bytes{{{JOB}}}"
TARGET = 'job="ns/echo",instance="a"'
WRITES = 'prometheus_http_requests_total{handler="/api/v1/write",code='
QUEUE = f'{{{JOB},exporter="otlp",data_type="traces"}}'
FAILURES = "prometheus_rule_evaluation_failures_total"
SUFFIXES = ("", "_total")


def through(direction: str, good: str, bad: str, values: str, suffix: str = "") -> History:
    """What passes the collector while some is lost."""
    label = f'{direction}="otlp"'
    return {
        f"otelcol_{direction}_{good}{suffix}{{{JOB},{label}}}": "0+60x40",
        f"otelcol_{direction}_{bad}{suffix}{{{JOB},{label}}}": values,
    }


def collector(name: str, direction: str, good: str, bad: str, suffix: str = "") -> Fires:
    history = through(direction, good, bad, "0+30x40", suffix)
    return Fires(name, history, between=("9m", "15m"), labels={direction: "otlp"}, value="0.50")


FIRES = (
    Fires(
        "MCPTelemetryDropped",
        {f"{UP}}}": "1x40", DROPPED: "0+12x40"},
        between=("9m", "15m"),
        value="60",
    ),
    Fires(
        "MCPSeriesDoubled",
        {f'{UP},pod="a",job="x"}}': "1x40", f'{UP},pod="a",job="y"}}': "1x40"},
        between=("14m", "15m"),
        value="2",
    ),
    Fires(
        "MCPScrapeFailing",
        {f'{UP},job="ns/echo"}}': "1x10 stale", f"up{{{TARGET}}}": "1x10 0x30"},
        between=("15m", "16m"),
        labels={"job": "ns/echo"},
        value="0",
    ),
    Fires(
        "MCPRulesFailing",
        {f'{FAILURES}{{rule_group="/etc/mcp.yaml;mcp-errors"}}': "0+1x40"},
        between=("5m", "10m"),
        labels={},
        value="5",
    ),
    Fires(
        "MCPCollectorSilent",
        {MEMORY: "1x10 stale"},
        between=("15m", "16m"),
        labels={"job": "otel-collector"},
        value="1",
    ),
    Fires(
        "MCPCollectorQueueFilling",
        {
            f"otelcol_exporter_queue_size{QUEUE}": "81x20",
            f"otelcol_exporter_queue_capacity{QUEUE}": "100x20",
        },
        between=("4m", "5m"),
        labels={"exporter": "otlp", "data_type": "traces"},
        value="81%",
    ),
    Fires(
        "MCPRemoteWriteRejected",
        {f'{WRITES}"204"}}': "0+60x40", f'{WRITES}"400"}}': "0+6x40"},
        between=("9m", "15m"),
        labels={},
        value="0.10",
    ),
    collector("MCPSpansRefused", "receiver", "accepted_spans", "refused_spans"),
    collector("MCPSpansLost", "exporter", "sent_spans", "enqueue_failed_spans", "_total"),
    collector(
        "MCPMetricPointsRefused", *("receiver", "accepted_metric_points", "failed_metric_points")
    ),
    collector(
        "MCPMetricPointsLost",
        *("exporter", "sent_metric_points", "send_failed_metric_points", "_total"),
    ),
)

ONCE = "0x3 50x40"
QUIET = (
    Quiet(
        "MCPTelemetryDropped",
        "what was lost long ago is history",
        {f"{UP}}}": "1x40", DROPPED: "12x40"},
    ),
    Quiet("MCPTelemetryDropped", "nothing was ever lost", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPTelemetryDropped",
        "the collector was away for a moment",
        {f"{UP}}}": "1x40", DROPPED: ONCE},
    ),
    Quiet(
        "MCPSeriesDoubled",
        "two pods are two proxies",
        {f'{UP},pod="a"}}': "1x40", f'{UP},pod="b"}}': "1x40"},
    ),
    Quiet(
        "MCPSeriesDoubled",
        "ToolHive tells of its event streams apart",
        {
            f'toolhive_mcp_active_connections{{{OF},pod="a"}}': "1x40",
            f'toolhive_mcp_active_connections{{{OF},pod="a",transport="sse"}}': "1x40",
        },
    ),
    Quiet(
        "MCPScrapeFailing", "the target is no proxy", {'up{job="ns/other",instance="a"}': "0x40"}
    ),
    Quiet(
        "MCPScrapeFailing",
        "one scrape failed",
        {f'{UP},job="ns/echo"}}': "1x40", f"up{{{TARGET}}}": "1x10 0 1x30"},
    ),
    Quiet(
        "MCPRulesFailing",
        "rules of others fail",
        {f'{FAILURES}{{rule_group="/etc/x.yaml;node"}}': "0+1x40"},
    ),
    Quiet(
        "MCPRulesFailing",
        "it was long ago",
        {f'{FAILURES}{{rule_group="/etc/mcp.yaml;mcp-errors"}}': "3x40"},
    ),
    Quiet("MCPCollectorSilent", "there never was one", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPCollectorSilent",
        "its pod was replaced",
        {
            f'otelcol_process_memory_rss{{{JOB},instance="a"}}': "1x10 stale",
            f'otelcol_process_memory_rss{{{JOB},instance="b"}}': "_x12 1x40",
        },
    ),
    Quiet(
        "MCPCollectorQueueFilling",
        "80 % is the bound itself",
        {
            f"otelcol_exporter_queue_size{QUEUE}": "80x40",
            f"otelcol_exporter_queue_capacity{QUEUE}": "100x40",
        },
    ),
    Quiet(
        "MCPRemoteWriteRejected",
        "5xx is tried again",
        {f'{WRITES}"204"}}': "0+60x40", f'{WRITES}"503"}}': "0+6x40"},
    ),
    Quiet(
        "MCPRemoteWriteRejected",
        "one write was rejected",
        {f'{WRITES}"204"}}': "0+60x40", f'{WRITES}"400"}}': "0x3 1x40"},
    ),
    *(
        Quiet(name, "it was one moment", through(direction, good, bad, ONCE, suffix))
        for suffix in SUFFIXES
        for name, direction, good, bad in (
            ("MCPSpansRefused", "receiver", "accepted_spans", "refused_spans"),
            ("MCPSpansLost", "exporter", "sent_spans", "send_failed_spans"),
            (
                "MCPMetricPointsRefused",
                "receiver",
                "accepted_metric_points",
                "refused_metric_points",
            ),
            (
                "MCPMetricPointsLost",
                "exporter",
                "sent_metric_points",
                "enqueue_failed_metric_points",
            ),
        )
    ),
)

test_fires = firing_test(FIRES)
test_stays_quiet = quiet_test(QUIET)
