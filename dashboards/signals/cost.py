"""What the proxy costs: its share of each call's time, and what that takes of the machine."""

from dashboards import limits
from dashboards.expressions import proxies
from dashboards.links import TO_RESOURCES, TO_SERVER
from dashboards.promql.expression import Expr
from dashboards.promql.functions import TOP, or_zero, ratio
from dashboards.promql.scope import EACH_SERVER, SELECTED, Match, eq
from dashboards.recordings.catalogue import LATENCY_BUCKETS, OUTCOMES, OVERHEAD_BUCKETS
from dashboards.signal import SERVER_LEGEND, Query, Signal
from dashboards.signals import fleet, recorded
from dashboards.signals.calls import by_label
from proxy.telemetry.catalogue import Fault, Outcome

_OVERHEAD = recorded.overhead()

ADDED = Signal(
    "Time added per call",
    "Mean time that a call spent in the proxy, the server's time excluded, over 5 minutes, as"
    " recorded.",
    "s",
    (Query(_OVERHEAD, "proxy"),),
    limits.OVERHEAD_SECONDS,
    no_value_text="no calls",
)
ADDED_P99 = Signal(
    "Time added p99",
    "99 % of calls spent less than this in the proxy, over 5 minutes, as recorded.",
    "s",
    (Query(recorded.quantile_of(OVERHEAD_BUCKETS, 0.99), "proxy"),),
    limits.OVERHEAD_SECONDS,
    no_value_text="no calls",
)
SHARE = Signal(
    "Share of call time",
    "Mean time of a request in the proxy, notifications included, as a share of the mean time of a"
    " call, over 5 minutes, as recorded. If it is high only because the servers are fast, see the"
    " time added.",
    "percentunit",
    (Query(recorded.overhead_share(), "proxy"),),
    no_value_text="no calls",
)
CPU_PER_CALL = Signal(
    "CPU per call",
    "CPU time of the proxies for each call that they handled, over 5 minutes, as recorded. High"
    " when there are few calls, because idling counts.",
    "s",
    (Query(recorded.cpu_per_call(), "CPU"),),
    no_value_text="no calls",
)
MEMORY = Signal(
    "Memory of all proxies",
    "Resident memory of all selected proxies together.",
    "bytes",
    (Query(proxies.MEMORY.now(SELECTED), "memory"),),
)
FAULTS = Signal(
    "Errors caused by the proxy",
    "Calls that failed because of a defect of the proxy, as a share of all calls. Report every"
    " one.",
    "percentunit",
    (fleet.fault(Fault.PROXY),),
    limits.LOST.with_reason("The proxy must never be the reason."),
    no_value_text="no calls",
)
SPLIT = Signal(
    "Where a call's time goes",
    "Mean time of a call, in the proxy and behind it. If the server's part rises, the server is"
    " slow; if the proxy's part rises, see why below.",
    "s",
    (Query(recorded.mean_time() - _OVERHEAD, "behind the proxy"), Query(_OVERHEAD, "in the proxy")),
)
SIDE_BY_SIDE = Signal(
    "p95 of the call and of the proxy",
    "95 % of calls took less than this, and spent less than this in the proxy. Quantiles cannot be"
    " subtracted; the means beside can.",
    "s",
    (
        Query(recorded.quantile_of(LATENCY_BUCKETS, 0.95), "whole call"),
        Query(recorded.quantile_of(OVERHEAD_BUCKETS, 0.95), "in the proxy"),
    ),
)
SPREAD = Signal(
    "Time added",
    "How long calls spent in the proxy, in calls per second: darker means more. It should be one"
    " thin band; a second one is large messages or a busy event loop.",
    "s",
    by_label(OVERHEAD_BUCKETS.series.now(SELECTED, by=("le",)), "le"),
)
ADDED_BY_SERVER = Signal(
    "Time added by server",
    f"Mean time in the proxy, of the {TOP} servers where it is longest.",
    "s",
    fleet.highest(recorded.overhead(EACH_SERVER)),
    limits.OVERHEAD_SECONDS,
    links=(TO_SERVER, TO_RESOURCES),
)
SERVER_TIME = Signal(
    "Time behind the proxy by server",
    f"Mean time of a call without the proxy's part, of the {TOP} slowest servers.",
    "s",
    fleet.highest(recorded.mean_time(EACH_SERVER) - recorded.overhead(EACH_SERVER)),
    limits.LATENCY_SECONDS,
    links=(TO_SERVER,),
)


def _failing(*outcome: Match) -> Expr:
    failed = OUTCOMES.series.now(SELECTED, *outcome, by=EACH_SERVER)
    return or_zero(failed, proxies.present(SELECTED))


UPSTREAM_ERRORS = Signal(
    "Calls without a response",
    "Calls per second that got no response, by server: the connection failed, or the server took"
    " too long. The proxy only reports it: check the server, then the network.",
    "reqps",
    (
        Query(_failing(eq("outcome", Outcome.TRANSPORT_ERROR)), f"{SERVER_LEGEND} transport error"),
        Query(_failing(eq("outcome", Outcome.TIMEOUT)), f"{SERVER_LEGEND} timeout"),
    ),
    links=(TO_SERVER,),
)
MEMORY_PER_SESSION = Signal(
    "Memory per open session",
    "Resident memory of a server's proxies for each open session. Meaningful with many sessions; if"
    " it rises then, sessions hold more than they should.",
    "bytes",
    (
        Query(
            ratio(
                proxies.MEMORY.now(SELECTED, by=EACH_SERVER),
                proxies.SESSIONS.now(SELECTED, by=EACH_SERVER),
            ),
            SERVER_LEGEND,
        ),
    ),
    no_value_text="no sessions",
    links=(TO_SERVER,),
)
