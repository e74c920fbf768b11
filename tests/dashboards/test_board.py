"""What holds for every board of every variant, whatever its panels show.

grafana/dashboard-linter and Grafana's own types look at the rest.
"""

import json
import re
from collections import Counter

import pytest

from dashboards import BOARDS
from tests.dashboards.every_board import EVERY_BOARD, EVERY_BUNDLE, drawn
from tests.dashboards.promql_lint import findings
from tests.dashboards.windows import Windows, is_instant, over_range, shown

BUILT_IN = {
    *("__rate_interval", "__interval", "__range", "__range_s", "__url_time_range"),
    *("__data", "__field", "__all"),
}
UIDS = {board.uid for board in EVERY_BOARD.values()}

every_board = pytest.mark.parametrize("name", EVERY_BOARD)


@every_board
def test_uids_and_ids_are_unique_and_the_first_row_is_the_question(name: str) -> None:
    written = drawn(name)
    ids = Counter(panel["id"] for panel in written["panels"])
    top = written["panels"][0]

    assert re.fullmatch("[a-z0-9-]{1,40}", written["uid"])
    assert set(ids.values()) == {1}
    assert (top["type"], top["title"][-1]) == ("row", "?")


def test_uids_and_titles_are_unique_in_the_folder() -> None:
    """A duplicate blocks every write of Grafana's provider."""
    names = Counter([board.uid for board in BOARDS] + [board.title for board in BOARDS])

    assert set(names.values()) == {1}


@every_board
def test_every_variable_that_a_board_uses_is_defined(name: str) -> None:
    written = drawn(name)
    text = json.dumps([written[part] for part in ("panels", "templating", "annotations")])
    defined = {each["name"] for each in written["templating"]["list"]}

    assert set(re.findall(r"\$\{?([a-z]\w*|__\w+)", text)) <= defined | BUILT_IN


@every_board
def test_every_link_leads_to_a_board(name: str) -> None:
    assert set(re.findall(r'(?:"|/|\()d/([^"?/]+)', json.dumps(drawn(name)))) <= UIDS


@every_board
def test_the_menu_lists_the_boards_of_the_variant(name: str) -> None:
    (menu,) = drawn(name)["links"]

    assert (menu["type"], menu["tags"]) == ("dashboards", drawn(name)["tags"])


@every_board
def test_every_query_has_a_legend_and_suits_the_boards_time_range(name: str) -> None:
    written = drawn(name)
    panels = (panel for panel in written["panels"] if panel["type"] != "row")
    targets = [target for panel in panels for target in panel["targets"] if "expr" in target]
    marked = [each["expr"] for each in written["annotations"]["list"] if "expr" in each]

    assert all(each["legendFormat"] and each["interval"] == "1m" for each in targets)
    assert [
        f"{line}: {expr}"
        for expr in (*marked, *(each["expr"] for each in targets))
        for line in findings(expr)
    ] == []


@pytest.mark.parametrize("bundle", ["unified", "0.3.5-direct-scrape"])
def test_a_board_shows_each_quantity_over_one_window(bundle: str) -> None:
    """One value of now, which is where the lines end; or one value of the whole time range.

    Of the contract, and of the oldest ToolHive, which shows the fallbacks.
    The worst of the range is another quantity. So is what alerts evaluate, by the panel's title,
    and what is left of a budget, whose windows are the subject of a board.
    """
    compared = 0
    for board in EVERY_BUNDLE[bundle].boards:
        if board.uid.endswith("-slo"):
            continue
        for quantity, panels in shown(board, EVERY_BUNDLE[bundle]).items():
            here = f"{board.uid}: {', '.join(sorted(quantity))}"
            values = {w for panel, w in panels if is_instant(panel) and not is_worst(w)}
            lines = {
                windows
                for panel, windows in panels
                if not (is_instant(panel) or panel.signal.title.endswith("used by alerts"))
            }
            assert len(values) <= 1, f"{here}: {values}"
            assert len(lines) <= 1, f"{here}: {lines}"
            assert not lines or lines >= {w for w in values if not any(map(over_range, w))}, here
            compared += len(panels)
    assert compared


def is_worst(windows: frozenset[Windows]) -> bool:
    return any(each[0][0] == "max_over_time" for each in windows)


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("increase(x_total[5m])", "fixed range [5m]"),
        ("rate(x_total[$__range])", "rate over [$__range]"),
        ("sum(x_total)", "counter x_total without rate or increase"),
        ('sum({__name__=~"x(_total)?"})', "counter x(_total)? without rate or increase"),
        ("histogram_quantile(0.9, rate(x_bucket[1h]))", "quantile without sum by (le)"),
    ],
)
def test_a_query_that_does_not_suit_is_found(expr: str, found: str) -> None:
    assert found in list(findings(expr))
