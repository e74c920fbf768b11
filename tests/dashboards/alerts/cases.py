"""Cases of alerts: histories of one server's series, and whether the alert fires on them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from dashboards import ALERTS, Alert
from tests.dashboards.promtool import Firing, History, Labels, Promtool, Replay

OF = 'namespace="ns",server="echo"'
SERVER = {"namespace": "ns", "server": "echo"}
TOOL = {**SERVER, "tool": "fetch"}

UP = f"mcp_proxy_upstream_up{{{OF}"
REQUESTS = f"toolhive_mcp_requests_total{{{OF}"
BUCKET = f"toolhive_mcp_request_duration_seconds_bucket{{{OF}"
OUTCOMES = f"mcp_proxy_outcomes_total{{{OF}"
TOOL_CALLS = f"toolhive_mcp_tool_calls_total{{{OF}"

BY_NAME = {alert.name: alert for alert in ALERTS}

IDENTIFYING = ("namespace", "server", "job", "exported_job", "exporter", "receiver", "family")
"""Labels by which the answer to a runbook's query identifies what the alert is about."""


@dataclass(frozen=True, slots=True)
class Fires:
    """An alert that is not yet firing at the first time of `between`, and fires at the second.

    `value` is the alert's value as its description shows it; `every` is the time between samples,
    and between evaluations.
    """

    name: str
    history: History
    between: tuple[str, str]
    value: str
    labels: Labels = field(default_factory=lambda: SERVER)
    every: str = "1m"
    given: Mapping[str, float] = field(default_factory=dict)
    """Thresholds instead of the defaults."""
    beside: History = field(default_factory=dict)
    """What the runbook's query selects, where the alert uses other series."""

    @property
    def title(self) -> str:
        return f"{self.name} fires"

    def firing(self, alert: Alert, labels: Labels) -> Firing:
        """The alert as it fires, with the labels that identify what it is about."""
        texts = {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": alert.runbook_url,
            "dashboard_url": alert.dashboard_url,
        }
        return Firing(
            {"severity": str(alert.severity), **alert.labels, **labels},
            {key: rendered(text, labels, self.value) for key, text in texts.items()},
        )


def rendered(template: str, labels: Labels, value: str) -> str:
    """A template of Prometheus with the labels' and the alert's value in it."""
    there = re.sub(
        r"\{\{ with \$labels\.(\w+) \}\}\{\{ \. \}\}(.*?)\{\{ end \}\}",
        lambda found: labels[found[1]] + found[2] if found[1] in labels else "",
        template,
    )
    labelled = re.sub(
        r"\{\{ \$labels\.(\w+)(?: \| urlquery)? \}\}", lambda found: labels.get(found[1], ""), there
    )
    return re.sub(r"\{\{ \$value[^}]*\}\}", value, labelled)


@dataclass(frozen=True, slots=True)
class Quiet:
    """An alert that does not fire, and why."""

    name: str
    reason: str
    history: History
    at: tuple[str, ...] = ("10m", "20m", "30m")
    every: str = "1m"
    given: Mapping[str, float] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name} is quiet: {self.reason}"


def confirmed(alert: Alert, labels: Labels) -> str:
    """The runbook's query, for that which the alert fires about."""
    shared = ", ".join(each for each in labels if each in IDENTIFYING)
    firing = f'ALERTS{{alertname="{alert.name}", alertstate="firing"}}'
    return f"({alert.runbook.confirm}) and on ({shared}) {firing}"


def replay(
    case: Fires | Quiet, alert: Alert, promtool: Promtool, history: History, labels: Labels
) -> Replay:
    """What must happen to the alert. While it fires, the query of its runbook has data."""
    played = replace(case, history=history)
    if isinstance(case, Quiet):
        return promtool.replay(played, alert.name, {time: [] for time in case.at})
    pending, firing = case.between
    expected = {pending: [], firing: [case.firing(alert, labels)]}
    return promtool.replay(played, alert.name, expected, {firing: confirmed(alert, labels)})


def alerts_test(fires: tuple[Fires, ...], quiet: tuple[Quiet, ...]) -> Callable[..., None]:
    """A test that alerts fire after their `for`, with their texts and value, or stay quiet."""

    @pytest.mark.slow
    def test(promtool: Promtool) -> None:
        of_fires = (
            replay(case, BY_NAME[case.name], promtool, case.history | case.beside, case.labels)
            for case in fires
        )
        of_quiet = (replay(case, BY_NAME[case.name], promtool, case.history, {}) for case in quiet)
        complaint = promtool.replays((*of_fires, *of_quiet))
        assert not complaint, complaint

    return test


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
