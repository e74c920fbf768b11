"""Sessions: what its signals show of a known history."""

from dashboards.signals import sessions
from tests.dashboards.signals.history import values_test

test_values = values_test(
    sessions,
    """
    OPENING 0.033, REFUSED 0.333, CALLS_EACH 27, OPEN_STREAMS 3, OPENED_BY_SERVER 0.033,
    REJECTED 0.1, REFUSALS 0.2, SESSIONS 4, STREAMS 3, CONNECTIONS 5, LIFE 30 57,
    ENDED_BY_TYPE 0.05, GROWTH 0.033 0.05, BY_TRANSPORT 1, BY_VERSION 0.9
    """,
)
