"""What the proxy costs: what its signals show of a known history."""

from dashboards.signals import cost
from tests.dashboards.signals.history import values_test

test_values = values_test(
    cost,
    """
    ADDED 0.1, ADDED_P99 0.099, SHARE 0.1, CPU_PER_CALL 0.5, MEMORY 400, FAULTS 0, SPLIT 0.9 0.1,
    SIDE_BY_SIDE 3.5 0.095, SPREAD 2.5, ADDED_BY_SERVER 0.1, SERVER_TIME 0.9,
    UPSTREAM_ERRORS 0.05 0.05, MEMORY_PER_SESSION 100
    """,
)
