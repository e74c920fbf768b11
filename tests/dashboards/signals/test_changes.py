"""What is new in the tools: what its signals show of a known history."""

from dashboards.signals import changes
from tests.dashboards.signals.history import values_test

test_values = values_test(
    changes,
    """
    ALL 15, BREAKING 5, ADDED 10, GONE 5, DESCRIPTIONS 0, UNAPPROVED 3, TABLE 15 5 10 5 0 3,
    BY_KIND 15, BY_SERVER 15
    """,
)
