"""Boards as Grafana's JSON: variables, annotations and menu around the panels."""

import json
from dataclasses import asdict, replace
from typing import Any

from grafanalib import core

from dashboards import grafana, grafana_panels, layout
from dashboards.annotations import Annotation
from dashboards.board import Board
from dashboards.grafana import Json
from dashboards.grafana_panels import MIN_STEP, SOURCE
from dashboards.layout import Item, Place, Row
from dashboards.panels import Panel


def board_json(board: Board) -> str:
    """The board as Grafana's JSON, equal bytes for equal boards, with a newline at the end."""
    return json.dumps(dashboard(board), indent=2, sort_keys=True) + "\n"


def dashboard(board: Board) -> Json:
    """The board as Grafana's dashboard object."""
    built = grafana.Dashboard(
        title=board.title,
        uid=board.uid,
        description=f"{board.question} {board.description}",
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        refresh="30s",
        tags=[board.tag],
        links=[_menu(board)],
        annotations=core.Annotations(list=[_annotation(each) for each in board.annotations]),
        templating=core.Templating(list=_variables(board)),
        panels=[_placed(board, item, where) for item, where in layout.place(board.rows)],
    )
    written: Json = built.to_json_data()
    return written


def _menu(board: Board) -> core.DashboardLink:
    return core.DashboardLink(
        asDropdown=True, includeVars=True, keepTime=True, tags=[board.tag], title="MCP boards"
    )


def _annotation(annotation: Annotation) -> Json:
    return {
        "datasource": SOURCE,
        "enable": True,
        "expr": str(annotation.expr),
        "hide": False,
        "iconColor": annotation.color,
        "name": annotation.name,
        "step": MIN_STEP,
        "titleFormat": annotation.title,
    }


def _variables(board: Board) -> list[core.Template]:
    source = grafana.Choice(name="datasource", label="Data source", query="prometheus")
    queried = [
        grafana.Var(
            name=each.name,
            label=each.label,
            query=each.query,
            source=SOURCE,
            one=each.one,
            everything=each.everything,
        )
        for each in board.variables
    ]
    traces = [
        grafana.Choice(name="jaeger", label="Traces", query="jaeger"),
        grafana.TextBox(name="tags", label="Tags of traces", query=""),
        grafana.TextBox(name="trace", label="Trace id", query=""),
    ]
    logs = [grafana.Choice(name="logs", label="Logs", query=board.logs)] if board.logs else []
    return [source, *queried, *(traces if board.traces else ()), *logs]


def _placed(board: Board, item: Row | Item, where: Place) -> Any:
    at = core.GridPos(**asdict(where))
    if isinstance(item, Row):
        return grafana.Row(title=item.title, id=item.id, gridPos=at)
    return grafana_panels.drawn(_without_self_links(board, item), at)


def _without_self_links(board: Board, item: Item) -> Item:
    """Without the links that open what is already open: this board, for the same servers."""
    if not isinstance(item, Panel):
        return item
    links = tuple(each for each in item.signal.links if each.variables or each.board != board.uid)
    return replace(item, signal=replace(item.signal, links=links))
