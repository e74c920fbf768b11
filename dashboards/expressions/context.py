"""What tools and results take of a model's context, in bytes and in estimated tokens.

Recorded by this project's proxy only. Replicas list the same tools, so the highest value is taken.
"""

from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import aggregate, ratio, rename_label
from dashboards.promql.scope import EACH_SERVER, EACH_TOOL, Scope, eq
from dashboards.promql.series import By
from proxy.telemetry import catalogue

DEFINITION = series.of(catalogue.TOOL_DEFINITION_SIZE)
LISTED = series.of(catalogue.TOOLS_LISTED)
RESULT_BYTES = series.total(catalogue.RESULT_SIZE)
RESULTS = series.count(catalogue.RESULT_SIZE)

EACH_TARGET = (*EACH_SERVER, "mcp_method", "target")
"""The labels that identify a tool, a resource or a prompt by its results."""
OF_TOOLS = eq("mcp_method", "tools/call")


def definitions(scope: Scope, by: By) -> Expr:
    """Bytes of tools' definitions, as listed."""
    each = DEFINITION.now(scope, by=(*EACH_TOOL, "part"), operator="max")
    return aggregate("sum", each, by)


def mean_of_tools(scope: Scope) -> Expr:
    """Mean bytes of each tool's results."""
    total, count = (
        each.rate(scope, OF_TOOLS, by=(*EACH_SERVER, "target")) for each in (RESULT_BYTES, RESULTS)
    )
    return rename_label(ratio(total, count), "target", "tool", keep=EACH_SERVER)
