"""What callers of one server experience: what its signals show of a known history."""

from dashboards.signals import calls
from tests.dashboards.signals.history import values_test

test_values = values_test(
    calls,
    """
    RATE 1, RATE_BY_METHOD 1, RATE_BY_POD 1, ERROR_RATIO 0.1, ERROR_RATIO_BY_METHOD 0.426,
    OUTCOME_RATE 1, FAULT_RATIO 0.1 0 0.2 0, STATUS_CODES 1, MEAN 1, MEAN_BY_METHOD 2, P95 3.5,
    LATENCY 0.455 3.5 4.7, LATENCY_BY_METHOD 4.125, DURATIONS 1335, SLOW 0.45 0.1 0,
    P95.fallback 1
    """,
)
