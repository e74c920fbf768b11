"""Alerts on histories of tools whose definitions change."""

from tests.dashboards.alerts.cases import OF, SERVER, Fires, Quiet, alerts_test
from tests.dashboards.promtool import History


def changes(kind: str, values: str) -> History:
    return {f'mcp_proxy_tool_changes_total{{{OF},change="{kind}"}}': values}


def differences(kind: str, values: str) -> History:
    return {f'mcp_proxy_tool_baseline_differences{{{OF},change="{kind}"}}': values}


FIRES = (
    Fires(
        "MCPToolsChangedIncompatibly",
        changes("annotations_riskier", "0x5 1x20") | changes("tool_added", "0x25"),
        ("5m", "6m"),
        "1",
        labels={**SERVER, "change": "annotations_riskier"},
    ),
    Fires(
        "MCPToolsChanged",
        changes("description_changed", "0x5 1x20") | changes("tool_removed", "0x25"),
        ("5m", "6m"),
        "1",
        labels={**SERVER, "change": "description_changed"},
    ),
    Fires(
        "MCPToolsChanged",
        changes("annotations_changed", "0x5 1x20") | changes("annotations_riskier", "0x25"),
        ("5m", "6m"),
        "1",
        labels={**SERVER, "change": "annotations_changed"},
    ),
    Fires(
        "MCPToolsNotApproved",
        differences("tool_added", "0x5 2x20") | differences("annotations_changed", "0x5 1x20"),
        ("6m", "7m"),
        "2",
        labels={**SERVER, "change": "tool_added"},
    ),
    Fires(
        "MCPToolsNotApproved",
        differences("annotations_riskier", "0x5 1x20"),
        ("6m", "7m"),
        "1",
        labels={**SERVER, "change": "annotations_riskier"},
    ),
    Fires(
        "MCPToolsDrifted",
        differences("annotations_changed", "0x5 1x20") | differences("tool_added", "0x25"),
        ("6m", "7m"),
        "1",
        labels={**SERVER, "change": "annotations_changed"},
    ),
)
QUIET = (
    Quiet("MCPToolsChangedIncompatibly", "nothing changed", changes("tool_removed", "0x40")),
    Quiet("MCPToolsChangedIncompatibly", "it was long ago", changes("tool_removed", "3x40")),
    Quiet(
        "MCPToolsChangedIncompatibly", "a new tool harms no call", changes("tool_added", "0+1x40")
    ),
    Quiet("MCPToolsChanged", "nothing changed", changes("tool_added", "0x40")),
    Quiet(
        "MCPToolsChanged",
        "it is a change that MCPToolsChangedIncompatibly is about",
        changes("tool_removed", "0+1x40"),
    ),
    Quiet("MCPToolsNotApproved", "nothing differs", differences("tool_added", "0x40")),
    Quiet("MCPToolsNotApproved", "it is a drift", differences("annotations_changed", "1x40")),
    Quiet("MCPToolsNotApproved", "the list was approved", differences("tool_added", "1x5 0x35")),
    Quiet("MCPToolsDrifted", "it is not approved", differences("annotations_riskier", "1x40")),
)

test_alerts = alerts_test(FIRES, QUIET)
