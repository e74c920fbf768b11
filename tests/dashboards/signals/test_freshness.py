"""Freshness: what its signals show of a known history."""

from dashboards.signals import freshness
from tests.dashboards.signals.history import values_test

test_values = values_test(
    freshness,
    """
    FRESHNESS 0, OLDEST 0, REPORTING 1, COPIES 1, MOST_COPIES 1, SERIES_BY_FAMILY 61,
    TARGET_UP 1, SCRAPE_DURATION 0.5, SCRAPE_SAMPLES 800
    """,
)
