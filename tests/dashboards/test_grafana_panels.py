"""Each visualization is drawn with the options that its signal asks for."""

from typing import Any

import pytest

from dashboards import BOARDS, Board
from dashboards.render import dashboard

Json = dict[str, Any]


def drawn(uid: str, title: str, kind: str = "") -> Json:
    board = next(each for each in BOARDS if each.uid == uid)
    named = (panel for panel in dashboard(board)["panels"] if panel["title"] == title)
    found: Json = next(panel for panel in named if kind in panel["type"])
    return found


def fields(uid: str, title: str) -> Json:
    found: Json = drawn(uid, title)["fieldConfig"]["defaults"]
    return found


def column(table: Json, heading: str) -> Json:
    overrides = table["fieldConfig"]["overrides"]
    found = next(each for each in overrides if each["matcher"]["options"] == heading)
    return {each["id"]: each["value"] for each in found["properties"]}


def organized(uid: str, title: str) -> Json:
    options: Json = drawn(uid, title, "table")["transformations"][1]["options"]
    return options


def test_a_table_has_one_named_column_per_label_and_query() -> None:
    assert organized("mcp-server", "Tools")["renameByName"] == {
        "namespace": "Namespace",
        "server": "Server",
        "tool": "Tool",
        "Value #A": "Calls",
        "Value #B": "Errors",
        "Value #C": "Error ratio",
        "Value #D": "p95, mean",
        "Value #E": "p95, worst",
    }
    assert [t["format"] for t in drawn("mcp-server", "Tools", "table")["targets"]] == ["table"] * 5


def test_a_table_of_one_query_names_its_values_as_grafana_does() -> None:
    assert organized("mcp-home", "Firing alerts")["renameByName"]["Value"] == "Firing for"


def test_columns_are_in_the_order_of_keys_and_queries() -> None:
    order = organized("mcp-fleet", "Servers")["indexByName"]

    first = ["namespace", "server", "Value #A", "Value #B"]
    assert sorted(order, key=order.__getitem__)[:4] == first


def test_a_column_has_its_own_unit_limit_and_value_mappings() -> None:
    table = drawn("mcp-fleet", "Servers")
    ratio, upstream = column(table, "Error ratio"), column(table, "Upstream")

    assert ratio["unit"] == "percentunit"
    assert [each["color"] for each in ratio["thresholds"]["steps"]] == ["green", "orange", "red"]
    assert upstream["mappings"][0]["options"]["0"]["text"] == "down"


def test_the_last_key_of_a_row_carries_the_links() -> None:
    links = column(drawn("mcp-fleet", "Servers"), "Server")["links"]

    assert links[0]["url"].startswith("/d/mcp-server?var-namespace=${__data.fields.namespace")


def test_a_heat_map_queries_buckets_and_exemplars() -> None:
    panel = drawn("mcp-latency", "Durations")

    assert (panel["type"], panel["options"]["yAxis"]["unit"]) == ("heatmap", "s")
    assert [(t["format"], t["exemplar"]) for t in panel["targets"]] == [("heatmap", True)]


def test_bars_query_one_value_of_the_whole_time_range() -> None:
    panel = drawn("mcp-tools", "Most called")

    assert panel["type"] == "bargauge"
    assert [(t["instant"], t["range"]) for t in panel["targets"]] == [(True, False)]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_numbers_are_of_the_same_moment_as_tables(board: Board) -> None:
    panels = [each for each in dashboard(board)["panels"] if each["type"] == "stat"]

    assert panels
    for panel in panels:
        assert {(t["instant"], t["range"]) for t in panel["targets"]} == {(True, False)}
        assert panel["options"]["graphMode"] == "none"


def test_a_panel_without_data_says_why() -> None:
    assert fields("mcp-resources", "CPU of the pods")["noValue"] == "only on a cluster"


def test_a_budget_may_be_drawn_below_zero_and_calls_may_not() -> None:
    assert "min" not in fields("mcp-slo", "Availability budget left")
    assert fields("mcp-fleet", "Calls by server")["min"] == 0


def test_a_number_without_a_limit_is_neither_green_nor_red() -> None:
    assert fields("mcp-fleet", "Calls")["thresholds"]["steps"] == [{"color": "blue", "value": None}]


def test_a_limit_of_nothing_at_all_is_not_drawn_as_a_line() -> None:
    lost, errors = (
        fields("mcp-fleet", title)["custom"]["thresholdsStyle"]["mode"]
        for title in ("Telemetry lost by the proxies", "Error ratio by server")
    )

    assert (lost, errors) == ("off", "dashed")


def test_a_stack_has_no_lines_that_would_show_what_is_zero() -> None:
    custom = fields("mcp-fleet", "Calls by outcome")["custom"]

    assert (custom["lineWidth"], custom["stacking"]["mode"]) == (0, "normal")


def test_responses_and_errors_have_the_colour_of_their_kind() -> None:
    def colours(uid: str, title: str) -> dict[tuple[str, str], str]:
        return {
            tuple(each["matcher"].values()): each["properties"][0]["value"]["fixedColor"]
            for each in drawn(uid, title)["fieldConfig"]["overrides"]
        }

    assert colours("mcp-server", "Responses by HTTP status")["byRegexp", "/^5/"] == "red"
    assert colours("mcp-tools", "Errors by type")["byName", "tool_error"] == "orange"
    assert colours("mcp-pipeline", "Spans not sent") == {
        ("byRegexp", "/ not sent$/"): "red",
        ("byRegexp", "/ not queued$/"): "orange",
    }


def test_traces_are_queried_from_the_jaeger_that_the_viewer_selected() -> None:
    board = next(each for each in BOARDS if each.traces)
    variables = {each["name"]: each for each in dashboard(board)["templating"]["list"]}
    (search,), (one,) = (drawn(board.uid, title)["targets"] for title in ("Traces", "One trace"))

    assert (variables["jaeger"]["type"], variables["jaeger"]["query"]) == ("datasource", "jaeger")
    assert {variables[each]["type"] for each in ("tags", "trace")} == {"textbox"}
    assert (search["queryType"], search["tags"]) == ("search", "${tags}")
    assert one["query"] == "${trace}"
