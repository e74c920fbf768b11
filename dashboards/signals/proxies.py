"""What the proxy itself does: what it holds open, what it costs, what it lost."""

from dataclasses import replace

from dashboards import limits, series
from dashboards.links import TO_COST, TO_RESOURCES, TO_SERVER, TO_SESSIONS
from dashboards.promql import ne, or_zero, ratio
from dashboards.series import SELECTED, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls
from proxy.telemetry import catalogue

UP = series.of(catalogue.UPSTREAM_UP)
RESTARTS = series.of(catalogue.UPSTREAM_RESTARTS)
KILLED = series.of(catalogue.UPSTREAM_KILLED)
CONNECTIONS = series.of(catalogue.ACTIVE_CONNECTIONS)
NOT_SSE = ne("transport", "sse")
SESSIONS = series.of(catalogue.SESSIONS)
STREAMS = series.of(catalogue.STREAMS)
OVERHEAD = series.buckets(catalogue.OVERHEAD)
WAITING = series.of(catalogue.IN_FLIGHT)
LINKS = series.of(catalogue.UPSTREAM_LINKS)
LAG = series.buckets(catalogue.EVENT_LOOP_LAG)
CPU = series.of(catalogue.PROCESS_CPU)
MEMORY = series.of(catalogue.PROCESS_RESIDENT_MEMORY)
DROPPED = series.of(catalogue.TELEMETRY_DROPPED)
OVERFLOW = series.of(catalogue.LABEL_OVERFLOW)

EACH_POD = ("namespace", "server", "pod")
OF_A_PROXY = ne("server", "")
"""Every program tells of its process under the same names; only proxies say of which server."""
PRESENT = UP.now(SELECTED, by=EACH_SERVER)


def added(by: tuple[str, ...] = ()) -> str:
    """Mean seconds that a request spent in the proxy; its histogram has no methods to choose by."""
    total, count = series.total(catalogue.OVERHEAD), series.count(catalogue.OVERHEAD)
    return ratio(total.rate(SELECTED, by=by), count.rate(SELECTED, by=by))


def share(by: tuple[str, ...] = ()) -> str:
    """The proxy's part of the time that calls took.

    By the means, not by the sums: a sum by method and status appears with its first call, which
    rate() does not see, while the proxy's own is there before any call; so in a proxy's first
    minutes the sums are of different calls.
    """
    return ratio(added(by), f"({calls.mean(SELECTED, by)})")


UPSTREAM = Signal(
    "Upstream",
    "Whether every proxy reaches its MCP server. Down: calls end in transport errors; look at the"
    " server's pod or process first.",
    "none",
    (Query(UP.now(SELECTED, operator="min"), "upstream"),),
    Source.PROXY,
    limits.UPSTREAM,
    value_mappings=((0, "down"), (1, "up")),
)
UPSTREAM_RESTARTS = Signal(
    "Restarts of stdio servers",
    "How often the proxy had to start the server's process again. More than one in a row: the"
    " server crashes on what callers send, or at start; its log tells.",
    "short",
    (Query(or_zero(RESTARTS.increase(SELECTED, by=EACH_SERVER), PRESENT), WHO),),
    Source.PROXY,
    limits.LOST.with_reason("A server that restarts forgets its sessions."),
)
UPSTREAM_KILLED = Signal(
    "Processes killed by a signal",
    "Processes of stdio servers that were ended by a signal which the proxy did not send. SIGKILL:"
    " the kernel, for lack of memory, or somebody by hand; SIGSEGV or SIGABRT: a crash of its own.",
    "short",
    (Query(KILLED.increase(SELECTED, by=(*EACH_SERVER, "signal")), f"{WHO} {{{{signal}}}}"),),
    Source.PROXY,
    limits.LOST.with_reason("The sessions of a killed process are lost."),
)
OPEN_SESSIONS = Signal(
    "Open sessions",
    "MCP sessions open now. A line that only rises is clients that never end their sessions.",
    "short",
    (Query(SESSIONS.now(SELECTED), "sessions"),),
    Source.PROXY,
    links=(TO_SESSIONS,),
)
OPEN_CONNECTIONS = Signal(
    "Open connections",
    "Client connections open now. Far above the sessions: clients that do not reuse them.",
    "short",
    (Query(CONNECTIONS.now(SELECTED), "connections"),),
    Source.PROXY,
)
OPEN = Signal(
    "Open sessions, streams and connections",
    "What clients hold open. Sessions that rise while calls do not are forgotten ones; many streams"
    " next to few calls are clients that only listen.",
    "short",
    (
        Query(SESSIONS.now(SELECTED), "sessions"),
        Query(STREAMS.now(SELECTED), "streams"),
        Query(CONNECTIONS.now(SELECTED), "connections"),
    ),
    Source.PROXY,
    links=(TO_SESSIONS,),
    fallback=replace(OPEN_CONNECTIONS, links=(TO_SESSIONS,)),
)
IN_FLIGHT = Signal(
    "Requests in flight",
    "Requests that wait for their answer. A line that rises while the rate of calls does not: the"
    " server answers slower than it is asked.",
    "short",
    (Query(WAITING.now(SELECTED, by=EACH_SERVER), WHO),),
    Source.PROXY,
    links=(TO_SERVER,),
)
OPEN_LINKS = Signal(
    "Links to servers",
    "Of sessions that the proxy keeps: a stdio server's process, or an SSE server's stream. opening"
    " that stays: the server is slow to start. closing that stays: processes that must be killed.",
    "short",
    (Query(LINKS.now(SELECTED, by=("state",)), "{{state}}"),),
    Source.PROXY,
    links=(TO_SESSIONS,),
)
OVERHEAD_TIME = Signal(
    "Time spent in the proxy",
    "How long a call spent in the proxy, the server's time excluded. High: the proxy lacks CPU, or"
    " its event loop is late.",
    "s",
    tuple(Query(OVERHEAD.quantile(q, SELECTED), f"p{q * 100:g}") for q in (0.5, 0.99)),
    Source.PROXY,
    limits.OVERHEAD_SECONDS,
    links=(TO_COST,),
)
OVERHEAD_SHARE = Signal(
    "Share of time spent in the proxy",
    "Mean time of a request in the proxy, as part of the mean time of a call: what is no call, such"
    " as a notification, counts in the first only. High for very fast servers, else a sign of a"
    " busy proxy.",
    "percentunit",
    (Query(share(EACH_SERVER), WHO),),
    Source.PROXY,
)
LOOP_LAG = Signal(
    "Event loop lag p99",
    "How late the proxy ran what was due. High: something blocks the loop, or the CPU limit"
    " throttles it.",
    "s",
    (Query(LAG.quantile(0.99, SELECTED, by=EACH_SERVER), WHO),),
    Source.PROXY,
    limits.LOOP_LAG_SECONDS,
    links=(TO_RESOURCES,),
)
PROCESS_CPU = Signal(
    "CPU of the proxy",
    "CPU time of one proxy process, of one core. Near 100 % the process is full and calls queue.",
    "percentunit",
    (Query(CPU.rate(SELECTED, by=EACH_POD), "{{server}} {{pod}}"),),
    Source.PROXY,
    limits.CPU_CORES,
    links=(TO_RESOURCES,),
)
PROCESS_MEMORY = Signal(
    "Memory of the proxy",
    "Resident memory of a proxy process. A line that only rises next to a flat number of sessions"
    " is a leak.",
    "bytes",
    (Query(MEMORY.now(SELECTED, by=EACH_POD), "{{server}} {{pod}}"),),
    Source.PROXY,
    links=(TO_RESOURCES,),
)
LOST = Signal(
    "Telemetry lost by the proxies",
    "Spans and metric exports that a proxy could not deliver. The collector is away, too slow or"
    " refuses; the calls themselves are not harmed.",
    "short",
    (
        Query(
            DROPPED.increase(SELECTED, by=(*EACH_SERVER, "signal", "reason")),
            "{{server}} {{signal}} {{reason}}",
        ),
    ),
    Source.PROXY,
    limits.LOST,
    links=(TO_SERVER,),
)
OVERFLOWED = Signal(
    "Tool calls counted as other",
    "Calls of tools that work, counted as `other` because the cap on tool names was"
    " reached. Names that callers invent take no place under it.",
    "short",
    (
        Query(
            OVERFLOW.increase(SELECTED, by=(*EACH_SERVER, "label")),
            "{{server}} {{label}}",
        ),
    ),
    Source.PROXY,
    limits.LOST.with_reason("Panels by tool no longer tell these calls apart."),
)
