"""How often tools' definitions changed, by kind. Recorded by this project's proxy only."""

from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import aggregate
from dashboards.promql.scope import EACH_SERVER, Match, Scope, like, unlike
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import ToolChange

CHANGES = series.of(catalogue.TOOL_CHANGES)
DIFFERENCES = series.of(catalogue.TOOL_BASELINE_DIFFERENCES)

EACH_CHANGE = (*EACH_SERVER, "change")
_BREAKING = "|".join(
    (
        ToolChange.TOOL_REMOVED,
        ToolChange.PARAMETER_REMOVED,
        ToolChange.PARAMETER_REQUIRED,
        ToolChange.PARAMETER_TYPE_CHANGED,
        ToolChange.ANNOTATIONS_RISKIER,
    )
)
BREAKING = like("change", _BREAKING)
"""Calls that worked may fail, or a tool may do harm that it did not announce before."""
HARMLESS = unlike("change", _BREAKING)

_DRIFT = "|".join(
    (
        ToolChange.ENUM_NARROWED,
        ToolChange.ANNOTATIONS_CHANGED,
        ToolChange.OUTPUT_SCHEMA_CHANGED,
    )
)
DRIFT = like("change", _DRIFT)
"""Agents can do no more than was approved."""
NOT_APPROVED = unlike("change", _DRIFT)
"""Agents may do what was not approved, follow other instructions, or fail."""


def differences(scope: Scope, *where: Match) -> Expr:
    """Differences from the approved tools by kind; replicas see the same ones."""
    return DIFFERENCES.now(scope, *where, by=EACH_CHANGE, operator="max")


def increase(scope: Scope, *where: Match) -> Expr:
    """Changes of each kind within the scope's window; replicas see the same changes."""
    seen = CHANGES.select(scope, *where).over("increase", scope.window)
    return aggregate("max", seen, EACH_CHANGE)
