"""What the load generator sees: calls from when they were due, as clients have them."""

from dashboards import load_metrics as metrics
from dashboards.promql.scope import SELECTED
from dashboards.signal import Query, Signal

RATE = Signal(
    "Generator: calls due and sent",
    "Calls per second. If fewer are sent than are due, all connections are busy: the target does"
    " not keep up.",
    "reqps",
    (
        Query(metrics.DUE_CALLS.rate(SELECTED), "due"),
        Query(metrics.SENT_CALLS.rate(SELECTED), "sent"),
    ),
)
OUTCOMES = Signal(
    "Generator: outcomes",
    "Calls that ended per second, by outcome. What a proxy never received is counted here only.",
    "reqps",
    (Query(metrics.ENDED_CALLS.rate(SELECTED, by=("outcome",)), "{outcome}"),),
)
LATENCY = Signal(
    "Generator: latency",
    "Time from when a call was due until it ended. It is above the proxy's figures if calls wait"
    " for a connection, or the generator is late.",
    "s",
    tuple(
        Query(metrics.LATENCIES.quantile(q, SELECTED), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)
    ),
)
BACKLOG = Signal(
    "Generator: in flight and waiting",
    "Calls without an answer so far, and calls that wait for a connection.",
    "short",
    (
        Query(metrics.CALLS_IN_FLIGHT.now(SELECTED), "in flight"),
        Query(metrics.CALLS_WAITING.now(SELECTED), "waiting"),
    ),
)
LAG = Signal(
    "Generator: lag",
    "How late the generator itself sent calls. Above 10 ms at p99 its latencies are not valid: it"
    " needs more CPU time.",
    "s",
    (Query(metrics.LAGS.quantile(0.99, SELECTED), "p99"),),
)
