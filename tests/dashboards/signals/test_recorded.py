"""Calls, latency and sizes from recorded series: what its signals show of a known history."""

from dashboards.signals import recorded
from tests.dashboards.signals.history import values_test

test_values = values_test(
    recorded,
    """
    RATE_BY_METHOD 1, STATUS_CODES 1, DURATIONS 4.45, LATENCY 0.455 3.5 4.7,
    LATENCY_BY_TRANSPORT 3.5, LATENCY_BY_METHOD 4.125, SLOW 0.45 0.1 0, REQUEST_SIZE 500 990,
    RESPONSE_SIZE 1000 1980, FIRST_EVENT 0.5 0.95, OVERHEAD_TIME 0.05 0.099, OVERHEAD_SHARE 0.1,
    LOOP_LAG 0.492, QUANTILES0 0.455, QUANTILES1 3.5, QUANTILES2 4.7,
    LATENCY_BY_TRANSPORT.fallback 1
    """,
)
