"""Each alert fires on what it is for, with its text, and keeps quiet just below and at low traffic.

The histories are played to the rendered rules by promtool, minute by minute.
"""

from dataclasses import dataclass, field

import pytest

from dashboards import alerts
from dashboards.alerts import ALERTS, Alert
from tests.dashboards.promtool import Firing, History, Labels, Promtool

pytestmark = pytest.mark.slow

OF = 'namespace="ns",server="echo"'
WHO = {"namespace": "ns", "server": "echo"}
CALLS = f"toolhive_mcp_requests_total{{{OF}"
BUCKET = f"toolhive_mcp_request_duration_seconds_bucket{{{OF},mcp_method"
UP = f"mcp_proxy_upstream_up{{{OF}"
TOOL = f'toolhive_mcp_tool_calls_total{{{OF},tool="fetch"'
DROPPED = f"mcp_proxy_telemetry_dropped_total{{{OF}"
ON_SERVER = "/d/mcp-server?var-namespace=ns&var-server=echo"
ON_PIPELINE = "/d/mcp-pipeline?var-namespace=ns&var-server=echo"


@dataclass(frozen=True, slots=True)
class Fires:
    """An alert that fires by `at` and not yet at `pending`."""

    alert: Alert
    history: History
    at: str
    pending: str
    labels: Labels
    summary: str
    description: str
    board: str = ON_SERVER

    @property
    def firing(self) -> Firing:
        return Firing(
            {"severity": str(self.alert.severity), **self.labels},
            {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"dashboards/RUNBOOK.md#{self.alert.name.lower()}",
                "dashboard_url": self.board,
            },
        )


def calls(succeeded: str, failed: str, method: str = "tools/call") -> History:
    return {
        f'{CALLS},mcp_method="{method}",status="success"}}': succeeded,
        f'{CALLS},mcp_method="{method}",status="error"}}': failed,
    }


def tool_calls(succeeded: str, failed: str) -> History:
    return {f'{TOOL},status="success"}}': succeeded, f'{TOOL},status="error"}}': failed}


def latencies(by_bound: dict[str, str], method: str = "tools/call") -> History:
    """Calls by the upper bound of their duration, and their count as the +Inf bucket has it."""
    buckets = {f'{BUCKET}="{method}",le="{bound}"}}': each for bound, each in by_bound.items()}
    return buckets | {f'{CALLS},mcp_method="{method}",status="success"}}': by_bound["+Inf"]}


FIRES = (
    Fires(
        alerts.SERVER_DOWN,
        {f'{UP},pod="a"}}': "1 1 0x20", f'{UP},pod="b"}}': "1 1 0x20"},
        at="5m",
        pending="3m",
        labels=WHO,
        summary="MCP server ns/echo is down",
        description="No proxy has reached the MCP server ns/echo for 2 minutes"
        " (mcp_proxy_upstream_up is 0): every call fails.",
    ),
    Fires(
        alerts.TELEMETRY_ABSENT,
        {'up{job="otel-collector"}': "1x20"},
        at="6m",
        pending="4m",
        labels={},
        summary="No MCP telemetry arrives at all",
        description="Prometheus has had no series of any MCP proxy for 5 minutes (absent is 1):"
        " boards and all other MCP alerts are blind.",
        board="/d/mcp-pipeline",
    ),
    Fires(
        alerts.TELEMETRY_STALE,
        {f"{UP}}}": "1x10 stale", 'mcp_proxy_upstream_up{namespace="ns",server="b"}': "1x90"},
        at="20m",
        pending="14m",
        labels=WHO,
        summary="MCP server ns/echo went silent",
        description="ns/echo told of itself within the last hour, and for 5 minutes does no more"
        " (series seen: 1): the proxy is gone, or its road is.",
        board=ON_PIPELINE,
    ),
    Fires(
        alerts.ERROR_RATIO_HIGH,
        calls("0+54x20", "0+6x20"),
        at="10m",
        pending="4m",
        labels=WHO,
        summary="Calls to MCP server ns/echo fail",
        description="10% of the calls to ns/echo fail, over 5 minutes.",
    ),
    Fires(
        alerts.TOOL_FAILING,
        tool_calls("0+1x20", "0+3x20"),
        at="10m",
        pending="4m",
        labels={**WHO, "tool": "fetch"},
        summary="Tool fetch of ns/echo fails",
        description="75% of the calls to tool fetch of ns/echo fail, over 5 minutes.",
    ),
    Fires(
        alerts.LATENCY_HIGH,
        latencies({"2": "0+54x20", "5": "0+60x20", "+Inf": "0+60x20"}),
        at="10m",
        pending="4m",
        labels=WHO,
        summary="MCP server ns/echo is slow",
        description="5 of 100 calls to ns/echo take longer than 3.5s, over 5 minutes.",
    ),
    Fires(
        alerts.TELEMETRY_DROPPED,
        {f"{UP}}}": "1x20", f'{DROPPED},signal="traces",reason="timeout"}}': "0+12x20"},
        at="10m",
        pending="4m",
        labels=WHO,
        summary="The proxy of ns/echo loses telemetry",
        description="The proxy of ns/echo could not deliver 60 spans or metric exports"
        " in 5 minutes.",
        board=ON_PIPELINE,
    ),
)


@pytest.mark.parametrize("case", FIRES, ids=lambda case: case.alert.name)
def test_an_alert_fires_after_its_hold_with_its_labels_and_text(
    case: Fires, promtool: Promtool
) -> None:
    expected = {case.pending: [], case.at: [case.firing]}

    assert promtool.alerts(case.history, case.alert.name, expected) == ""


def test_every_alert_is_shown_to_fire() -> None:
    assert {case.alert.name for case in FIRES} == {alert.name for alert in ALERTS}


@dataclass(frozen=True, slots=True)
class Quiet:
    """An alert that does not fire, and why."""

    alert: Alert
    because: str
    history: History
    at: tuple[str, ...] = field(default=("10m", "20m"))


QUIET = (
    Quiet(
        alerts.SERVER_DOWN,
        "one replica still reaches its server",
        {f'{UP},pod="a"}}': "0x20", f'{UP},pod="b"}}': "1x20"},
    ),
    Quiet(alerts.TELEMETRY_ABSENT, "an idle proxy of ours tells of itself", {f"{UP}}}": "1x20"}),
    Quiet(
        alerts.TELEMETRY_ABSENT,
        "ToolHive's proxy tells of calls",
        {f"toolhive_mcp_requests_total{{{OF}}}": "5x20"},
    ),
    Quiet(
        alerts.TELEMETRY_STALE,
        "the server has been gone for more than an hour",
        {f"{UP}}}": "1x10 stale"},
        at=("72m", "80m"),
    ),
    Quiet(
        alerts.TELEMETRY_STALE,
        "only the pod was replaced",
        {f'{UP},pod="a"}}': "1x10 stale", f'{UP},pod="b"}}': "_x10 1x20"},
    ),
    Quiet(alerts.ERROR_RATIO_HIGH, "5 % is the bound itself", calls("0+57x20", "0+3x20")),
    Quiet(
        alerts.ERROR_RATIO_HIGH,
        "every call fails, but there are too few",
        calls("0x20", "0+2x20"),
    ),
    Quiet(
        alerts.ERROR_RATIO_HIGH,
        "streams that end badly are no calls",
        calls("0+60x20", "0x20") | calls("0x20", "0+60x20", method="unknown"),
    ),
    Quiet(alerts.TOOL_FAILING, "50 % is the bound itself", tool_calls("0+6x20", "0+6x20")),
    Quiet(
        alerts.TOOL_FAILING,
        "every call fails, but there are too few",
        tool_calls("0x20", "0+0.5x20"),
    ),
    Quiet(
        alerts.LATENCY_HIGH,
        "2 s is the bound itself",
        latencies({"2": "0+57x20", "5": "0+60x20", "+Inf": "0+60x20"}),
    ),
    Quiet(
        alerts.LATENCY_HIGH,
        "every call is slow, but there are too few",
        latencies({"2": "0x20", "5": "0+2x20", "+Inf": "0+2x20"}),
    ),
    Quiet(
        alerts.LATENCY_HIGH,
        "a stream may last for long",
        latencies({"2": "0+60x20", "5": "0+60x20", "+Inf": "0+60x20"})
        | latencies({"2": "0x20", "300": "0+60x20", "+Inf": "0+60x20"}, method="unknown"),
    ),
    Quiet(
        alerts.TELEMETRY_DROPPED,
        "what was lost long ago is history",
        {f"{UP}}}": "1x20", f'{DROPPED},signal="traces",reason="timeout"}}': "12x20"},
    ),
    Quiet(alerts.TELEMETRY_DROPPED, "nothing was ever lost", {f"{UP}}}": "1x20"}),
)


@pytest.mark.parametrize("case", QUIET, ids=lambda case: f"{case.alert.name}: {case.because}")
def test_an_alert_keeps_quiet(case: Quiet, promtool: Promtool) -> None:
    expected: dict[str, list[Firing]] = {time: [] for time in case.at}

    assert promtool.alerts(case.history, case.alert.name, expected) == ""
