"""Changes: the tools that a server lists are not what they were."""

from dashboards.alerts.alert import Alert, Runbook, Severity
from dashboards.expressions import changes
from dashboards.promql.scope import RULE
from dashboards.thresholds import Thresholds

CHANGES_BOARD = "mcp-changes"
_QUARTER = RULE.over("15m")
_BREAKING = changes.increase(_QUARTER, changes.BREAKING)
_HARMLESS = changes.increase(_QUARTER, changes.HARMLESS)
_SEEN = "The proxy saw {count} changes of kind {change} in the tools of {server}, in 15 minutes."
_NOW = "0m"
"""A change is a moment: to wait would only delay the alert."""

_CAUSE = (
    "A release of the server, a change of its settings or of what it lists for this client; or a"
    " server that was tampered with."
)

BREAKING = Alert(
    "MCPToolsChangedIncompatibly",
    _BREAKING,
    _BREAKING > 0,
    _NOW,
    Severity.WARNING,
    "Tools of {server} changed: {change}",
    f"{_SEEN} Calls that worked may fail, or a tool may do what it did not do before.",
    Runbook(
        "A tool or parameter was removed, a parameter became required or has another type, or"
        " annotations such as `destructiveHint` changed.",
        _CAUSE,
        "Read the difference in the proxy's log. Expected: tell the owners of clients, whose"
        " prompts and approvals are for the old tools. Not expected: roll back, and treat changed"
        " annotations as an incident until you know who made them. The alert resolves after 15"
        " minutes.",
        _BREAKING > 0,
    ),
    board=CHANGES_BOARD,
)
HARMLESS = Alert(
    "MCPToolsChanged",
    _HARMLESS,
    _HARMLESS > 0,
    _NOW,
    Severity.INFO,
    "Tools of {server} changed: {change}",
    _SEEN,
    Runbook(
        "A tool was added or renamed, or its description, defaults, optional parameters or output"
        " changed. Calls go on, but models may choose other tools.",
        _CAUSE,
        "Expected: do nothing, the alert resolves after 15 minutes. Not expected: read the"
        " difference in the proxy's log. A description is an instruction to the model: look for"
        " text that has nothing to do with the tool.",
        _HARMLESS > 0,
    ),
    board=CHANGES_BOARD,
)


def tool_changes(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (BREAKING, HARMLESS)
