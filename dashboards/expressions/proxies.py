"""What proxies hold open, take of the machine and lose, and which servers report at all."""

from dashboards.expressions import calls
from dashboards.promql import series
from dashboards.promql.expression import Expr
from dashboards.promql.functions import aggregate, ratio
from dashboards.promql.scope import EACH_SERVER, RULE, SELECTED, Match, Scope, eq, like, ne
from dashboards.promql.series import By, Series
from proxy.telemetry import catalogue

UP = series.of(catalogue.UPSTREAM_UP)
RESTARTS = series.of(catalogue.UPSTREAM_RESTARTS)
KILLED = series.of(catalogue.UPSTREAM_KILLED)
CONNECTIONS = series.of(catalogue.ACTIVE_CONNECTIONS)
SESSIONS = series.of(catalogue.SESSIONS)
STREAMS = series.of(catalogue.STREAMS)
OVERHEAD = series.buckets(catalogue.OVERHEAD)
IN_FLIGHT = series.of(catalogue.IN_FLIGHT)
LINKS = series.of(catalogue.UPSTREAM_LINKS)
LAG = series.buckets(catalogue.EVENT_LOOP_LAG)
LAG_COUNT = series.count(catalogue.EVENT_LOOP_LAG)
CPU = series.of(catalogue.PROCESS_CPU)
MEMORY = series.of(catalogue.PROCESS_RESIDENT_MEMORY)
OPEN_FILES = series.of(catalogue.PROCESS_OPEN_FDS)
STARTED = series.of(catalogue.PROCESS_START_TIME)
DROPPED = series.of(catalogue.TELEMETRY_DROPPED)
OVERFLOW = series.of(catalogue.LABEL_OVERFLOW)
OF_TOOLS = eq("label", "tool")
"""How many clients there are is not the operator's choice; how many tools a server has is."""
OF_CALLERS = like("label", "client|principal")

OF_A_PROXY = ne("server", "")
"""Every program exposes its process under the same names; only proxies say of which server."""
REPORTING = (UP, calls.REQUESTS)
"""Series of every server that reports: of our proxy even when idle, of ToolHive's once called."""


def present(scope: Scope) -> Expr:
    """One value for each server that a proxy of ours stands before."""
    return UP.now(scope, by=EACH_SERVER)


def reporting(by: By, within: str = "") -> Expr:
    """A group for each server, pod or job that reports, now or within a window."""
    selectors = [each.select(RULE) for each in REPORTING]
    seen = [each.over("last_over_time", within) if within else each for each in selectors]
    ours, either = (aggregate("group", each, by) for each in seen)
    return ours | either


def cpu_of_each(scope: Scope, by: By) -> Expr:
    """Cores in use by one process, the busiest; replicas without pods are not added up."""
    return aggregate("max", CPU.select(scope, OF_A_PROXY).over("rate", scope.window), by)


def overhead(by: By = ()) -> Expr:
    """Mean seconds that a request spent in the proxy; its histogram has no methods to select by."""
    total, count = series.total(catalogue.OVERHEAD), series.count(catalogue.OVERHEAD)
    return ratio(total.rate(SELECTED, by=by), count.rate(SELECTED, by=by))


def copies(scope: Scope) -> Expr:
    """Through how many ingestion paths one series arrives.

    ToolHive's second series of SSE connections is not a copy.
    """
    return _copies(UP, scope) | _copies(CONNECTIONS, scope, ne("transport", "sse"))


def _copies(series: Series, scope: Scope, *where: Match) -> Expr:
    """Series of a pod; without pods, jobs: the replicas of a server are targets of one job."""
    alike = (*EACH_SERVER, "transport")
    of_pods = series.now(scope, *where, ne("pod", ""), by=(*alike, "pod"), operator="count")
    jobs = series.now(scope, *where, eq("pod", ""), by=(*alike, "job"), operator="group")
    return aggregate("max", of_pods | aggregate("count", jobs, alike), EACH_SERVER)
