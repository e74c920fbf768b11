"""Names of servers that are regular expressions or end strings: boards and links mean that one.

Beside the server there is another, which its name would match as a pattern, with three times as
many of everything.
"""

from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from dashboards.promql.scope import exactly, quoted
from dashboards.queries import concrete
from tests.dashboards.alerts.cases import BY_NAME, UP, Fires
from tests.dashboards.promtool import Firing, History, Promtool
from tests.dashboards.signals import history

NAMES = {
    "files.v2": "filesXv2",
    "a+b": "aab",
    "x(1)": "x1",
    "a|b": "a",
    "^we$ird": "we",
    "q\"uo'te": "quote",
    r"back\wslash": "backslash",
    "[ab]{1}*?": "a",
    "né, 猫 & co": "né",
}
"""Each server's name, and that of the other."""


def renamed(series: History, name: str) -> History:
    """The history of `echo`, as that of a server of this name."""
    return {
        each.replace('server="echo"', f"server={quoted(name)}"): values
        for each, values in series.items()
    }


def of_server(expr: str, name: str) -> str:
    return concrete(expr, window="5m", server=exactly(name)).replace(":1s]", ":1m]")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_board_shows_of_a_server_what_it_shows_of_the_only_one(
    promtool: Promtool, name: str
) -> None:
    others = {each: history.scaled(values) for each, values in history.HISTORY.items()}
    of_other = {key: v for key, v in renamed(others, NAMES[name]).items() if "server=" in key}
    expected: dict[str, dict[str, float]] = {}
    for query, value in history.every_expected().items():
        if "${server" in str(query.expr):
            expected |= history.summed(of_server(str(query.expr), name), value)

    assert len(expected) > 100
    both = renamed(history.HISTORY, name) | of_other
    assert promtool.values(both, "15m", expected) == ""


@pytest.mark.slow
def test_an_alert_leads_to_the_server_of_any_name(promtool: Promtool) -> None:
    alert, replays = BY_NAME["MCPServerDown"], []
    for name in NAMES:
        labels = {"namespace": "ns", "server": name}
        case = Fires(alert.name, renamed({f"{UP}}}": "0x60"}, name), ("1m", "30m"), "0", labels)
        firing = case.firing(alert, labels)
        url = f"/d/mcp-server?var-namespace=ns&var-server={quote_plus(name)}"
        linked = Firing(firing.labels, {**firing.annotations, "dashboard_url": url})
        replays.append(promtool.replay(case, alert.name, {"1m": [], "30m": [linked]}))
        assert parse_qs(urlsplit(url).query)["var-server"] == [name]

    assert promtool.replays(replays) == ""
