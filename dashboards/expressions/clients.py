"""Client by client: how often each calls, which tools, how often it fails, and what it gets.

Recorded by this project's proxy only.
"""

from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import or_zero
from dashboards.promql.scope import EACH_SERVER, Scope, ne
from dashboards.promql.series import By
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Outcome

CALLS = series.of(catalogue.CLIENT_CALLS)
INFO = series.of(catalogue.CLIENT_INFO)
RESULT_BYTES = series.of(catalogue.CLIENT_RESULTS)
PRINCIPALS = series.of(catalogue.PRINCIPAL_CALLS)

EACH_CLIENT = (*EACH_SERVER, "client")
FAILED = ne("outcome", Outcome.OK)


def call_rate(scope: Scope, by: By) -> Expr:
    """Calls per second."""
    return CALLS.rate(scope, by=by)


def failed_rate(scope: Scope, by: By) -> Expr:
    """Failed calls per second; 0 where none failed."""
    return or_zero(CALLS.rate(scope, FAILED, by=by), call_rate(scope, by))
