"""What is wrong with a dashboard: grafana/dashboard-linter's rules, and those it leaves out.

The linter's rules for `job` and `instance` variables and matchers do not apply: the boards tell
servers apart by the labels `namespace` and `server`, which every road has, and its rules about Loki
have nothing to look at.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from grafanalib import formatunits

from tests.dashboards import promql_lint

Json = dict[str, Any]

TEMPLATED = {"type": "prometheus", "uid": "${datasource}"}
JAEGER = {"type": "jaeger", "uid": "${jaeger}"}
ASKS_PROMETHEUS = {"bargauge", "heatmap", "stat", "table", "timeseries"}
ASKS_NOTHING = {"text"}
UNITS = {each for name, each in vars(formatunits).items() if not name.startswith("_")}
REDUCERS = {"first", "last", "lastNotNull", "max", "mean", "min", "sum"}
TRANSFORMATIONS = {"merge", "organize"}
PROPERTIES = {
    *("color", "custom.cellOptions", "custom.width", "decimals"),
    *("links", "mappings", "thresholds", "unit"),
}
BUILT_IN_VARIABLES = {
    "__rate_interval",
    "__interval",
    "__data",
    "__range",
    "__range_s",
    "__url_time_range",
    "__field",
    "__all",
}
LARGEST = 200_000
CONSTANTS = {
    "editable": False,
    "graphTooltip": 1,
    "id": None,
    "refresh": "30s",
    "schemaVersion": 41,
    "timezone": "browser",
    "version": 1,
}
"""What every board has; graphTooltip 1 is the shared crosshair."""


def findings(dashboard: Json, known_uids: Iterable[str]) -> list[str]:
    """One line for each defect of a dashboard among others with these uids."""
    found = [line for rule in _BOARD_RULES for line in rule(dashboard)]
    for panel in panels(dashboard):
        found += [line for rule in _rules(panel) for line in rule(panel)]
    return found + list(_links(dashboard, set(known_uids)))


def panels(dashboard: Json) -> list[Json]:
    """The panels that draw something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def _identity(dashboard: Json) -> Iterator[str]:
    if not re.fullmatch("[a-z0-9-]{1,40}", dashboard["uid"]):
        yield f'uid "{dashboard["uid"]}": not 1 to 40 of a-z, 0-9 and -'
    for key, value in CONSTANTS.items():
        if dashboard[key] != value:
            yield f"{key} is {dashboard[key]!r}, not {value!r}"
    if not dashboard["title"] or not dashboard["description"]:
        yield "the dashboard lacks a title or a description"
    if len(json.dumps(dashboard, indent=2)) > LARGEST:
        yield f"larger than {LARGEST} bytes"


def _variables(dashboard: Json) -> Iterator[str]:
    first, *others = dashboard["templating"]["list"]
    if (first["name"], first["label"], first["type"]) != (
        "datasource",
        "Data source",
        "datasource",
    ):
        yield "the first variable is not the data source"
    for variable in others:
        if variable["type"] != "query":
            continue
        all_too = variable["multi"]
        wanted = {
            "allValue": ".+" if all_too else None,
            "datasource": TEMPLATED,
            "includeAll": all_too,
            "refresh": 2,
        }
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield f"variable {variable['name']}: {key} is {variable.get(key)!r}, not {value!r}"


def _defined(dashboard: Json) -> Iterator[str]:
    names = {each["name"] for each in dashboard["templating"]["list"]} | BUILT_IN_VARIABLES
    text = json.dumps([dashboard["panels"], dashboard["templating"], dashboard["annotations"]])
    used = set(re.findall(r"\$\{?(\w+)", text))
    yield from (f"variable ${name} is not defined" for name in sorted(used - names) if name != "1")


def _grid(dashboard: Json) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        if at["w"] < 1 or at["h"] < 1 or at["x"] < 0 or at["x"] + at["w"] > 24:
            yield f'panel "{panel["title"]}" is not on the grid'
        cells = [(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])]
        over = sorted({taken[cell] for cell in cells if cell in taken})
        yield from (f'panel "{panel["title"]}" lies over "{other}"' for other in over)
        taken |= dict.fromkeys(cells, panel["title"])


def _ids(dashboard: Json) -> Iterator[str]:
    ids = Counter(panel["id"] for panel in dashboard["panels"])
    yield from (f"panel id {id} is used {times} times" for id, times in ids.items() if times > 1)


def _nulls(dashboard: Json) -> Iterator[str]:
    def under(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, each in value.items():
                yield from under(each, f"{path}.{key}")
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from under(each, f"{path}[{number}]")
        elif value is None and not path.endswith("steps[0].value") and path != ".id":
            yield f"{path} is null"

    yield from under(dashboard, "")


def _annotations(dashboard: Json) -> Iterator[str]:
    for each in dashboard["annotations"]["list"]:
        if "expr" in each:
            if each["datasource"] != TEMPLATED:
                yield f'annotation "{each["name"]}": its data source is fixed'
            yield from promql_lint.findings(f'annotation "{each["name"]}"', each["expr"])


def _titled(panel: Json) -> Iterator[str]:
    if not panel["title"] or not panel.get("description"):
        yield f'panel "{panel["title"]}": lacks a title or a description'


def _silent(panel: Json) -> Iterator[str]:
    if panel["type"] not in ASKS_NOTHING:
        yield f'panel "{panel["title"]}": unknown type {panel["type"]}'
    elif panel["targets"]:
        yield f'panel "{panel["title"]}": asks something'


def _traces(panel: Json) -> Iterator[str]:
    for target in panel["targets"]:
        if target["datasource"] != JAEGER or not target["refId"]:
            yield f'panel "{panel["title"]}": does not ask the chosen Jaeger'


def _presented(panel: Json) -> Iterator[str]:
    name = f'panel "{panel["title"]}"'
    if panel["datasource"] != TEMPLATED:
        yield f"{name}: its data source is fixed"
    if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
        yield f"{name}: unknown unit {panel['fieldConfig']['defaults'].get('unit')!r}"


def _thresholds(panel: Json) -> Iterator[str]:
    config = panel["fieldConfig"]
    properties = [each for column in config["overrides"] for each in column["properties"]]
    of_columns = [each["value"] for each in properties if each["id"] == "thresholds"]
    for each in (config["defaults"]["thresholds"], *of_columns):
        yield from _rising(panel, each["steps"])


def _rising(panel: Json, steps: list[Json]) -> Iterator[str]:
    values = [step["value"] for step in steps]
    numbers = values[1:]
    if not values or values[0] is not None or any(not isinstance(n, int | float) for n in numbers):
        yield f'panel "{panel["title"]}": thresholds are not a null base and numbers'
    elif numbers != sorted(set(numbers)):
        yield f'panel "{panel["title"]}": thresholds do not rise'


def _vocabulary(panel: Json) -> Iterator[str]:
    """Names that Grafana ignores in silence when they are misspelt."""
    options = panel["options"]
    properties = [p for each in panel["fieldConfig"]["overrides"] for p in each["properties"]]
    used: list[tuple[str, Iterable[str], set[str]]] = [
        ("legend calculation", options.get("legend", {}).get("calcs", ()), REDUCERS),
        ("reducer", options.get("reduceOptions", {}).get("calcs", ()), REDUCERS),
        ("transformation", [t["id"] for t in panel["transformations"]], TRANSFORMATIONS),
        ("property", [p["id"] for p in properties], PROPERTIES),
        ("unit", [p["value"] for p in properties if p["id"] == "unit"], UNITS),
        (
            "matcher",
            [each["matcher"]["id"] for each in panel["fieldConfig"]["overrides"]],
            {"byName", "byRegexp"},
        ),
    ]
    for kind, names, known in used:
        unknown = sorted(set(names) - known)
        yield from (f'panel "{panel["title"]}": unknown {kind} {name}' for name in unknown)


def _targets(panel: Json) -> Iterator[str]:
    name = f'panel "{panel["title"]}"'
    targets = panel["targets"]
    if not targets:
        yield f"{name}: asks nothing"
    if len({target["refId"] for target in targets} - {""}) != len(targets):
        yield f"{name}: empty or repeated refId"
    for target in targets:
        if target["datasource"] != TEMPLATED:
            yield f"{name}: a query's data source is fixed"
        if not target["interval"]:
            yield f"{name}: a query has no min step"
        if not target["legendFormat"]:
            yield f"{name}: a query has no legend"
        yield from promql_lint.findings(name, target["expr"])


def _links(dashboard: Json, known: set[str]) -> Iterator[str]:
    for uid in re.findall(r'(?:"|/|\()d/([^"?/]+)', json.dumps(dashboard)):
        if uid not in known:
            yield f"a link leads to /d/{uid}, which is no board"
    menus = [link for link in dashboard["links"] if link["type"] == "dashboards"]
    if not menus:
        yield "the dashboard has no menu of the other boards"
    for menu in menus:
        if not set(menu["tags"]) <= set(dashboard["tags"]):
            yield "the menu lists boards by a tag that this board lacks"


Rule = Callable[[Json], Iterator[str]]

_BOARD_RULES: tuple[Rule, ...] = (
    _identity,
    _variables,
    _defined,
    _grid,
    _ids,
    _nulls,
    _annotations,
)
_PROMETHEUS_RULES: tuple[Rule, ...] = (_titled, _presented, _thresholds, _vocabulary, _targets)


def _rules(panel: Json) -> tuple[Rule, ...]:
    if panel.get("datasource") == JAEGER:
        return (_titled, _traces)
    return _PROMETHEUS_RULES if panel["type"] in ASKS_PROMETHEUS else (_titled, _silent)
