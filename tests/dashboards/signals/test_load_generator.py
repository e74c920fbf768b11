"""What a load generator sees: what its signals show of a known history."""

from dashboards.signals import load_generator
from tests.dashboards.signals.history import values_test

test_values = values_test(
    load_generator,
    """
    RATE 1.5 1, OUTCOMES 0.9, LATENCY 0.5 0.95 0.99, BACKLOG 6 30, LAG 0.002
    """,
)
