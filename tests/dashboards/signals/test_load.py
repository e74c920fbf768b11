"""A load test: what its signals show of a known history."""

from dashboards.signals import load
from tests.dashboards.signals.history import values_test

test_values = values_test(
    load,
    """
    CARRIED -, PEAK 1, RATE 1, CONNECTIONS 5 4, IN_FLIGHT 1, ERRORS 0.1, SERVER_TIME 0.9,
    UPSTREAM_ERRORS 0.05 0.05
    """,
)
