"""Alerts on histories of telemetry that is lost, doubled or late."""

from tests.dashboards.alerts.cases import OF, UP, Fires, Quiet, alerts_test

DROPPED = f'mcp_proxy_telemetry_dropped_total{{{OF},signal="traces",reason="timeout"}}'
TARGET = 'job="ns/echo",instance="a"'
WRITES = 'prometheus_http_requests_total{handler="/api/v1/write",code='
FAILURES = "prometheus_rule_evaluation_failures_total"


FIRES = (
    Fires("MCPTelemetryDropped", {f"{UP}}}": "1x40", DROPPED: "0+12x40"}, ("9m", "15m"), "60"),
    Fires(
        "MCPSeriesDoubled",
        {f'{UP},pod="a",job="x"}}': "1x40", f'{UP},pod="a",job="y"}}': "1x40"},
        ("14m", "15m"),
        "2",
    ),
    Fires(
        "MCPSeriesDoubled",
        {f'{UP},job="{each}"}}': "1x40" for each in ("mcp", "pushed")},
        ("14m", "15m"),
        "2",
    ),
    Fires(
        "MCPScrapeFailing",
        {f'{UP},job="ns/echo"}}': "1x10 stale", f"up{{{TARGET}}}": "1x10 0x30"},
        ("15m", "16m"),
        "0",
        labels={"job": "ns/echo"},
    ),
    Fires(
        "MCPRulesFailing",
        {f'{FAILURES}{{rule_group="/etc/mcp.yaml;mcp-errors"}}': "0+1x40"},
        ("5m", "10m"),
        "5",
        labels={},
    ),
    Fires(
        "MCPRemoteWriteRejected",
        {f'{WRITES}"204"}}': "0+60x40", f'{WRITES}"400"}}': "0+6x40"},
        ("9m", "15m"),
        "0.10",
        labels={},
    ),
)


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
        {f"{UP}}}": "1x40", DROPPED: "0x3 50x40"},
    ),
    Quiet(
        "MCPSeriesDoubled",
        "two pods are two proxies",
        {f'{UP},pod="a"}}': "1x40", f'{UP},pod="b"}}': "1x40"},
    ),
    Quiet(
        "MCPSeriesDoubled",
        "replicas without pods are targets of one job",
        {f'{UP},job="mcp",instance="{each}"}}': "1x40" for each in "ab"},
    ),
    Quiet(
        "MCPSeriesDoubled",
        "ToolHive has separate series for its event streams",
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
)

test_alerts = alerts_test(FIRES, QUIET)
