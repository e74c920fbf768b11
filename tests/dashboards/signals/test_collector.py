"""The collector: what its signals show of a known history."""

from dashboards.signals import collector
from tests.dashboards.signals.history import values_test

test_values = values_test(
    collector,
    """
    POINTS_RECEIVED 2, POINTS_REFUSED 0 0.3, POINTS_SENT 1.5, POINTS_UNSENT 0 0.5,
    SPANS_RECEIVED 1, SPANS_REFUSED 0.1 0, SPANS_SENT 0.8, SPANS_UNSENT 0.2 0,
    RECORDS_RECEIVED 0.5, RECORDS_REFUSED 0.05 0, RECORDS_SENT 0.4, RECORDS_UNSENT 0.1 0,
    QUEUE 0.25, COLLECTOR_MEMORY 700
    """,
)
