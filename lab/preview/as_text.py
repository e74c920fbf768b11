"""What a panel shows at the end of its time range, as lines of text."""

from collections.abc import Callable, Iterator

from lab.preview.charts import Look, entries
from lab.preview.errors import supported
from lab.preview.fields import reduced
from lab.preview.model import JAEGER, Panel
from lab.preview.panels import reduced_entries, sorted_by, transformed
from lab.preview.queries import Answer
from lab.preview.theme import THEMES, Mode
from lab.preview.traces import Trace
from lab.preview.units import formatter
from lab.text_table import aligned

Rows = Iterator[tuple[str, ...]]

_LOOK = Look(THEMES[Mode.DARK])
"""Colours go with every value; text has none."""
_duration = formatter("s")


def lines(panel: Panel, answer: Answer) -> list[str]:
    """One line for each value, row or span; raises Unsupported for a panel without values."""
    if panel.source == JAEGER:
        rows = list(_waterfall(answer) if panel.kind == "traces" else _list(answer))
        return aligned(rows) or [answer.note or "no traces"]
    kind = supported("panel as text, of type", panel.kind, *_ROWS)
    return aligned(list(_ROWS[kind](panel, answer))) or [panel.fields.of("").no_value]


def _last(panel: Panel, answer: Answer) -> Rows:
    for each in entries(panel, answer, _LOOK):
        value = reduced("lastNotNull", each.series.values)
        if value is not None:
            yield each.series.name, each.field.text(value)


def _reduced(panel: Panel, answer: Answer) -> Rows:
    for each, value, _ in reduced_entries(panel, answer, _LOOK):
        yield each.series.name, each.field.text(value)


def _table(panel: Panel, answer: Answer) -> Rows:
    found = sorted_by(panel.options.get("sortBy", ()), transformed(panel, answer))
    if found.rows:
        yield tuple(found.headings.values())
    for row in found.rows:
        cells = ((row.get(name, ""), heading) for name, heading in found.headings.items())
        yield tuple(
            cell if isinstance(cell, str) else panel.fields.of(heading).text(cell)
            for cell, heading in cells
        )


def _list(answer: Answer) -> Rows:
    for each in answer.traces:
        root = each.root
        yield root.trace_id, f"{root.service}: {root.name}", _duration(each.seconds, None)


def _waterfall(answer: Answer) -> Rows:
    for each in answer.traces[:1]:
        yield from waterfall(each)


def waterfall(trace: Trace) -> Rows:
    """Each span of a trace below its parent, and how long it took."""
    for depth, span in trace.tree():
        yield f"{'  ' * depth}{span.service}: {span.name}", _duration(span.seconds, None)


_ROWS: dict[str, Callable[[Panel, Answer], Rows]] = {
    "bargauge": _reduced,
    "stat": _reduced,
    "table": _table,
    "timeseries": _last,
}
"""Grafana's panel type -> its rows."""
