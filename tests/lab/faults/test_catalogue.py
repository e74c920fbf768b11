"""Faults refer to existing alerts and panels, every alert has a fault, every fault is possible."""

import pytest

from dashboards import ALERTS, BOARDS
from dashboards.annotations import FIRING, INJECTED
from dashboards.promql.schema import Source
from lab.echo.messages import TOOLS
from lab.faults.catalogue import APPROVED_TOOLS, FAULTS
from lab.faults.fault import Fault
from lab.faults.fault_test import possible
from proxy.telemetry.ledger import Ledger
from proxy.tools import baseline_file
from proxy.tools.tool_lists import ToolLists
from stacks.architectures import ARCHITECTURES
from tests.proxy.tools.lists import ScriptedLister

ALERT_NAMES = {alert.name for alert in ALERTS}
PANELS = {(board.uid, panel.signal.title) for board in BOARDS for panel in board.panels}

TOO_SLOW = {
    "MCPErrorBudgetBurnFast": "needs a server older than an hour",
    "MCPErrorBudgetBurnSteady": "needs a server older than six hours",
    "MCPErrorBudgetBurnSlow": "needs a server older than a day",
    "MCPErrorBudgetBurnCreeping": "needs a server older than three days",
    "MCPLatencyBudgetBurnFast": "needs a server older than an hour",
    "MCPLatencyBudgetBurnSteady": "needs a server older than six hours",
    "MCPLatencyBudgetBurnSlow": "needs a server older than a day",
    "MCPLatencyBudgetBurnCreeping": "needs a server older than three days",
    "MCPNoCalls": "compares with yesterday",
    "MCPToolListGrew": "compares with a week ago",
    "MCPToolResultsGrew": "compares with a week ago",
    "MCPToolSurge": "compares with yesterday",
    "MCPToolFirstSeen": "compares with the last week",
    "MCPSessionsLeaking": "compares with six hours ago",
    "MCPStreamsLeaking": "compares with six hours ago",
    "MCPSessionsStuck": "looks back two hours",
}
NOT_INJECTED = {
    "MCPServerPartlyDown": "needs two replicas of a proxy",
    "MCPProxyDefect": "needs a defect of our proxy",
    "MCPProxySlow": "the machine decides",
    "MCPProxyCpuFull": "the machine decides",
    "MCPProxyMemoryHigh": "the machine decides",
    "MCPPodNearMemoryLimit": "needs a kubelet and kube-state-metrics",
    "MCPSpansRefused": "the collector refuses only when its memory is short",
    "MCPSpansLost": "the collector tries for five minutes before it gives up",
    "MCPMetricPointsRefused": "the collector refuses only when its memory is short",
    "MCPMetricPointsLost": "the collector tries for two minutes before it gives up",
    "MCPLogRecordsRefused": "the collector refuses only when its memory is short",
    "MCPLogRecordsLost": "the collector tries for five minutes before it gives up",
    "MCPSeriesTooMany": "needs ten thousand series",
    "MCPSeriesDoubled": "needs one proxy on two ingestion paths, which no architecture builds",
    "MCPRulesFailing": "needs a rule that fails, and none does",
}
"""Alerts that promtool alone shows (tests/dashboards/alert_cases), each with the reason."""


@pytest.mark.parametrize("fault", FAULTS.values(), ids=str)
def test_the_alerts_and_panels_that_show_a_fault_exist(fault: Fault) -> None:
    assert {name for name, _ in (*fault.fires, *fault.may_fire)} <= ALERT_NAMES
    assert {name for name, _ in fault.late} <= {name for name, _ in fault.fires}
    assert set(fault.panels) <= PANELS


@pytest.mark.parametrize("fault", FAULTS.values(), ids=str)
def test_what_an_alert_needs_is_what_the_alert_says(fault: Fault) -> None:
    needs = {alert.name: alert.needs for alert in ALERTS}
    fires = {name: source for name, source in fault.fires if needs[name] is not Source.PROXY}
    assert fires == {name: needs[name] for name in fires}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=str)
def test_every_fault_is_possible_somewhere(fault: Fault) -> None:
    assert any(possible(fault, each) for each in ARCHITECTURES.values())


def test_the_tools_of_the_echo_server_differ_from_the_approved_ones() -> None:
    approved = baseline_file.read("approved", str(APPROVED_TOOLS))
    ledger = Ledger("echo", "stdio")
    known = baseline_file.of_server(approved, "echo", alone=True)
    ScriptedLister(ToolLists(ledger, known)).get(TOOLS)
    found = {kind.value: count for kind, count in ledger.baseline_differences.items() if count}
    assert found == {"tool_added": 1, "annotations_changed": 1}


def test_every_annotation_of_the_boards_has_a_fault() -> None:
    marked = {FIRING.name, *(each.name for fault in FAULTS.values() for each in fault.annotations)}
    assert marked | {INJECTED.name} == {each.name for board in BOARDS for each in board.annotations}


def test_every_alert_has_a_fault_or_a_reason_why_it_has_none() -> None:
    injected = {name for fault in FAULTS.values() for name, _ in (*fault.fires, *fault.may_fire)}
    assert injected | TOO_SLOW.keys() | NOT_INJECTED.keys() == ALERT_NAMES
    assert not injected & (TOO_SLOW.keys() | NOT_INJECTED.keys())
