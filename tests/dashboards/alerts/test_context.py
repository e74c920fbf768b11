"""Alerts on histories of tools that take more of the model's context than before."""

from tests.dashboards.alerts.cases import TOOL, Fires, Quiet, alerts_test, recorded
from tests.dashboards.promtool import History


def listed(values: str) -> History:
    """The length of the tool list by the hour."""
    return recorded({"mcp:tool_list_bytes:sum": values})


def results(values: str) -> History:
    """The mean result of a tool within a day, by the hour."""
    return recorded({"mcp:tool_result_bytes:mean1d": values}, ',tool="fetch"')


FIRES = (
    Fires(
        "MCPToolListGrew",
        listed("10000x170 13000x10"),
        ("171h", "172h"),
        "12.7ki",
        every="1h",
    ),
    Fires(
        "MCPToolResultsGrew",
        results("10000x170 13000x10"),
        ("171h", "172h"),
        "12.7ki",
        labels=TOOL,
        every="1h",
    ),
)

LATER = ("172h", "180h", "200h")
QUIET = (
    Quiet(
        "MCPToolListGrew",
        "20 % is the bound itself",
        listed("10000x170 12000x40"),
        LATER,
        every="1h",
    ),
    Quiet(
        "MCPToolListGrew",
        "a short list became twice as long, by less than a kilobyte",
        listed("1000x170 2000x40"),
        LATER,
        every="1h",
    ),
    Quiet(
        "MCPToolListGrew",
        "a new server has no past",
        listed("10000x5 20000x40"),
        ("6h", "20h"),
        every="1h",
    ),
    Quiet(
        "MCPToolResultsGrew",
        "20 % is the bound itself",
        results("10000x170 12000x40"),
        LATER,
        every="1h",
    ),
    Quiet(
        "MCPToolResultsGrew",
        "short results became twice as long, by less than a kilobyte",
        results("1000x170 2000x40"),
        LATER,
        every="1h",
    ),
)

test_alerts = alerts_test(FIRES, QUIET)
