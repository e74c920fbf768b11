"""Panels as grafanalib objects: one function per visualization."""

from typing import Any

from grafanalib import core

from dashboards import grafana, palette
from dashboards.columns import columns, headings
from dashboards.grafana import Json
from dashboards.layout import Item
from dashboards.links import address
from dashboards.panels import LogPanel, Panel, PanelKind, StaticPanel, Visualization

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
JAEGER = {"type": "jaeger", "uid": "${jaeger}"}

MIN_STEP = "1m"
"""The longest interval of all ingestion paths (OTLP is pushed every 60 s by default), so that
$__rate_interval, four steps, always contains two samples."""

_INSTANT = (Visualization.STAT, Visualization.TABLE, Visualization.BARS)
"""Visualizations that query the end of the time range only. So a number agrees with the table below
it, and a server that is gone has no value, where the last of many could be hours old."""

Drawn = Any
"""A grafanalib panel: the library is untyped."""


def drawn(item: Item, at: core.GridPos) -> Drawn:
    """The panel at its place."""
    if isinstance(item, LogPanel):
        return _logs(item, at)
    return (
        _STATIC[item.kind](item, at)
        if isinstance(item, StaticPanel)
        else _VISUALIZATIONS[item.visualization](item, at)
    )


def _common(panel: Panel, at: core.GridPos, *, target: str = "time_series") -> Json:
    """`target` is Grafana's format of the results."""
    signal = panel.signal
    return {
        "dataSource": SOURCE,
        "title": signal.title,
        "description": signal.help,
        "id": panel.id,
        "gridPos": at,
        "targets": [
            grafana.PromTarget(
                expr=str(query.expr),
                legendFormat=query.name,
                source=SOURCE,
                min_step=MIN_STEP,
                instant=panel.visualization in _INSTANT,
                exemplar=signal.exemplars,
                format=target,
            )
            for query in signal.queries
        ],
    }


def _links(panel: Panel) -> list[Json]:
    return [{"title": each.title, "url": each.from_series()} for each in panel.signal.links]


def _stat(panel: Panel, at: core.GridPos) -> grafana.Stat:
    return grafana.Stat(
        **_common(panel, at),
        steps=palette.steps(panel.signal.limit),
        format=panel.signal.unit,
        color={"mode": "thresholds"},
        mappings=palette.mappings(panel.signal.value_mappings),
        noValue=panel.signal.no_value,
        reduceCalc="lastNotNull",
        graphMode="none",
        dataLinks=_links(panel),
    )


def _opacity(panel: Panel) -> int:
    """Percent: a stack is its areas; fills under a varying number of lines hide each other."""
    if panel.visualization is Visualization.STACK:
        return 70
    return 0 if any("{{" in query.name for query in panel.signal.queries) else 8


def _lines(panel: Panel, at: core.GridPos) -> grafana.TimeSeries:
    stacked, limit = panel.visualization is Visualization.STACK, panel.signal.limit
    legends = tuple(query.name for query in panel.signal.queries)
    colours = palette.named(legends)
    return grafana.TimeSeries(
        **_common(panel, at),
        steps=palette.steps(panel.signal.limit),
        unit=panel.signal.unit,
        valueMin=None if panel.signal.negative else 0,
        lineWidth=0 if stacked else 1,
        fillOpacity=_opacity(panel),
        stacking={"mode": "normal" if stacked else "none", "group": "A"},
        showPoints="never",
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table",
        noValue=panel.signal.no_value,
        dataLinks=_links(panel),
        mappings=palette.mappings(panel.signal.value_mappings),
        overrides=[_coloured(name, colour) for name, colour in colours.items()],
        thresholdsStyleMode="dashed" if limit and limit.show_line else "off",
        tooltipMode="multi",
        tooltipSort="desc",
    )


def _coloured(name: str, colour: str) -> Json:
    fixed = {"mode": "fixed", "fixedColor": colour}
    return {
        "matcher": {"id": "byRegexp" if name.startswith("/") else "byName", "options": name},
        "properties": [{"id": "color", "value": fixed}],
    }


def _bars(panel: Panel, at: core.GridPos) -> grafana.BarGauge:
    return grafana.BarGauge(
        **_common(panel, at),
        steps=palette.steps(panel.signal.limit),
        unit=panel.signal.unit,
        noValue=panel.signal.no_value,
        dataLinks=_links(panel),
    )


def _heatmap(panel: Panel, at: core.GridPos) -> grafana.Heatmap:
    return grafana.Heatmap(
        **_common(panel, at, target="heatmap"),
        unit=panel.signal.unit,
        noValue=panel.signal.no_value,
    )


def _table(panel: Panel, at: core.GridPos) -> grafana.Table:
    signal = panel.signal
    renamed = headings(signal)
    return grafana.Table(
        **_common(panel, at, target="table"),
        unit=signal.unit,
        noValue=signal.no_value,
        overrides=columns(signal),
        sortBy=[core.TableSortByField(displayName=signal.queries[0].name, desc=True)],
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {name: place for place, name in enumerate(renamed)},
                    "renameByName": renamed,
                },
            },
        ],
    )


def _static(panel: StaticPanel | LogPanel, at: core.GridPos) -> Json:
    return {"title": panel.title, "description": panel.description, "id": panel.id, "gridPos": at}


def _boards(panel: StaticPanel, at: core.GridPos) -> grafana.Text:
    """Addresses without a leading slash, so that they stay under Grafana's own path."""
    lines = (
        f"- [{each.title}]({address(each.uid, kept=each.kept).removeprefix('/')}): {each.question}"
        for each in panel.entries
    )
    return grafana.Text(**_static(panel, at), content="\n".join(lines))


def _traces(panel: StaticPanel, at: core.GridPos) -> grafana.Table:
    search = grafana.JaegerSearch(source=JAEGER, service="${server}", tags="${tags}")
    return grafana.Table(**_static(panel, at), dataSource=JAEGER, targets=[search], unit="none")


def _trace(panel: StaticPanel, at: core.GridPos) -> grafana.Traces:
    one = grafana.JaegerTrace(source=JAEGER, trace="${trace}")
    return grafana.Traces(**_static(panel, at), dataSource=JAEGER, targets=[one])


def _logs(panel: LogPanel, at: core.GridPos) -> grafana.Logs:
    source = {"type": panel.plugin, "uid": "${logs}"}
    query = grafana.LogTarget(source=source, expr=panel.query, query_type=panel.query_type)
    return grafana.Logs(**_static(panel, at), dataSource=source, targets=[query])


_VISUALIZATIONS: dict[Visualization, Drawn] = {
    Visualization.STAT: _stat,
    Visualization.LINES: _lines,
    Visualization.STACK: _lines,
    Visualization.BARS: _bars,
    Visualization.HEATMAP: _heatmap,
    Visualization.TABLE: _table,
}
_STATIC: dict[PanelKind, Drawn] = {
    PanelKind.BOARDS: _boards,
    PanelKind.TRACES: _traces,
    PanelKind.TRACE: _trace,
}
