"""Each visualization is drawn with the options that its signal asks for."""

from tests.dashboards.every_board import EVERY_BOARD, Json, drawn, panel_titled


def fields(uid: str, title: str) -> Json:
    found: Json = panel_titled(uid, title)["fieldConfig"]["defaults"]
    return found


def colours(uid: str, title: str) -> dict[tuple[str, str], str]:
    return {
        tuple(each["matcher"].values()): each["properties"][0]["value"]["fixedColor"]
        for each in panel_titled(uid, title)["fieldConfig"]["overrides"]
    }


def test_a_heat_map_queries_buckets_and_exemplars() -> None:
    panel = panel_titled("mcp-latency", "Durations")

    assert (panel["type"], panel["options"]["yAxis"]["unit"]) == ("heatmap", "s")
    assert [(t["format"], t["exemplar"]) for t in panel["targets"]] == [("heatmap", True)]


def test_numbers_bars_and_tables_are_of_the_same_moment() -> None:
    for panel in (panel for name in EVERY_BOARD for panel in drawn(name)["panels"]):
        instant = panel["type"] in ("stat", "bargauge", "table")
        queried = {(t["instant"], t["range"]) for t in panel.get("targets", ()) if "expr" in t}
        assert queried <= {(instant, not instant)}, panel["title"]
    assert panel_titled("mcp-fleet", "Calls")["options"]["graphMode"] == "none"
    assert panel_titled("mcp-tools", "Most called")["type"] == "bargauge"


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


def test_a_stack_is_filled_and_lines_whose_number_varies_are_not() -> None:
    stack, varying, fixed = (
        fields(uid, title)["custom"]
        for uid, title in (
            ("mcp-fleet", "Calls by outcome"),
            ("mcp-fleet", "Calls by server"),
            ("mcp-load", "Latency"),
        )
    )

    assert (stack["lineWidth"], stack["stacking"]["mode"], stack["fillOpacity"]) == (
        *(0, "normal"),
        70,
    )
    assert (varying["lineWidth"], varying["fillOpacity"], fixed["fillOpacity"]) == (1, 0, 8)


def test_series_have_the_colour_of_their_kind() -> None:
    assert colours("mcp-server", "Responses by HTTP status")["byRegexp", "/^5/"] == "red"
    assert colours("mcp-tools", "Errors by type")["byName", "tool_error"] == "orange"
    assert colours("mcp-pipeline", "Spans not sent") == {
        ("byRegexp", "/ not sent$/"): "red",
        ("byRegexp", "/ not queued$/"): "orange",
    }
