"""Proxies of one server: what its signals show of a known history."""

import pytest

from dashboards.signal import Signal
from dashboards.signals import cost, proxies, recorded
from tests.dashboards.promtool import History, Promtool
from tests.dashboards.signals.history import asked, values_test

SERVER = 'namespace="ns",server="echo"'

test_values = values_test(
    proxies,
    """
    UPSTREAM 1, UPSTREAM_RESTARTS 5, UPSTREAM_KILLED 15, OPEN_SESSIONS 4, OPEN 4 3 5,
    IN_FLIGHT 2, OPEN_LINKS 4, OVERHEAD_TIME 0.05 0.099, OVERHEAD_SHARE 0.1, LOOP_LAG 0.492,
    PROCESS_CPU 0.5, PROCESS_MEMORY 400, LOST 60, OVERFLOWED 10, OPEN_CONNECTIONS 5,
    OPEN.fallback 5
    """,
)

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


@pytest.mark.slow
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
