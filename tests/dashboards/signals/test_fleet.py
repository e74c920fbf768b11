"""All servers side by side: what its signals show of a known history."""

import pytest

from dashboards.signals import fleet
from tests.dashboards.promtool import History, Promtool
from tests.dashboards.signals.history import OF, asked, values_test

test_values = values_test(
    fleet,
    """
    DOWN 0, CALLS 1, ERRORS 0.1, SLOWEST_P95 3.5, TABLE 1 1 1 0.1 3.5 4, NEEDY 1 1 0.1 3.5,
    BUSIEST 1, RATES 1, ERROR_RATIOS 0.1, LATENCIES 3.5, AGAINST_YESTERDAY 1, OUTCOMES 1,
    FAULT_RATIOS 0.1 0 0.2 0, DURATIONS 4.45, OPEN_SESSIONS 4, ALERTS 600,
    SLOWEST_P95.fallback 1, LATENCIES.fallback 1
    """,
)

YOUNG: History = {f"mcp:calls:rate5m{{{OF}}}": "0 1 2 3 4"}
"""A server that began to be called four minutes ago: its mean since then is half of its rate."""


@pytest.mark.slow
def test_a_young_server_has_one_rate_in_the_table_and_among_the_busiest(
    promtool: Promtool,
) -> None:
    expected = {
        asked(fleet.TABLE, "Calls"): {f"{{{OF}}}": 4.0},
        asked(fleet.BUSIEST): {f"{{{OF}}}": 4.0},
    }

    assert promtool.values(YOUNG, "4m", expected) == ""
