"""What the proxies of one server hold open, cost and lose."""

from dataclasses import replace

from dashboards import limits
from dashboards.expressions import calls, proxies
from dashboards.links import TO_COST, TO_RESOURCES, TO_SERVER, TO_SESSIONS
from dashboards.promql.expression import Expr, Paren
from dashboards.promql.functions import or_zero, ratio
from dashboards.promql.scope import EACH_POD, EACH_SERVER, SELECTED
from dashboards.promql.series import By
from dashboards.signal import SERVER_LEGEND, Query, Signal

PROCESS = "{server} {pod}"


def _share(by: By = ()) -> Expr:
    """The proxy's part of the time that calls took.

    Of the means, not of the sums: a sum by method and status appears with its first call, which
    rate() does not see, while the proxy's own exists before any call; so in a proxy's first minutes
    the sums are of different calls.
    """
    return ratio(proxies.overhead(by), Paren(calls.mean(SELECTED, by)))


UPSTREAM = Signal(
    "Upstream",
    "Whether every proxy reaches its MCP server. If down, calls end in transport errors; check the"
    " server's pod or process first.",
    "none",
    (Query(proxies.UP.now(SELECTED, operator="min"), "upstream"),),
    limits.UPSTREAM,
    value_mappings=((0, "down"), (1, "up")),
)
UPSTREAM_RESTARTS = Signal(
    "Restarts of stdio servers",
    "How often the proxy restarted the server's process. If it keeps happening, the server crashes"
    " on what callers send or at startup; see its log.",
    "short",
    (
        Query(
            or_zero(proxies.RESTARTS.increase(SELECTED, by=EACH_SERVER), proxies.present(SELECTED)),
            SERVER_LEGEND,
        ),
    ),
    limits.LOST.with_reason("A server that restarts loses its sessions."),
)
UPSTREAM_KILLED = Signal(
    "Processes killed by a signal",
    "Processes of stdio servers that ended by a signal which the proxy did not send. SIGKILL: the"
    " kernel ran out of memory, or someone killed it. SIGSEGV or SIGABRT: the server crashed.",
    "short",
    (
        Query(
            proxies.KILLED.increase(SELECTED, by=(*EACH_SERVER, "signal")),
            f"{SERVER_LEGEND} {{signal}}",
        ),
    ),
    limits.LOST.with_reason("The sessions of a killed process are lost."),
)
OPEN_SESSIONS = Signal(
    "Open sessions",
    "MCP sessions open now. If this keeps rising, clients never end their sessions.",
    "short",
    (Query(proxies.SESSIONS.now(SELECTED), "sessions"),),
    links=(TO_SESSIONS,),
)
OPEN_CONNECTIONS = Signal(
    "Open connections",
    "Client connections open now. If far above the sessions, clients do not reuse them.",
    "short",
    (Query(proxies.CONNECTIONS.now(SELECTED), "connections"),),
)
OPEN = Signal(
    "Open sessions, streams and connections",
    "What clients hold open. Sessions that rise while calls do not are abandoned; many streams"
    " with few calls mean clients that only listen.",
    "short",
    (
        Query(proxies.SESSIONS.now(SELECTED), "sessions"),
        Query(proxies.STREAMS.now(SELECTED), "streams"),
        Query(proxies.CONNECTIONS.now(SELECTED), "connections"),
    ),
    links=(TO_SESSIONS,),
    fallback=replace(OPEN_CONNECTIONS, links=(TO_SESSIONS,)),
)
IN_FLIGHT = Signal(
    "Requests in flight",
    "Requests that wait for their response. If this rises while the call rate does not, the server"
    " responds more slowly than requests arrive.",
    "short",
    (Query(proxies.IN_FLIGHT.now(SELECTED, by=EACH_SERVER), SERVER_LEGEND),),
    links=(TO_SERVER,),
)
OPEN_LINKS = Signal(
    "Session transports to servers",
    "Of sessions that the proxy keeps: a stdio server's process, or an SSE server's stream. If"
    " opening stays above 0, the server is slow to start; if closing does, processes must be"
    " killed.",
    "short",
    (Query(proxies.LINKS.now(SELECTED, by=("state",)), "{state}"),),
    links=(TO_SESSIONS,),
)
OVERHEAD_TIME = Signal(
    "Time spent in the proxy",
    "How long a call spent in the proxy, the server's time excluded. If high, the proxy is short of"
    " CPU or its event loop is late.",
    "s",
    tuple(Query(proxies.OVERHEAD.quantile(q, SELECTED), f"p{q * 100:g}") for q in (0.5, 0.99)),
    limits.OVERHEAD_SECONDS,
    links=(TO_COST,),
)
OVERHEAD_SHARE = Signal(
    "Share of time spent in the proxy",
    "Mean time of a request in the proxy, as a share of the mean time of a call; notifications"
    " count in the first only. High for very fast servers, otherwise a sign of a busy proxy.",
    "percentunit",
    (Query(_share(EACH_SERVER), SERVER_LEGEND),),
)
LOOP_LAG = Signal(
    "Event loop lag p99",
    "How late the proxy ran timers that were due. If high, something blocks the event loop, or the"
    " CPU limit throttles it.",
    "s",
    (Query(proxies.LAG.quantile(0.99, SELECTED, by=EACH_SERVER), SERVER_LEGEND),),
    limits.LOOP_LAG_SECONDS,
    links=(TO_RESOURCES,),
)
PROCESS_CPU = Signal(
    "CPU of the proxy",
    "CPU time of one proxy process, as a share of one core. Near 100 % the process is saturated"
    " and calls queue.",
    "percentunit",
    (Query(proxies.cpu_of_each(SELECTED, EACH_POD), PROCESS),),
    limits.CPU_CORES,
    links=(TO_RESOURCES,),
)
PROCESS_MEMORY = Signal(
    "Memory of the proxy",
    "Resident memory of a proxy process. If it keeps rising while the number of sessions does not,"
    " it is a leak.",
    "bytes",
    (Query(proxies.MEMORY.now(SELECTED, by=EACH_POD, operator="max"), PROCESS),),
    links=(TO_RESOURCES,),
)
LOST = Signal(
    "Telemetry lost by the proxies",
    "Spans and metric exports that a proxy could not deliver: the collector is down, too slow or"
    " refuses them. Calls are not affected.",
    "short",
    (
        Query(
            proxies.DROPPED.increase(SELECTED, by=(*EACH_SERVER, "signal", "reason")),
            "{server} {signal} {reason}",
        ),
    ),
    limits.LOST,
    links=(TO_SERVER,),
)
OVERFLOWED = Signal(
    "Tool calls counted as other",
    "Calls of tools that work, counted as `other` because the cap on tool names was reached. Names"
    " that callers invent do not count towards it.",
    "short",
    (Query(proxies.OVERFLOW.increase(SELECTED, proxies.OF_TOOLS, by=EACH_SERVER), SERVER_LEGEND),),
    limits.LOST.with_reason("Panels by tool cannot tell these calls apart."),
)
