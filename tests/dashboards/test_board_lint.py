"""The boards pass our linter, and the linter finds what it is for."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from dashboards import BOARDS, Board
from dashboards.render import dashboard
from tests.dashboards.board_lint import Json, findings, panel_of, panels

UIDS = [board.uid for board in BOARDS]
BY_UID = {board.uid: board for board in BOARDS}


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_has_no_findings(board: Board) -> None:
    assert findings(dashboard(board), UIDS) == []


def test_uids_and_titles_are_unique_in_the_folder() -> None:
    """A duplicate blocks every write of Grafana's provider."""
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


def steps(board: Json) -> Any:
    return first(board)["fieldConfig"]["defaults"]["thresholds"]["steps"]


def column_steps(board: Json) -> Any:
    columns = panel_of(board, "table")["fieldConfig"]["overrides"]
    properties = (each for column in columns for each in column["properties"])
    return next(each["value"]["steps"] for each in properties if each["id"] == "thresholds")


Defect = Callable[[Json], object]
DEFECTS: tuple[tuple[str, str, Defect], ...] = (
    ("mcp-server", "not 1 to 40", lambda board: board.update(uid="mcp_" + "x" * 40)),
    ("mcp-server", "id is 7", lambda board: board.update(id=7)),
    ("mcp-server", "schemaVersion is 12", lambda board: board.update(schemaVersion=12)),
    ("mcp-server", "graphTooltip is 0", lambda board: board.update(graphTooltip=0)),
    (
        *("mcp-server", "refresh is 1, not 2"),
        lambda board: board["templating"]["list"][1].update(refresh=1),
    ),
    ("mcp-server", "lies over", lambda board: first(board)["gridPos"].update(w=24)),
    ("mcp-server", "is not on the grid", lambda board: first(board)["gridPos"].update(x=23)),
    (
        *("mcp-server", "is used 2 times"),
        lambda board: first(board).update(id=panels(board)[1]["id"]),
    ),
    ("mcp-server", "is null", lambda board: first(board).update(interval=None)),
    (
        *("mcp-server", "not a null base and numbers"),
        lambda board: steps(board)[0].update(value="null"),
    ),
    (
        *("mcp-server", "thresholds do not rise"),
        lambda board: steps(board).extend([{"value": 9}, {"value": 8}]),
    ),
    (
        *("mcp-fleet", "thresholds do not rise"),
        lambda board: column_steps(board).append({"value": -1}),
    ),
    (
        *("mcp-fleet", "not a null base and numbers"),
        lambda board: column_steps(board)[0].update(value=0),
    ),
    ("mcp-server", "no query", lambda board: first(board)["targets"].clear()),
    ("mcp-server", "repeated refId", lambda board: first(board)["targets"][0].update(refId="")),
    ("mcp-server", "no min step", lambda board: first(board)["targets"][0].update(interval="")),
    ("mcp-server", "no legend", lambda board: first(board)["targets"][0].update(legendFormat="")),
    ("mcp-server", "$tool is not defined", lambda board: query(board, 'x{tool="$tool"}')),
    ("mcp-latency", "$trace is not defined", lambda board: board["templating"]["list"].pop()),
    ("mcp-server", "invalid PromQL", lambda board: query(board, "sum by (server")),
    ("mcp-server", "fixed range [5m]", lambda board: query(board, "increase(x_total[5m])")),
    ("mcp-server", "not [$__rate_int", lambda board: query(board, "rate(x_total[$__range])")),
    ("mcp-server", "without rate or incr", lambda board: query(board, "sum(x_total)")),
    (
        *("mcp-server", "without sum by (le)"),
        lambda board: query(board, "histogram_quantile(0.9, rate(x_bucket[$__rate_interval]))"),
    ),
    (
        *("mcp-server", "/d/mcp-nowhere, which is no board"),
        lambda board: first(board).update(links=[{"url": "/d/mcp-nowhere?x=1"}]),
    ),
    (
        *("mcp-home", "/d/mcp-flet, which is no board"),
        lambda board: panel_of(board, "text")["options"].update(content="[Fleet](d/mcp-flet?x=1)"),
    ),
    ("mcp-server", "no menu of the other boards", lambda board: board["links"].clear()),
    ("mcp-server", "this board lacks", lambda board: board["links"][0].update(tags=["other"])),
    ("mcp-server", "larger than", lambda board: board.update(description="x" * 200_000)),
    (
        *("mcp-home", "has queries"),
        lambda board: panel_of(board, "text").update(targets=[{"expr": "up"}]),
    ),
    (
        *("mcp-latency", "does not query the selected Jaeger"),
        lambda board: panel_of(board, "traces")["targets"][0].update(datasource={"uid": "jaeger"}),
    ),
)


@pytest.mark.parametrize(
    ("uid", "finding", "introduce"), DEFECTS, ids=[each[1] for each in DEFECTS]
)
def test_the_linter_finds_a_defect(uid: str, finding: str, introduce: Defect) -> None:
    broken = copy.deepcopy(dashboard(BY_UID[uid]))

    introduce(broken)

    assert any(finding in line for line in findings(broken, UIDS))
