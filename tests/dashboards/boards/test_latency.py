"""MCP / Latency leads down to single traces."""

from tests.dashboards.every_board import drawn, panel_titled


def test_traces_are_queried_from_the_jaeger_that_the_viewer_selected() -> None:
    variables = {each["name"]: each for each in drawn("mcp-latency")["templating"]["list"]}
    panels = [panel_titled("mcp-latency", title) for title in ("Traces", "One trace")]
    (search,), (one,) = (panel["targets"] for panel in panels)

    assert (variables["jaeger"]["type"], variables["jaeger"]["query"]) == ("datasource", "jaeger")
    assert {variables[each]["type"] for each in ("tags", "trace")} == {"textbox"}
    assert {each["datasource"]["uid"] for each in (*panels, search, one)} == {"${jaeger}"}
    assert (search["queryType"], search["tags"]) == ("search", "${tags}")
    assert one["query"] == "${trace}"
