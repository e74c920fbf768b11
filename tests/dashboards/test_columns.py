"""A table has a column for each key and query, with its own heading, unit, limit and links."""

from tests.dashboards.every_board import Json, panel_titled


def organized(uid: str, title: str) -> Json:
    options: Json = panel_titled(uid, title, "table")["transformations"][1]["options"]
    return options


def column(table: Json, heading: str) -> Json:
    overrides = table["fieldConfig"]["overrides"]
    found = next(each for each in overrides if each["matcher"]["options"] == heading)
    return {each["id"]: each["value"] for each in found["properties"]}


def test_keys_and_queries_are_named_columns_in_their_order() -> None:
    columns = {
        "namespace": "Namespace",
        "server": "Server",
        "tool": "Tool",
        "Value #A": "Calls",
        "Value #B": "Errors",
        "Value #C": "Error ratio",
        "Value #D": "p95, mean",
        "Value #E": "p95, worst",
    }
    options = organized("mcp-server", "Tools")

    assert options["renameByName"] == columns
    assert options["indexByName"] == {name: place for place, name in enumerate(columns)}
    assert options["excludeByName"] == {"Time": True}


def test_a_table_of_one_query_names_its_values_as_grafana_does() -> None:
    assert organized("mcp-home", "Firing alerts")["renameByName"] == {
        "alertname": "Alert",
        "severity": "Severity",
        "namespace": "Namespace",
        "server": "Server",
        "Value": "Firing for",
    }


def test_a_column_has_its_own_unit_limit_and_value_mappings() -> None:
    table = panel_titled("mcp-fleet", "Servers")
    ratio, upstream = column(table, "Error ratio"), column(table, "Upstream")

    assert ratio["unit"] == "percentunit"
    assert [each["color"] for each in ratio["thresholds"]["steps"]] == ["green", "orange", "red"]
    assert ratio["custom.cellOptions"] == {"type": "color-text"}
    assert upstream["mappings"][0]["options"]["0"]["text"] == "down"


def test_a_column_that_counts_shows_no_fractions() -> None:
    table = panel_titled("mcp-server", "Tools", "table")

    assert column(table, "Calls") == {"unit": "none", "decimals": 0}


def test_severities_have_a_width_and_their_colours() -> None:
    severity = column(panel_titled("mcp-home", "Firing alerts", "table"), "Severity")

    assert severity["custom.width"] == 90
    assert severity["mappings"][0]["options"]["critical"]["color"] == "red"


def test_the_last_key_of_a_row_carries_the_links() -> None:
    links = column(panel_titled("mcp-fleet", "Servers"), "Server")["links"]

    assert links[0]["url"].startswith("/d/mcp-server?var-namespace=${__data.fields.namespace")
