"""The metrics of the load generator, `lab.load`, which it sends by OTLP while a test runs."""

from dashboards.promql.schema import Source
from dashboards.promql.series import Series
from proxy.telemetry.catalogue import Instrument, Metric

_TEST = ("namespace", "test")
"""Attributes of every metric beside `server` and `transport`: whose proxy, and which scenario."""

LATENCY_BUCKETS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 30.0, 60.0),
)

DUE = Metric(
    "mcp.load.calls.due",
    Instrument.COUNTER,
    "{call}",
    "calls that were due, whether or not they could be sent",
    _TEST,
)
SENT = Metric("mcp.load.calls.sent", Instrument.COUNTER, "{call}", "calls that were sent", _TEST)
CALLS = Metric(
    "mcp.load.calls",
    Instrument.COUNTER,
    "{call}",
    "calls that ended, by outcome",
    (*_TEST, "outcome"),
)
LATENCY = Metric(
    "mcp.load.latency",
    Instrument.HISTOGRAM,
    "s",
    "time from when a call was due until it ended",
    _TEST,
    LATENCY_BUCKETS,
)
LAG = Metric(
    "mcp.load.lag",
    Instrument.HISTOGRAM,
    "s",
    "how late the generator itself sent a call",
    _TEST,
    LATENCY_BUCKETS,
)
IN_FLIGHT = Metric(
    "mcp.load.calls.in_flight", Instrument.GAUGE, "{call}", "calls without an answer so far", _TEST
)
WAITING = Metric(
    "mcp.load.calls.waiting",
    Instrument.GAUGE,
    "{call}",
    "calls that are due, and wait for a connection",
    _TEST,
)

METRICS = (DUE, SENT, CALLS, LATENCY, LAG, IN_FLIGHT, WAITING)


def _series(metric: Metric, suffix: str = "", *labels: str) -> Series:
    name = f"{metric.series}{suffix}"
    return Series(name, frozenset((*metric.labels, *labels)), Source.LOAD_GENERATOR)


DUE_CALLS, SENT_CALLS, ENDED_CALLS = map(_series, (DUE, SENT, CALLS))
LATENCIES, LAGS = (_series(each, "_bucket", "le") for each in (LATENCY, LAG))
CALLS_IN_FLIGHT, CALLS_WAITING = map(_series, (IN_FLIGHT, WAITING))

EVERY = (DUE_CALLS, SENT_CALLS, ENDED_CALLS, LATENCIES, LAGS, CALLS_IN_FLIGHT, CALLS_WAITING)
