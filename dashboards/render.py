"""Boards -> Grafana's JSON: the only place that constructs grafanalib objects."""

import json
from dataclasses import asdict
from typing import Any

from grafanalib import core

from dashboards import grafana, layout, palette
from dashboards.annotations import ANNOTATIONS, Annotation
from dashboards.board import TAG, Board
from dashboards.grafana import Json
from dashboards.layout import Place, Row
from dashboards.panels import Form, Panel
from dashboards.signal import EACH_SERVER, Answer

SOURCE = {"type": "prometheus", "uid": "${datasource}"}

MIN_STEP = "1m"
"""The longest interval of the four roads (OTLP is pushed every 60 s by default), so that
$__rate_interval, four steps, always holds two samples."""

Factory = Any
"""A grafanalib panel class: the library is untyped."""


def board_json(board: Board) -> str:
    """The board as Grafana's JSON, equal bytes for equal boards, with a newline at the end."""
    return json.dumps(dashboard(board), indent=2, sort_keys=True) + "\n"


def dashboard(board: Board) -> Json:
    """The board as Grafana's dashboard object."""
    built = grafana.Dashboard(
        title=board.title,
        uid=board.uid,
        description=board.description,
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh="30s",
        tags=[TAG],
        links=[_menu()],
        annotations=core.Annotations(list=[_annotation(each) for each in ANNOTATIONS]),
        templating=core.Templating(list=_variables(board)),
        panels=[_place(item, where) for item, where in layout.place(board.rows)],
    )
    written: Json = built.to_json_data()
    return written


def _menu() -> core.DashboardLink:
    return core.DashboardLink(
        asDropdown=True, includeVars=True, keepTime=True, tags=[TAG], title="MCP boards"
    )


def _annotation(annotation: Annotation) -> Json:
    return {
        "datasource": SOURCE,
        "enable": True,
        "expr": annotation.expr,
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "step": MIN_STEP,
        "titleFormat": annotation.title,
    }


def _variables(board: Board) -> list[grafana.Var]:
    source = grafana.Var(
        name="datasource", label="Data source", type="datasource", query="prometheus"
    )
    queried = [
        grafana.Var(name=each.name, label=each.label, query=each.query, source=SOURCE)
        for each in board.variables
    ]
    return [source, *queried]


def _place(item: Row | Panel, where: Place) -> Any:
    at = core.GridPos(**asdict(where))
    if isinstance(item, Row):
        return grafana.Row(title=item.title, id=item.id, gridPos=at)
    return _DRAW[item.form](item, at)


def _common(panel: Panel, at: core.GridPos, *, instant: bool = False) -> Json:
    signal = panel.signal
    return {
        "dataSource": SOURCE,
        "title": signal.title,
        "description": signal.help,
        "id": panel.id,
        "gridPos": at,
        "steps": palette.steps(signal.limit),
        "targets": [_target(answer, instant=instant) for answer in signal.answers],
    }


def _target(answer: Answer, *, instant: bool) -> grafana.PromTarget:
    return grafana.PromTarget(
        expr=answer.expr,
        legendFormat=answer.name,
        source=SOURCE,
        min_step=MIN_STEP,
        instant=instant,
        format="table" if instant else "time_series",
    )


def _words(panel: Panel) -> list[Json]:
    words = panel.signal.words
    options = {str(value): {"index": i, "text": word} for i, (value, word) in enumerate(words)}
    return [{"type": "value", "options": options}] if words else []


def _links(panel: Panel) -> list[Json]:
    if panel.signal.opens is None:
        return []
    chosen = "&".join(f"var-{label}=${{__field.labels.{label}}}" for label in EACH_SERVER)
    url = f"/d/{panel.signal.opens}?{chosen}&${{__url_time_range}}&${{datasource:queryparam}}"
    return [{"title": "Open this server's board", "url": url}]


def _draw_stat(panel: Panel, at: core.GridPos) -> grafana.Stat:
    return grafana.Stat(
        **_common(panel, at),
        format=panel.signal.unit,
        color={"mode": "thresholds"},
        mappings=_words(panel),
        noValue=panel.signal.quiet,
        reduceCalc="lastNotNull",
    )


def _draw_lines(panel: Panel, at: core.GridPos) -> grafana.TimeSeries:
    stacked = panel.form is Form.STACK
    colours = palette.named(tuple(answer.name for answer in panel.signal.answers))
    return grafana.TimeSeries(
        **_common(panel, at),
        unit=panel.signal.unit,
        valueMin=0,
        fillOpacity=30 if stacked else 5,
        stacking={"mode": "normal" if stacked else "none", "group": "A"},
        showPoints="never",
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table",
        dataLinks=_links(panel),
        mappings=_words(panel),
        overrides=[_property(name, "color", _fixed(colour)) for name, colour in colours.items()],
        thresholdsStyleMode="dashed" if panel.signal.limit else "off",
        tooltipMode="multi",
        tooltipSort="desc",
    )


def _draw_table(panel: Panel, at: core.GridPos) -> grafana.Table:
    columns = panel.signal.answers
    letters = [chr(ord("A") + number) for number in range(len(columns))]
    names = {f"Value #{letter}": each.name for letter, each in zip(letters, columns, strict=True)}
    return grafana.Table(
        **_common(panel, at, instant=True),
        unit=panel.signal.unit,
        overrides=[_property(each.name, "unit", each.unit) for each in columns if each.unit],
        sortBy=[core.TableSortByField(displayName=columns[0].name, desc=True)],
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {"excludeByName": {"Time": True}, "renameByName": names},
            },
        ],
    )


def _fixed(colour: str) -> Json:
    return {"mode": "fixed", "fixedColor": colour}


def _property(name: str, id: str, value: object) -> Json:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": id, "value": value}],
    }


_DRAW: dict[Form, Factory] = {
    Form.STAT: _draw_stat,
    Form.LINES: _draw_lines,
    Form.STACK: _draw_lines,
    Form.TABLE: _draw_table,
}
