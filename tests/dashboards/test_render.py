"""A board's JSON is the same bytes every time and says what its signals say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dashboards import BOARDS, Board
from dashboards.limits import Limit
from dashboards.palette import named, steps
from dashboards.render import board_json, dashboard

ROOT = Path(__file__).parents[2]
UIDS = [board.uid for board in BOARDS]
ALL_BYTES = (
    "import dashboards, dashboards.render as r; print([*map(r.board_json, dashboards.BOARDS)])"
)


def rendered(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", ALL_BYTES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_two_processes_with_other_hash_seeds_render_the_same_bytes() -> None:
    assert rendered("1") == rendered("2")


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_is_json_with_sorted_keys_and_a_newline_at_the_end(board: Board) -> None:
    text = board_json(board)

    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert json.loads(text)["uid"] == board.uid


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_panel_is_drawn_once_with_its_signal(board: Board) -> None:
    drawn = {each["id"]: each for each in dashboard(board)["panels"]}

    assert len(drawn) == sum(1 + len(row.panels) for row in board.rows)
    for panel in board.panels:
        written = drawn[panel.id]
        assert written["title"] == panel.signal.title
        assert written["description"] == panel.signal.help
        assert [t["expr"] for t in written["targets"]] == [
            str(q.expr) for q in panel.signal.queries
        ]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_limit_is_explained_in_the_panel_that_shows_it(board: Board) -> None:
    unexplained = [
        panel.signal.title
        for panel in board.panels
        if panel.signal.limit and panel.signal.limit.reason not in panel.signal.help
    ]

    assert unexplained == []


def test_a_limit_becomes_green_orange_and_red() -> None:
    colours = [(step.color, step.value) for step in steps(Limit("why", critical=2, warning=1))]

    assert colours == [("green", None), ("orange", 1), ("red", 2)]


def test_a_floor_is_red_below_and_green_above() -> None:
    colours = [(s.color, s.value) for s in steps(Limit("why", critical=1, floor=True))]

    assert colours == [("red", None), ("green", 1)]


def test_a_legend_by_outcome_gets_the_colour_of_every_outcome() -> None:
    assert named(("{{outcome}}",))["ok"] == "green"
    assert named(("p50", "{{tool}}")) == {"p50": "light-blue"}


def test_a_table_has_one_named_column_per_label_and_answer() -> None:
    board = next(each for each in BOARDS if each.uid == "mcp-server")
    table = next(panel for panel in dashboard(board)["panels"] if panel["type"] == "table")

    columns = table["transformations"][1]["options"]["renameByName"]

    assert columns == {
        "namespace": "Namespace",
        "server": "Server",
        "tool": "Tool",
        "Value #A": "Calls",
        "Value #B": "Errors",
        "Value #C": "Error ratio",
        "Value #D": "p95, mean",
        "Value #E": "p95, worst",
    }
    assert [target["format"] for target in table["targets"]] == ["table"] * 5


def drawn(uid: str, title: str) -> dict[str, Any]:
    board = next(each for each in BOARDS if each.uid == uid)
    found: dict[str, Any] = next(p for p in dashboard(board)["panels"] if p["title"] == title)
    return found


def column(table: dict[str, Any], heading: str) -> dict[str, Any]:
    overrides = table["fieldConfig"]["overrides"]
    found = next(each for each in overrides if each["matcher"]["options"] == heading)
    return {each["id"]: each["value"] for each in found["properties"]}


def test_a_column_has_its_own_unit_limit_and_words() -> None:
    table = drawn("mcp-fleet", "Servers")

    ratio, upstream = column(table, "Error ratio"), column(table, "Upstream")

    assert ratio["unit"] == "percentunit"
    assert [each["color"] for each in ratio["thresholds"]["steps"]] == ["green", "orange", "red"]
    assert upstream["mappings"][0]["options"]["0"]["text"] == "down"


def test_the_last_key_of_a_row_carries_the_links() -> None:
    links = column(drawn("mcp-fleet", "Servers"), "Server")["links"]

    assert links[0]["url"].startswith("/d/mcp-server?var-namespace=${__data.fields.namespace")


def test_a_table_of_one_answer_names_its_values_as_grafana_does() -> None:
    board = next(each for each in BOARDS if each.uid == "mcp-home")
    table = next(p for p in dashboard(board)["panels"] if p["type"] == "table")

    assert table["transformations"][1]["options"]["renameByName"]["Value"] == "Firing for"


def test_the_columns_of_a_table_stand_in_the_order_of_its_keys_and_answers() -> None:
    order = drawn("mcp-fleet", "Servers")["transformations"][1]["options"]["indexByName"]

    assert sorted(order, key=order.__getitem__)[:4] == [
        "namespace",
        "server",
        "Value #A",
        "Value #B",
    ]


def test_a_heat_map_asks_for_buckets_and_for_single_traces() -> None:
    panel = drawn("mcp-latency", "Durations")

    assert (panel["type"], panel["options"]["yAxis"]["unit"]) == ("heatmap", "s")
    assert [(t["format"], t["exemplar"]) for t in panel["targets"]] == [("heatmap", True)]


def test_bars_ask_for_one_value_of_all_the_time_shown() -> None:
    panel = drawn("mcp-tools", "Most called")

    assert panel["type"] == "bargauge"
    assert [(t["instant"], t["range"]) for t in panel["targets"]] == [(True, False)]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_numbers_are_of_the_same_moment_as_tables(board: Board) -> None:
    panels = [each for each in dashboard(board)["panels"] if each["type"] == "stat"]

    assert panels
    for panel in panels:
        assert [(t["instant"], t["range"]) for t in panel["targets"]] == [
            (True, False) for _ in panel["targets"]
        ]
        assert panel["options"]["graphMode"] == "none"


def test_what_only_a_cluster_can_answer_says_so_where_there_is_none() -> None:
    panel = drawn("mcp-resources", "CPU of the pods")

    assert panel["fieldConfig"]["defaults"]["noValue"] == "only on a cluster"


def test_a_budget_may_be_drawn_below_zero_and_calls_may_not() -> None:
    budget = drawn("mcp-slo", "Availability budget left")["fieldConfig"]["defaults"]
    calls = drawn("mcp-fleet", "Calls by server")["fieldConfig"]["defaults"]

    assert "min" not in budget
    assert calls["min"] == 0


def test_a_number_that_nobody_judges_is_neither_green_nor_red() -> None:
    steps = drawn("mcp-fleet", "Calls")["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert steps == [{"color": "blue", "value": None}]


def test_a_limit_of_nothing_at_all_is_no_line_upon_the_axis() -> None:
    def line(uid: str, title: str) -> str:
        custom = drawn(uid, title)["fieldConfig"]["defaults"]["custom"]
        return str(custom["thresholdsStyle"]["mode"])

    assert line("mcp-fleet", "Telemetry lost by the proxies") == "off"
    assert line("mcp-fleet", "Error ratio by server") == "dashed"


def test_a_stack_has_no_lines_that_would_show_what_is_zero() -> None:
    custom = drawn("mcp-fleet", "Calls by outcome")["fieldConfig"]["defaults"]["custom"]

    assert (custom["lineWidth"], custom["stacking"]["mode"]) == (0, "normal")


def test_answers_and_errors_have_the_colour_of_their_kind() -> None:
    def colours(uid: str, title: str) -> dict[tuple[str, str], str]:
        return {
            (each["matcher"]["id"], each["matcher"]["options"]): each["properties"][0]["value"][
                "fixedColor"
            ]
            for each in drawn(uid, title)["fieldConfig"]["overrides"]
        }

    assert colours("mcp-server", "Responses by HTTP status")["byRegexp", "/^5/"] == "red"
    assert colours("mcp-tools", "Errors by type")["byName", "tool_error"] == "orange"
    assert colours("mcp-pipeline", "Spans not sent") == {
        ("byRegexp", "/ not sent$/"): "red",
        ("byRegexp", "/ not queued$/"): "orange",
    }


def test_home_leads_to_every_other_board_and_says_what_it_answers() -> None:
    home = next(each for each in BOARDS if each.uid == "mcp-home")
    texts = [p for p in dashboard(home)["panels"] if p["type"] == "text"]
    text = "\n".join(each["options"]["content"] for each in texts)

    for board in BOARDS:
        if board.uid != "mcp-home":
            assert f"](d/{board.uid}?" in text
            assert f": {board.question}" in text


def test_traces_are_asked_of_the_jaeger_that_the_viewer_chose() -> None:
    board = next(each for each in BOARDS if each.traces)
    variables = {each["name"]: each for each in dashboard(board)["templating"]["list"]}
    search, one = drawn(board.uid, "Traces"), drawn(board.uid, "One trace")

    assert (variables["jaeger"]["type"], variables["jaeger"]["query"]) == ("datasource", "jaeger")
    assert {variables[each]["type"] for each in ("tags", "trace")} == {"textbox"}
    assert (search["targets"][0]["queryType"], search["targets"][0]["tags"]) == (
        "search",
        "${tags}",
    )
    assert (one["type"], one["targets"][0]["query"]) == ("traces", "${trace}")


def test_a_board_about_one_server_lets_choose_one_and_the_others_all() -> None:
    offered = {
        board.uid: next(
            (each["includeAll"], each["multi"])
            for each in dashboard(board)["templating"]["list"]
            if each["name"] == "server"
        )
        for board in BOARDS
    }

    assert offered.pop("mcp-server") == offered.pop("mcp-load") == (False, False)
    assert set(offered.values()) == {(True, True)}
