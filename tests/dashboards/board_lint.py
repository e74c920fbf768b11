"""What is wrong with a dashboard, beside what grafana/dashboard-linter and Grafana's types find.

Rules of the linter for `job` and `instance` do not apply: boards identify servers by the labels
`namespace` and `server`, which every ingestion path has.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.dashboards import promql_lint

Json = dict[str, Any]

TEMPLATED = {"type": "prometheus", "uid": "${datasource}"}
JAEGER = {"type": "jaeger", "uid": "${jaeger}"}
BUILT_IN_VARIABLES = {
    *("__rate_interval", "__interval", "__range", "__range_s", "__url_time_range"),
    *("__data", "__field", "__all"),
}
LARGEST = 200_000
CONSTANTS = {
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
        name = f'panel "{panel["title"]}"'
        found += [f"{name}: {line}" for line in _panel(panel)]
    return found + list(_links(dashboard, set(known_uids)))


def panels(dashboard: Json) -> list[Json]:
    """The panels that show something."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_of(dashboard: Json, kind: str) -> Json:
    """The first panel of a type."""
    return next(panel for panel in panels(dashboard) if panel["type"] == kind)


def _identity(dashboard: Json) -> Iterator[str]:
    if not re.fullmatch("[a-z0-9-]{1,40}", dashboard["uid"]):
        yield f'uid "{dashboard["uid"]}": not 1 to 40 of a-z, 0-9 and -'
    for key, value in CONSTANTS.items():
        if dashboard[key] != value:
            yield f"{key} is {dashboard[key]!r}, not {value!r}"
    if len(json.dumps(dashboard, indent=2)) > LARGEST:
        yield f"larger than {LARGEST} bytes"


def _variables(dashboard: Json) -> Iterator[str]:
    for variable in dashboard["templating"]["list"]:
        if variable["type"] != "query":
            continue
        several = variable["multi"]
        wanted = {
            "allValue": ".+" if several else None,
            "datasource": TEMPLATED,
            "includeAll": several,
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


def _panel(panel: Json) -> Iterator[str]:
    if panel["type"] == "text":
        yield from (["has queries"] if panel["targets"] else [])
    elif panel["datasource"] == JAEGER:
        asks = all(each["datasource"] == JAEGER and each["refId"] for each in panel["targets"])
        yield from ([] if asks else ["does not query the selected Jaeger"])
    else:
        yield from _thresholds(panel)
        yield from _targets(panel)


def _thresholds(panel: Json) -> Iterator[str]:
    config = panel["fieldConfig"]
    properties = [each for column in config["overrides"] for each in column["properties"]]
    of_columns = [each["value"] for each in properties if each["id"] == "thresholds"]
    for each in (config["defaults"]["thresholds"], *of_columns):
        base, *numbers = [step["value"] for step in each["steps"]]
        if base is not None or any(not isinstance(n, int | float) for n in numbers):
            yield "thresholds are not a null base and numbers"
        elif numbers != sorted(set(numbers)):
            yield "thresholds do not rise"


def _targets(panel: Json) -> Iterator[str]:
    targets = panel["targets"]
    if not targets or len({target["refId"] for target in targets} - {""}) != len(targets):
        yield "no query, or an empty or repeated refId"
    for target in targets:
        if not target["interval"]:
            yield "a query has no min step"
        if not target["legendFormat"]:
            yield "a query has no legend"
        yield from promql_lint.findings("query", target["expr"])


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


_BOARD_RULES: tuple[Callable[[Json], Iterator[str]], ...] = (
    *(_identity, _variables, _defined, _grid, _ids, _nulls, _annotations),
)
