"""Objectives: what its signals show of a known history."""

from dashboards.signals import slo
from tests.dashboards.signals.history import values_test

test_values = values_test(
    slo,
    """
    LEAST0 -19, LEAST1 -1, FASTEST0 20, FASTEST1 2, OVER_TIME0 0.1, OVER_TIME1 0.1,
    OVERSPENT 1 1, TABLE 20 20 0.1 -19 2 2 0.1 -1 900, LEFT0 -19, LEFT1 -1, OVERSPENT.fallback 1
    """,
)
