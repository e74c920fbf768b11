"""Who calls: what its signals show of a known history."""

from dashboards.signals import clients
from tests.dashboards.signals.history import values_test

test_values = values_test(
    clients,
    """
    IN_USE 1, CALLS 1, ERRORS 0.117, UNNAMED 0, DESTRUCTIVE 0, NEW 0,
    TABLE 1 0.117 0.117 0.9 0 1 2000, BUSIEST 1, FAILING 0.117, SERVERS 1, RATES 1,
    ERROR_RATIOS 0.117, CLASSES 0.9, VERSIONS 1, OVERFLOWED 15, PRINCIPALS 1, HERE 1,
    FAILING_HERE 0.117
    """,
)
