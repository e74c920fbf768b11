"""What panels compute is right also where series begin, end and pause, as played to promtool."""

import pytest

from dashboards.annotations import FIRING
from dashboards.queries import concrete
from dashboards.signal import Signal
from dashboards.signals import cost, proxies, recorded, slo, tools_fleet
from tests.dashboards.promtool import History, Promtool

pytestmark = pytest.mark.slow

SERVER = 'namespace="ns",server="echo"'
TOOL = f'{SERVER},tool="fetch"'


def asked(signal: Signal, column: str = "", window: str = "10m") -> str:
    """A signal's answer for all servers and so much time, by the minute, rounded."""
    found = next(each for each in signal.queries if column in ("", each.name))
    expr = concrete(str(found.expr), window=window, namespace=".+", server=".+")
    return f"round({expr.replace(':1s]', ':1m]')}, 1e-6)"


FIRST_MINUTES: History = {
    f"mcp_proxy_overhead_seconds_sum{{{SERVER}}}": "0 10 11 12",
    f"mcp_proxy_overhead_seconds_count{{{SERVER}}}": "0 100 110 120",
    f'mcp_proxy_overhead_seconds_bucket{{{SERVER},le="+Inf"}}': "0 100 110 120",
    f"toolhive_mcp_request_duration_seconds_sum{{{SERVER}}}": "_ 20 22 24",
    f'toolhive_mcp_request_duration_seconds_bucket{{{SERVER},le="+Inf"}}': "_ 100 110 120",
    f"toolhive_mcp_request_duration_seconds_count{{{SERVER}}}": "_ 100 110 120",
}
"""Each call takes 0.2 s, half of it in the proxy; rate() cannot see the first 100 calls' time."""


NOTIFIED = f'{{{SERVER},mcp_method="notifications/cancelled"}}'
NOTIFICATIONS: History = {
    f"toolhive_mcp_request_duration_seconds_sum{NOTIFIED}": "0 0 0 0",
    f"toolhive_mcp_request_duration_seconds_count{NOTIFIED}": "0 900 1800 2700",
}
"""They are no calls, so a call takes no less time for them."""


@pytest.mark.parametrize(
    ("signal", "labels"),
    [
        (cost.SHARE, "{}"),
        (recorded.OVERHEAD_SHARE, f"{{{SERVER}}}"),
        (proxies.OVERHEAD_SHARE, f"{{{SERVER}}}"),
    ],
    ids=["of all servers", "of each server", "of one server"],
)
def test_the_proxys_share_is_right_from_the_first_minutes_on(
    promtool: Promtool, signal: Signal, labels: str
) -> None:
    history = FIRST_MINUTES | NOTIFICATIONS

    assert promtool.values(history, "3m", {asked(signal): {labels: 0.5}}) == ""


OFTEN_IDLE: History = {
    f"mcp:tool_calls:rate5m{{{TOOL}}}": "0x5 2x3",
    f"mcp:tool_errors:rate5m{{{TOOL}}}": "0x6 1x2",
}
"""Six minutes of no calls, then four of two calls per second, half of which fail from the second
on."""


@pytest.mark.parametrize(
    ("column", "value"), [("Calls", 0.8), ("Errors", 0.3), ("Error ratio", 0.375)]
)
def test_a_tool_that_is_seldom_called_fails_as_often_as_its_calls_do(
    promtool: Promtool, column: str, value: float
) -> None:
    expected = {asked(tools_fleet.TABLE, column): {f"{{{TOOL}}}": value}}

    assert promtool.values(OFTEN_IDLE, "9m", expected) == ""


def test_a_table_of_less_time_than_lies_between_two_recordings_shows_the_newest(
    promtool: Promtool,
) -> None:
    history = {f"mcp:tool_calls:rate5m{{{TOOL}}}": "2 _x3"}
    expected = {asked(tools_fleet.TABLE, "Calls", "1m"): {f"{{{TOOL}}}": 2.0}}

    assert promtool.values(history, "3m", expected) == ""


def test_the_calls_of_30_days_are_a_number_of_calls(promtool: Promtool) -> None:
    history = {f"mcp:calls:rate30d{{{SERVER}}}": "0.001x2"}
    expected = {asked(slo.TABLE, "Calls, 30 d"): {f"{{{SERVER}}}": 2592.0}}

    assert promtool.values(history, "1m", expected) == ""


@pytest.mark.parametrize(("time", "marked"), [("4m", False), ("6m", True), ("15m", False)])
def test_an_alert_is_marked_when_it_begins_to_fire_and_not_as_long_as_it_does(
    promtool: Promtool, time: str, marked: bool
) -> None:
    alert = 'ALERTS{alertname="MCPServerDown",alertstate="firing"}'
    expr = concrete(str(FIRING.expr), window="4m", namespace=".+", server=".+")

    expected = {expr: {alert: 1.0}} if marked else {expr: {}}

    assert promtool.values({alert: "_x5 1x15"}, time, expected) == ""
