"""What an alert is shown to do: histories of one server, and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from dashboards.alerts import ALERTS
from tests.dashboards.promtool import Firing, History, Labels

OF = 'namespace="ns",server="echo"'
WHO = {"namespace": "ns", "server": "echo"}
TOOL = {**WHO, "tool": "fetch"}
ON_SERVER = "/d/mcp-server?var-namespace=ns&var-server=echo"
ON_PIPELINE = "/d/mcp-pipeline?var-namespace=ns&var-server=echo"
WHOLE_PIPELINE = "/d/mcp-pipeline"

UP = f"mcp_proxy_upstream_up{{{OF}"
REQUESTS = f"toolhive_mcp_requests_total{{{OF}"
BUCKET = f"toolhive_mcp_request_duration_seconds_bucket{{{OF}"
OUTCOMES = f"mcp_proxy_outcomes_total{{{OF}"
TOOL_CALLS = f"toolhive_mcp_tool_calls_total{{{OF}"


class Told(TypedDict):
    """The two texts of an alert."""

    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Fires:
    """An alert that fires by `at` and not yet at `pending`.

    `every` is the time between samples, and between evaluations.
    """

    name: str
    history: History
    at: str
    pending: str
    labels: Labels
    summary: str
    description: str
    board: str = ON_SERVER
    every: str = "1m"
    given: Mapping[str, float] = field(default_factory=dict)
    """Thresholds instead of the defaults."""
    beside: History = field(default_factory=dict)
    """What the runbook's query asks for, where the alert judges by other series."""

    @property
    def firing(self) -> Firing:
        alert = next(each for each in ALERTS if each.name == self.name)
        return Firing(
            {"severity": str(alert.severity), **alert.labels, **self.labels},
            {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"dashboards/RUNBOOK.md#{self.name.lower()}",
                "dashboard_url": self.board,
            },
        )


@dataclass(frozen=True, slots=True)
class Quiet:
    """An alert that does not fire, and why."""

    name: str
    because: str
    history: History
    at: tuple[str, ...] = ("10m", "20m", "30m")
    every: str = "1m"
    given: Mapping[str, float] = field(default_factory=dict)


def calls(succeeded: str, failed: str, method: str = "tools/call") -> History:
    return {
        f'{REQUESTS},mcp_method="{method}",status="success"}}': succeeded,
        f'{REQUESTS},mcp_method="{method}",status="error"}}': failed,
    }


def tool_calls(succeeded: str, failed: str, tool: str = "fetch") -> History:
    return {
        f'{TOOL_CALLS},tool="{tool}",status="success"}}': succeeded,
        f'{TOOL_CALLS},tool="{tool}",status="error"}}': failed,
    }


def outcomes(by_outcome: dict[tuple[str, str], str]) -> History:
    """Calls by outcome and fault."""
    return {
        f'{OUTCOMES},mcp_method="tools/call",outcome="{outcome}",fault="{fault}"}}': values
        for (outcome, fault), values in by_outcome.items()
    }


def latencies(by_bound: dict[str, str], method: str = "tools/call") -> History:
    """Calls by the upper bound of their duration, and their count as the +Inf bucket has it."""
    buckets = {
        f'{BUCKET},mcp_method="{method}",le="{bound}"}}': each for bound, each in by_bound.items()
    }
    return buckets | {f'{REQUESTS},mcp_method="{method}",status="success"}}': by_bound["+Inf"]}


def buckets(series: str, by_bound: dict[str, str]) -> History:
    """Any histogram of the server; `series` is its name, and more labels after a comma."""
    name, _, more = series.partition(",")
    labels = f"{OF},{more}" if more else OF
    return {f'{name}_bucket{{{labels},le="{bound}"}}': each for bound, each in by_bound.items()}


def recorded(values: dict[str, str], more: str = "") -> History:
    """Series as rules recorded them."""
    return {f"{name}{{{OF}{more}}}": each for name, each in values.items()}
