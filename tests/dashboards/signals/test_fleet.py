"""All servers side by side: what its signals show of a known history."""

from dashboards.signals import fleet
from tests.dashboards.signals.history import values_test

test_values = values_test(
    fleet,
    """
    DOWN 0, CALLS 1, ERRORS 0.1, SLOWEST_P95 3.5, TABLE 1 1 1 0.1 3.5 4, NEEDY 1 1 0.1 3.5,
    BUSIEST 1, RATES 1, ERROR_RATIOS 0.1, LATENCIES 3.5, AGAINST_YESTERDAY 1, OUTCOMES 1,
    FAULT_RATIOS 0.1 0 0.2 0, DURATIONS 4.45, OPEN_SESSIONS 4, ALERTS 600,
    SLOWEST_P95.fallback 1, LATENCIES.fallback 1
    """,
)
