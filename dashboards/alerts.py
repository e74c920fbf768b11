"""Alerts: what wakes someone, and what merely waits until morning."""

from dataclasses import dataclass
from enum import StrEnum

from dashboards import limits
from dashboards.promql import aggregate, or_zero, over_time
from dashboards.recordings import (
    CALL_RATE,
    ERROR_RATIO,
    LATENCY_P95,
    TOOL_ERROR_RATIO,
    TOOL_RATE,
    Recording,
)
from dashboards.series import RULE, Series
from dashboards.signal import EACH_SERVER
from dashboards.signals import calls, proxies

RUNBOOK = "dashboards/RUNBOOK.md"
"""Where the runbook is: a path in this repository, until the repository has a public address."""


class Severity(StrEnum):
    """Critical pages somebody now; warning waits for working hours."""

    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that somebody should hear of.

    `watches` is the expression without its bound: it has data whenever the alert can fire.
    `condition` is the whole expression, `hold` how long it must be true. `board` is the uid of
    the board that explains it. `summary` and `description` are templates of Prometheus.
    """

    name: str
    watches: str
    condition: str
    hold: str
    severity: Severity
    summary: str
    description: str
    board: str = "mcp-server"
    about: tuple[str, ...] = EACH_SERVER
    """Labels of the alert that are variables of the board too."""

    @property
    def runbook_url(self) -> str:
        """The alert's heading in the runbook."""
        return f"{RUNBOOK}#{self.name.lower()}"

    @property
    def dashboard_url(self) -> str:
        """The board, opened on the server that the alert is about; a path under Grafana's root."""
        chosen = "&".join(f"var-{label}={{{{ $labels.{label} }}}}" for label in self.about)
        return f"/d/{self.board}?{chosen}" if chosen else f"/d/{self.board}"


def _seen(series: Series, window: str = "") -> str:
    """The servers that `series` tells of, now or within the window."""
    vector = series.select(RULE)
    return aggregate("group", over_time("last", vector, window) if window else vector, EACH_SERVER)


def _either(window: str = "") -> str:
    """The servers that either emitter tells of: ours even when idle, ToolHive's once called."""
    return f"{_seen(proxies.UP, window)} or {_seen(calls.REQUESTS, window)}"


def _above(recording: Recording, bound: float, floor: Recording, least: float) -> str:
    """`recording` above its bound, where `floor` says that there is traffic enough to judge."""
    return f"{recording.record} > {bound:g} and {floor.record} > {least:g}"


_UPSTREAM = proxies.UP.now(RULE, by=EACH_SERVER, operator="max")
_LOST = or_zero(
    proxies.DROPPED.increase(RULE, by=EACH_SERVER), proxies.UP.now(RULE, by=EACH_SERVER)
)
_WHO = "{{ $labels.namespace }}/{{ $labels.server }}"

SERVER_DOWN = Alert(
    "MCPServerDown",
    _UPSTREAM,
    f"{_UPSTREAM} == 0",
    "2m",
    Severity.CRITICAL,
    f"MCP server {_WHO} is down",
    f"No proxy has reached the MCP server {_WHO} for 2 minutes"
    " (mcp_proxy_upstream_up is {{ $value }}): every call fails.",
)
TELEMETRY_ABSENT = Alert(
    "MCPTelemetryAbsent",
    _either(),
    f"absent({proxies.UP.name}) and absent({calls.REQUESTS.name})",
    "5m",
    Severity.CRITICAL,
    "No MCP telemetry arrives at all",
    "Prometheus has had no series of any MCP proxy for 5 minutes (absent is {{ $value }}):"
    " boards and all other MCP alerts are blind.",
    "mcp-pipeline",
    about=(),
)
TELEMETRY_STALE = Alert(
    "MCPTelemetryStale",
    _either("1h"),
    f"({_either('1h')}) unless ({_either()})",
    "5m",
    Severity.WARNING,
    f"MCP server {_WHO} went silent",
    f"{_WHO} told of itself within the last hour, and for 5 minutes does no more"
    " (series seen: {{ $value }}): the proxy is gone, or its road is.",
    "mcp-pipeline",
)
ERROR_RATIO_HIGH = Alert(
    "MCPErrorRatioHigh",
    ERROR_RATIO.record,
    _above(ERROR_RATIO, limits.ERRORS.critical, CALL_RATE, limits.CALL_FLOOR),
    "5m",
    Severity.WARNING,
    f"Calls to MCP server {_WHO} fail",
    "{{ $value | humanizePercentage }}" + f" of the calls to {_WHO} fail, over 5 minutes.",
)
LATENCY_HIGH = Alert(
    "MCPLatencyHigh",
    LATENCY_P95.record,
    _above(LATENCY_P95, limits.LATENCY_SECONDS.critical, CALL_RATE, limits.CALL_FLOOR),
    "5m",
    Severity.WARNING,
    f"MCP server {_WHO} is slow",
    f"5 of 100 calls to {_WHO} take longer than "
    "{{ $value | humanizeDuration }}, over 5 minutes.",
)
TOOL_FAILING = Alert(
    "MCPToolFailing",
    TOOL_ERROR_RATIO.record,
    _above(TOOL_ERROR_RATIO, limits.TOOL_ERRORS.critical, TOOL_RATE, limits.TOOL_CALL_FLOOR),
    "5m",
    Severity.WARNING,
    "Tool {{ $labels.tool }} of " + f"{_WHO} fails",
    "{{ $value | humanizePercentage }} of the calls to tool {{ $labels.tool }} of "
    f"{_WHO} fail, over 5 minutes.",
)
TELEMETRY_DROPPED = Alert(
    "MCPTelemetryDropped",
    _LOST,
    f"{_LOST} > 0",
    "5m",
    Severity.WARNING,
    f"The proxy of {_WHO} loses telemetry",
    f"The proxy of {_WHO} could not deliver "
    '{{ $value | printf "%.0f" }} spans or metric exports in 5 minutes.',
    "mcp-pipeline",
)

AVAILABILITY = (SERVER_DOWN, TELEMETRY_ABSENT, TELEMETRY_STALE)
ERRORS = (ERROR_RATIO_HIGH, TOOL_FAILING)
LATENCY = (LATENCY_HIGH,)
PIPELINE = (TELEMETRY_DROPPED,)
ALERTS = (*AVAILABILITY, *ERRORS, *LATENCY, *PIPELINE)
