"""What the proxy costs: its share of each call's time, and what that takes of the machine."""

from dashboards import limits
from dashboards.links import TO_RESOURCES, TO_SERVER
from dashboards.promql import Match, eq, or_zero, ratio
from dashboards.recordings import LATENCY_BUCKETS, OUTCOMES, OVERHEAD_BUCKETS
from dashboards.series import SELECTED, Source
from dashboards.signal import EACH_SERVER, WHO, Query, Signal
from dashboards.signals import calls, fleet, proxies, recorded
from dashboards.signals.fleet import TOP
from proxy.telemetry import catalogue
from proxy.telemetry.catalogue import Outcome

_PROXY = recorded.added()

IN_FLIGHT = calls.SUM.rate(SELECTED, calls.IS_CALL)
"""Calls under way, by Little's law: seconds of calls per second."""


ADDED = Signal(
    "Time added per call",
    "Mean time that a call spent in the proxy, the server's time excluded, over 5 minutes, as"
    " recorded.",
    "s",
    (Query(_PROXY, "proxy"),),
    Source.PROXY,
    limits.OVERHEAD_SECONDS,
    no_value_text="no calls",
)
ADDED_P99 = Signal(
    "Time added p99",
    "99 of 100 calls spent less than this in the proxy, over 5 minutes, as recorded.",
    "s",
    (Query(recorded.quantile_of(OVERHEAD_BUCKETS, 0.99), "proxy"),),
    Source.PROXY,
    limits.OVERHEAD_SECONDS,
    no_value_text="no calls",
)
SHARE = Signal(
    "Share of the calls' time",
    "Mean time of a request in the proxy, notifications too, as part of the mean time of a call,"
    " over 5 minutes, as recorded. High only because the servers are fast: see the time added.",
    "percentunit",
    (Query(recorded.share(), "proxy"),),
    Source.PROXY,
    no_value_text="no calls",
)
CPU_PER_CALL = Signal(
    "CPU per call",
    "CPU time of the proxies for each call that they answered, over 5 minutes, as recorded. High at"
    " few calls, where idling counts.",
    "s",
    (Query(recorded.cpu_per_call(), "CPU"),),
    Source.PROXY,
    no_value_text="no calls",
)
MEMORY = Signal(
    "Memory of all proxies",
    "Resident memory of all chosen proxies together.",
    "bytes",
    (Query(proxies.MEMORY.now(SELECTED), "memory"),),
    Source.PROXY,
)
FAULTS = Signal(
    "Errors by the proxy's fault",
    "Calls that failed by a defect of the proxy, of all calls. Any is worth a report.",
    "percentunit",
    (fleet.fault(catalogue.Fault.PROXY),),
    Source.PROXY,
    limits.LOST.with_reason("The proxy must never be the reason."),
    no_value_text="no calls",
)
SPLIT = Signal(
    "Where a call's time goes",
    "Mean time of a call, in the proxy and behind it. The server's part rises: the server is slow."
    " The proxy's part rises: see why below.",
    "s",
    (
        Query(f"{recorded.mean_time()} - {_PROXY}", "behind the proxy"),
        Query(_PROXY, "in the proxy"),
    ),
    Source.PROXY,
)
SIDE_BY_SIDE = Signal(
    "p95 of the call and of the proxy",
    "95 of 100 calls took less than this, and spent less than this in the proxy. Quantiles cannot"
    " be subtracted: that is what the means beside are for.",
    "s",
    (
        Query(recorded.quantile_of(LATENCY_BUCKETS, 0.95), "whole call"),
        Query(recorded.quantile_of(OVERHEAD_BUCKETS, 0.95), "in the proxy"),
    ),
    Source.PROXY,
)
SPREAD = Signal(
    "Time added",
    "How many calls per second spent how long in the proxy: the darker, the more. It should be one"
    " thin band; a second one is large messages or a busy event loop.",
    "s",
    (Query(OVERHEAD_BUCKETS.series.now(SELECTED, by=("le",)), "{{le}}"),),
    Source.PROXY,
)
ADDED_BY_SERVER = Signal(
    "Time added by server",
    f"Mean time in the proxy, of the {TOP} servers where it is longest.",
    "s",
    (Query(f"topk({TOP}, {recorded.added(EACH_SERVER)})", WHO),),
    Source.PROXY,
    limits.OVERHEAD_SECONDS,
    links=(TO_SERVER, TO_RESOURCES),
)
SERVER_TIME = Signal(
    "Time behind the proxy by server",
    f"Mean time of a call without the proxy's part, of the {TOP} slowest servers.",
    "s",
    (
        Query(
            f"topk({TOP}, {recorded.mean_time(EACH_SERVER)} - {recorded.added(EACH_SERVER)})",
            WHO,
        ),
    ),
    Source.PROXY,
    limits.LATENCY_SECONDS,
    links=(TO_SERVER,),
)


def _failing(*outcome: Match) -> str:
    return or_zero(OUTCOMES.series.now(SELECTED, *outcome, by=EACH_SERVER), proxies.PRESENT)


UPSTREAM_ERRORS = Signal(
    "Lost on the way to the server",
    "Calls per second that got no answer, by server: the connection broke, or the server took"
    " too long. The proxy is the messenger: look at the server, then at the network.",
    "reqps",
    (
        Query(_failing(eq("outcome", Outcome.TRANSPORT_ERROR)), f"{WHO} broken"),
        Query(_failing(eq("outcome", Outcome.TIMEOUT)), f"{WHO} too late"),
    ),
    Source.PROXY,
    links=(TO_SERVER,),
)
MEMORY_PER_SESSION = Signal(
    "Memory per open session",
    "Resident memory of a server's proxies for each session that is open. Meaningful at many"
    " sessions; rising then: sessions hold more than they should.",
    "bytes",
    (
        Query(
            ratio(
                proxies.MEMORY.now(SELECTED, by=EACH_SERVER),
                proxies.SESSIONS.now(SELECTED, by=EACH_SERVER),
            ),
            WHO,
        ),
    ),
    Source.PROXY,
    no_value_text="no sessions",
    links=(TO_SERVER,),
)
