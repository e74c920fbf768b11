"""Changes: the tools that a server lists are not what they were, or not what was approved."""

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
        " annotations such as `destructiveHint` say that a tool may do more harm than before.",
        _CAUSE,
        "Read the difference in the proxy's log. Expected: tell the owners of clients, whose"
        " prompts and approvals are for the old tools. Not expected: roll back, and treat"
        " riskier annotations as an incident until you know who made them. The alert resolves after"
        " 15 minutes.",
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
        "A tool was added or renamed, or its description, defaults, optional parameters, output or"
        " title changed. Calls go on, but models may choose other tools.",
        _CAUSE,
        "Expected: do nothing, the alert resolves after 15 minutes. Not expected: read the"
        " difference in the proxy's log. A description is an instruction to the model: look for"
        " text that has nothing to do with the tool.",
        _HARMLESS > 0,
    ),
    board=CHANGES_BOARD,
)
_HELD = "1m"
"""Differences that are still to be compared count as changed descriptions, for seconds."""
_UNAPPROVED = changes.differences(RULE, changes.NOT_APPROVED)
_DRIFTED = changes.differences(RULE, changes.DRIFT)
_DIFFERS = "{count} differences of kind {change} between the tools of {server} and those approved."
_APPROVE = (
    "Each difference is in the proxy's log (`tool differs from the approved one`). Expected:"
    " review it, then update the list with `python -m proxy.tools approve`."
)

NOT_APPROVED = Alert(
    "MCPToolsNotApproved",
    _UNAPPROVED,
    _UNAPPROVED > 0,
    _HELD,
    Severity.WARNING,
    "Tools of {server} are not approved: {change}",
    f"{_DIFFERS} Agents may do what was not approved, follow other instructions, or fail.",
    Runbook(
        "The server lists tools, parameters, descriptions or riskier annotations that are not in"
        " the approved list (`--tool-baseline`), or lacks some that are.",
        "A release that has not been approved yet, another server than the approved one, or a"
        " server that was tampered with. Tools are also missing where only clients with a token"
        " that may use few tools have listed them since the proxy started.",
        f"{_APPROVE} Not expected: roll back. Until you know its origin, let agents use"
        " tools with `description_changed`, `tool_added` or `annotations_riskier` only with human"
        " approval.",
    ),
    board=CHANGES_BOARD,
)
DRIFTED = Alert(
    "MCPToolsDrifted",
    _DRIFTED,
    _DRIFTED > 0,
    _HELD,
    Severity.INFO,
    "Tools of {server} drifted from the approved ones: {change}",
    f"{_DIFFERS} Agents can do no more than was approved.",
    Runbook(
        "The server lists tools whose titles, safer hints, output or allowed values differ from the"
        " approved list (`--tool-baseline`).",
        "A release that has not been approved yet.",
        _APPROVE,
    ),
    board=CHANGES_BOARD,
)


def tool_changes(t: Thresholds) -> tuple[Alert, ...]:
    """The alerts of this group, in the order of urgency."""
    return (BREAKING, NOT_APPROVED, HARMLESS, DRIFTED)
