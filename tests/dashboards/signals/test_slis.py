"""What rules computed: what its signals show of a known history."""

from dashboards.signals import slis
from tests.dashboards.signals.history import values_test

test_values = values_test(
    slis,
    """
    FIRING_HERE 1, FIRING 1, CALLS 1, ERRORS 0.1, LATENCY 3.5, AVAILABILITY_BURN_RATES0 20,
    AVAILABILITY_BURN_RATES1 20, AVAILABILITY_BURN_RATES2 20, LATENCY_BURN_RATES0 2,
    LATENCY_BURN_RATES1 2, LATENCY_BURN_RATES2 2, POD_CPU_CORES 0.25,
    POD_MEMORY_BYTES 300
    """,
)
