"""What a board reads from Jaeger: the newest traces of one server, and one trace span by span."""

from datetime import UTC, datetime

from lab.jaeger_api import Span
from lab.preview.canvas import Canvas, Ink, fitted, width_of
from lab.preview.fields import Field
from lab.preview.geometry import Box
from lab.preview.links import Way
from lab.preview.painters import table
from lab.preview.painters.scene import Scene
from lab.preview.painters.table import Grid, Row
from lab.preview.traces import Trace, failed
from lab.preview.units import formatter

_ID = "Trace ID"
_LINE, _SIZE = 24, 12
_INDENT = 16
_NAMES = 0.3
"""Part of the width that the names of spans take."""


def paint(scene: Scene) -> None:
    answer = scene.answer
    if not answer.traces:
        _say(scene.canvas, answer.remark or "no traces")
    elif scene.panel.kind == "traces":
        _spans(scene.canvas, answer.traces[0])
    else:
        _list(scene, answer.traces)


def _say(canvas: Canvas, text: str) -> None:
    ink = Ink(size=13, colour=canvas.theme.faint, align="center")
    canvas.text((canvas.width / 2, canvas.height / 2), text, ink)


def _list(scene: Scene, found: tuple[Trace, ...]) -> None:
    rows = tuple(map(_row, found))
    linked = Field({"links": [{}], "custom": {"width": 320}})
    fields = {each: Field({}) for each in rows[0]} | {_ID: linked}

    def ways(column: str, row: Row) -> tuple[Way, ...]:
        return scene.guide.trace(str(row[column])) if column == _ID else ()

    table.draw(scene.canvas, Grid(tuple(fields), rows), fields, ways)


def _row(trace: Trace) -> Row:
    moment = datetime.fromtimestamp(trace.start, UTC)
    return {
        _ID: trace.root.trace_id,
        "Trace name": f"{trace.root.service}: {trace.root.name}",
        "Start time": f"{moment:%Y-%m-%d %H:%M:%S}",
        "Duration": formatter("s")(trace.seconds, None),
        "Spans": str(len(trace.spans)),
    }


def _spans(canvas: Canvas, trace: Trace) -> None:
    told = f"{trace.root.trace_id}, {formatter('s')(trace.seconds, None)}"
    canvas.text((8, _LINE / 2), told, Ink(size=_SIZE, colour=canvas.theme.faint))
    services = tuple(dict.fromkeys(span.service for _, span in trace.tree()))
    lines = max(int(canvas.height / _LINE) - 2, 0)
    more = len(trace.spans) - lines
    for number, (depth, span) in enumerate(trace.tree()):
        part = canvas.part(0, (number + 1) * _LINE, canvas.width, _LINE)
        if number == lines and more > 1:
            part.text((8, _LINE / 2), f"and {more} more spans")
            return
        _span(part, trace, (depth, span), part.theme.turn(services.index(span.service)))


def _span(canvas: Canvas, trace: Trace, at: tuple[int, Span], colour: str) -> None:
    """One line: whose span it is, and a bar from its start to its end."""
    depth, span = at
    left, middle = canvas.width * _NAMES, canvas.height / 2
    indent = 8 + depth * _INDENT
    name = fitted(f"{span.service}: {span.name}", left - indent - 8, _SIZE)
    red = canvas.theme.colour("red") if failed(span) else None
    canvas.text((indent, middle), name, Ink(size=_SIZE, colour=red))
    text = formatter("s")(span.seconds, None)
    room = canvas.width - left - width_of(text, _SIZE) - 16
    per_second = room / (trace.seconds or 1.0)
    x = left + (span.start - trace.start) * per_second
    length = max(span.seconds * per_second, 2.0)
    canvas.rectangle(Box(x, 5, length, canvas.height - 10), colour, opacity=0.8)
    canvas.text((x + length + 6, middle), text, Ink(size=_SIZE, colour=canvas.theme.faint))
