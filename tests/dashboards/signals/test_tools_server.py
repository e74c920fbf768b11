"""The tools of one server: what its signals show of a known history."""

from dashboards.signals import tools_server
from tests.dashboards.signals.history import values_test

test_values = values_test(
    tools_server,
    """
    RATE 0.9, ERROR_RATIO 0.111, LATENCY 4.7, TABLE 270 30 0.111 4.7 4.7
    """,
)
