"""The columns of a table: the heading of each query, and each column's own settings."""

from dashboards import palette
from dashboards.grafana import Json
from dashboards.signal import Query, Signal

_HEADINGS = {"alertname": "Alert", "mcp_method": "Method"}
"""Labels whose heading differs from their name."""

_COLOURED = {"type": "color-text"}

_WIDTHS = {"alertname": 220, "severity": 90}
"""In pixels, of labels whose values are longer or shorter than an even share of the table."""

_SEVERITIES = {"critical": "red", "warning": "orange", "info": "blue"}


def headings(signal: Signal) -> dict[str, str]:
    """Grafana's name of each column -> its heading, in the order of the columns."""
    return {each: _heading(each) for each in signal.keys} | _query_headings(signal)


def _heading(label: str) -> str:
    return _HEADINGS.get(label, label.capitalize())


def _query_headings(signal: Signal) -> dict[str, str]:
    """Grafana's name of each query's values -> the column's heading.

    Grafana distinguishes the values of several queries by letters; one query's have none.
    """
    if len(signal.queries) == 1:
        return {"Value": signal.queries[0].name}
    return {
        f"Value #{chr(ord('A') + number)}": each.name for number, each in enumerate(signal.queries)
    }


def columns(signal: Signal) -> list[Json]:
    """The overrides of every column that differs from the table's defaults."""
    queries = [_override(each.name, _of_query(each)) for each in signal.queries]
    links = [{"title": each.title, "url": each.from_row()} for each in signal.links]
    keys = [_override(_heading(each), _of_label(each)) for each in signal.keys]
    linked = [_override(_heading(signal.keys[-1]), {"links": links})] if links else []
    return [each for each in (*keys, *linked, *queries) if each["properties"]]


def _of_label(label: str) -> Json:
    """The properties of a label's column, by id."""
    properties: Json = {}
    if label in _WIDTHS:
        properties["custom.width"] = _WIDTHS[label]
    if label == "severity":
        properties["mappings"] = palette.coloured(_SEVERITIES)
        properties["custom.cellOptions"] = _COLOURED
    return properties


def _of_query(query: Query) -> Json:
    """The properties of a query's column, by id."""
    properties: Json = {}
    if query.unit:
        properties["unit"] = query.unit
    if query.integer:
        properties["decimals"] = 0
    if query.limit:
        steps = [each.to_json_data() for each in palette.steps(query.limit)]
        properties["thresholds"] = {"mode": "absolute", "steps": steps}
        properties["custom.cellOptions"] = _COLOURED
    if query.value_mappings:
        properties["mappings"] = palette.mappings(query.value_mappings)
    return properties


def _override(column: str, properties: Json) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": id, "value": value} for id, value in properties.items()],
    }
