"""The boards pass our linter, and the linter catches what it is for."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from dashboards import BOARDS, Board
from dashboards.render import dashboard
from tests.dashboards.board_lint import Json, findings, panels

UIDS = [board.uid for board in BOARDS]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_has_no_findings(board: Board) -> None:
    assert findings(dashboard(board), UIDS) == []


def test_uids_and_titles_are_unique_in_the_folder() -> None:
    """One twice blocks every write of Grafana's provider."""
    names = Counter([board.uid for board in BOARDS] + [board.title for board in BOARDS])

    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_opens_with_the_question_that_it_answers(board: Board) -> None:
    top = dashboard(board)["panels"][0]

    assert (top["type"], top["title"]) == ("row", board.question)
    assert board.question.endswith("?")


def first(board: Json) -> Json:
    return panels(board)[0]


def query(board: Json, expr: str) -> None:
    first(board)["targets"][0]["expr"] = expr


def options(board: Json, kind: str) -> Any:
    return next(panel for panel in panels(board) if panel["type"] == kind)["options"]


MUTATIONS: dict[str, Callable[[Json], object]] = {
    "not 1 to 40": lambda board: board.update(uid="mcp_" + "x" * 40),
    "id is 7": lambda board: board.update(id=7),
    "schemaVersion is 12": lambda board: board.update(schemaVersion=12),
    "graphTooltip is 0": lambda board: board.update(graphTooltip=0),
    "editable is True": lambda board: board.update(editable=True),
    "the first variable is not the data source": (
        lambda board: board["templating"]["list"][0].update(name="prometheus")
    ),
    "refresh is 1, not 2": lambda board: board["templating"]["list"][1].update(refresh=1),
    "lies over": lambda board: first(board)["gridPos"].update(w=24),
    "is not on the grid": lambda board: first(board)["gridPos"].update(x=23),
    "is used 2 times": lambda board: first(board).update(id=panels(board)[1]["id"]),
    "is null": lambda board: first(board).update(interval=None),
    "lacks a title or a description": lambda board: first(board).update(description=""),
    "unknown type graph": lambda board: first(board).update(type="graph"),
    "its data source is fixed": (
        lambda board: first(board).update(datasource={"type": "prometheus", "uid": "abc"})
    ),
    "unknown unit 'reqsps'": (
        lambda board: first(board)["fieldConfig"]["defaults"].update(unit="reqsps")
    ),
    "not a null base and numbers": (
        lambda board: first(board)["fieldConfig"]["defaults"]["thresholds"]["steps"][0].update(
            value="null"
        )
    ),
    "thresholds do not rise": (
        lambda board: first(board)["fieldConfig"]["defaults"]["thresholds"]["steps"].extend(
            [{"color": "red", "value": 9}, {"color": "blue", "value": 8}]
        )
    ),
    "unknown legend calculation p59": (
        lambda board: options(board, "timeseries")["legend"]["calcs"].append("p59")
    ),
    "unknown reducer latest": (
        lambda board: options(board, "stat")["reduceOptions"].update(calcs=["latest"])
    ),
    "unknown transformation marge": (
        lambda board: first(board)["transformations"].append({"id": "marge"})
    ),
    "unknown property units": (
        lambda board: first(board)["fieldConfig"]["overrides"].append(
            {"matcher": {"id": "byName"}, "properties": [{"id": "units", "value": "s"}]}
        )
    ),
    "asks nothing": lambda board: first(board)["targets"].clear(),
    "empty or repeated refId": lambda board: first(board)["targets"][0].update(refId=""),
    "no min step": lambda board: first(board)["targets"][0].update(interval=""),
    "no legend": lambda board: first(board)["targets"][0].update(legendFormat=""),
    "variable $tool is not defined": lambda board: query(board, 'x{tool="$tool"}'),
    "invalid PromQL": lambda board: query(board, "sum by (server"),
    "fixed range [5m]": lambda board: query(board, "sum(increase(x_total[5m]))"),
    "not [$__rate_interval]": lambda board: query(board, "sum(rate(x_total[$__range]))"),
    "without rate or increase": lambda board: query(board, "sum(x_total)"),
    "without sum by (le)": (
        lambda board: query(board, "histogram_quantile(0.9, rate(x_bucket[$__rate_interval]))")
    ),
    "which is no board": (
        lambda board: first(board)["fieldConfig"]["defaults"].update(
            links=[{"title": "there", "url": "/d/mcp-nowhere?x=1"}]
        )
    ),
    "no menu of the other boards": lambda board: board["links"].clear(),
    "a tag that this board lacks": lambda board: board["links"][0].update(tags=["other"]),
    "larger than": lambda board: board.update(description="x" * 200_000),
}


@pytest.mark.parametrize("finding", MUTATIONS)
def test_the_linter_finds_a_defect_that_was_put_in(finding: str) -> None:
    server = next(board for board in BOARDS if board.uid == "mcp-server")
    broken = copy.deepcopy(dashboard(server))

    MUTATIONS[finding](broken)

    assert any(finding in line for line in findings(broken, UIDS))


def of_type(board: Json, kind: str) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == kind)


def limited(board: Json) -> Any:
    """The thresholds of a table's column."""
    columns = of_type(board, "table")["fieldConfig"]["overrides"]
    properties = (each for column in columns for each in column["properties"])
    return next(each["value"] for each in properties if each["id"] == "thresholds")


IN_PARTICULAR: dict[str, tuple[str, Callable[[Json], object]]] = {
    "thresholds do not rise": (
        "mcp-fleet",
        lambda board: limited(board)["steps"].append({"color": "red", "value": -1}),
    ),
    "not a null base and numbers": (
        "mcp-fleet",
        lambda board: limited(board)["steps"][0].update(value=0),
    ),
    "asks something": (
        "mcp-home",
        lambda board: of_type(board, "text").update(targets=[{"expr": "up", "refId": "A"}]),
    ),
    "/d/mcp-flet, which is no board": (
        "mcp-home",
        lambda board: of_type(board, "text")["options"].update(content="[Fleet](d/mcp-flet?x=1)"),
    ),
    "does not ask the chosen Jaeger": (
        "mcp-latency",
        lambda board: of_type(board, "traces")["targets"][0].update(datasource={"uid": "jaeger"}),
    ),
    "variable $trace is not defined": (
        "mcp-latency",
        lambda board: board["templating"]["list"].pop(),
    ),
}


@pytest.mark.parametrize("finding", IN_PARTICULAR)
def test_the_linter_finds_a_defect_of_a_particular_panel(finding: str) -> None:
    uid, break_it = IN_PARTICULAR[finding]
    broken = copy.deepcopy(dashboard(next(board for board in BOARDS if board.uid == uid)))

    break_it(broken)

    assert any(finding in line for line in findings(broken, UIDS))
