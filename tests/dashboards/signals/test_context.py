"""What the model pays: what its signals show of a known history."""

from dashboards.signals import context
from tests.dashboards.signals.history import values_test

test_values = values_test(
    context,
    """
    LIST_TOKENS 111.111, LISTED 2, UNUSED_TOOLS 1, UNUSED_TOKENS 22.222, RESULT_SIZE 2000,
    MOST_GROWN 0,
    SERVERS 500 111.111 2 0 2000, TOOLS 500 111.111 296 150 2000 0, RESULTS_BY_NAME 1800 2000,
    LARGEST_TOOLS 500, LARGEST_RESULTS 2000, PARTS 500, LISTS 500, RESULT_SIZES 2000,
    TOKENS_BY_CLIENT 2000, TOKEN_RATES 2000
    """,
)
