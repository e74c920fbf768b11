"""Which tools are used: what its signals show of a known history."""

import pytest

from dashboards.signals import tools_fleet
from tests.dashboards.promtool import History, Promtool
from tests.dashboards.signals.history import asked, values_test

TOOL = 'namespace="ns",server="echo",tool="fetch"'

test_values = values_test(
    tools_fleet,
    """
    IN_USE 2, UNUSED 0, NEW 0, CALLS 0.9, ERRORS 0.111, SLOWEST 4.7, TABLE 0.9 0.1 0.111 4.7 4.7,
    BUSIEST 0.9, FAILING 0.1, SLOW 4.7, SLOWEST_NAMES 4.7, RATES 0.9, ERROR_RATIOS 0.111,
    LATENCIES 4.7, ERROR_TYPES 0.1, LISTS_PER_CALL 0.056, IN_VAIN 0 0.1 0 0
    """,
)

OFTEN_IDLE: History = {
    f"mcp:tool_calls:rate5m{{{TOOL}}}": "0x5 2x3",
    f"mcp:tool_errors:rate5m{{{TOOL}}}": "0x6 1x2",
}
"""Six minutes of no calls, then four of two calls per second, half of which fail from the second
on."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "value"), [("Calls", 0.8), ("Errors", 0.3), ("Error ratio", 0.375)]
)
def test_a_tool_that_is_seldom_called_fails_as_often_as_its_calls_do(
    promtool: Promtool, column: str, value: float
) -> None:
    expected = {asked(tools_fleet.TABLE, column): {f"{{{TOOL}}}": value}}

    assert promtool.values(OFTEN_IDLE, "9m", expected) == ""


@pytest.mark.slow
def test_a_table_of_less_time_than_lies_between_two_recordings_shows_the_newest(
    promtool: Promtool,
) -> None:
    history = {f"mcp:tool_calls:rate5m{{{TOOL}}}": "2 _x3"}
    expected = {asked(tools_fleet.TABLE, "Calls", "1m"): {f"{{{TOOL}}}": 2.0}}

    assert promtool.values(history, "3m", expected) == ""
