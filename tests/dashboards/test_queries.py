"""The list of queries is complete, and each can be asked without Grafana."""

import json

import pytest

from dashboards import BOARDS, Board
from dashboards.queries import concrete, queries, rule_queries
from dashboards.recordings import RECORDINGS
from tests.dashboards.every_board import drawn
from tests.dashboards.parsed_promql import parse

UIDS = [board.uid for board in BOARDS]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_query_of_panels_and_variables_is_listed(board: Board) -> None:
    asked = {query.panel: query.expr for query in queries(board)}
    targets = (
        target for panel in drawn(board.uid)["panels"] for target in panel.get("targets", ())
    )

    assert {each["expr"] for each in targets if "expr" in each} <= {
        query.expr for query in queries(board)
    }
    for variable in drawn(board.uid)["templating"]["list"]:
        if variable["type"] == "query":
            selector = variable["definition"].removeprefix("label_values(").rsplit(",", 1)[0]
            assert asked[f"${variable['name']}"] == f"group by ({variable['name']}) ({selector})"


def test_every_recording_rule_is_listed() -> None:
    assert {str(rule.expr) for rule in RECORDINGS} <= {query.expr for query in rule_queries()}


def test_all_of_grafanas_variables_are_replaced() -> None:
    made = concrete(
        "rate(x{namespace=~`${namespace:regex}`, server=~`${server:regex}`}[$__rate_interval])"
        " / increase(x[$__range]) * $__range_s",
        window="2m",
        namespace="ns",
        server="a|b",
    )

    assert made == "rate(x{namespace=~`ns`, server=~`a|b`}[2m]) / increase(x[2m]) * 120"


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_query_parses_and_keeps_no_variable(board: Board) -> None:
    for query in queries(board):
        asked = concrete(query.expr, window="30s")

        assert "$" not in asked.replace('"$1"', ""), json.dumps(query.expr)
        parse(query.expr)


@pytest.mark.parametrize("window", ["5", "1h30m", "soon", ""])
def test_a_window_that_is_no_single_duration_is_refused(window: str) -> None:
    with pytest.raises(ValueError, match="window"):
        concrete("up", window=window)
