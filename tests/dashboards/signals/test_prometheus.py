"""Prometheus itself: what its signals show of a known history."""

from dashboards.signals import prometheus
from tests.dashboards.signals.history import values_test

test_values = values_test(
    prometheus,
    """
    WRITES 0.5, WRITE_LATENCY 0.95, SAMPLES_REFUSED 0.1 0.05, HEAD_SERIES 9000,
    SAMPLES_STORED 10, RULE_FAILURES 5
    """,
)
