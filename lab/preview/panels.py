"""Panels that are HTML: numbers, bars, tables, texts, traces. Everything from data is escaped."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape

from lab.jaeger_api import Span
from lab.preview.charts import Entry, Look, entries
from lab.preview.errors import supported
from lab.preview.fields import REDUCERS, Field, reduced
from lab.preview.links import Link
from lab.preview.model import Options, Panel
from lab.preview.queries import Answer, Series
from lab.preview.traces import Trace, failed
from lab.preview.units import formatter

Cell = str | float
Row = dict[str, Cell]

_duration = formatter("s")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by the names that the data have, and the headings of the columns that are shown."""

    headings: Mapping[str, str]
    rows: tuple[Row, ...]


def empty(text: str) -> str:
    """What a panel shows instead of data."""
    return f'<p class="empty">{escape(text)}</p>'


def linked(content: str, links: tuple[Link, ...]) -> str:
    """HTML that leads to the first of the links; a menu offers all where there are several."""
    if not links:
        return content
    every = "".join(f'<a href="{escape(each.address)}">{escape(each.title)}</a>' for each in links)
    menu = f'<span class="menu">{every}</span>' if len(links) > 1 else ""
    first = f'<a href="{escape(links[0].address)}" title="{escape(links[0].title)}">{content}</a>'
    return f'<span class="linked">{first}{menu}</span>'


def reduced_entries(panel: Panel, answer: Answer, look: Look) -> list[tuple[Entry, float, str]]:
    """The series that have a value, with it and its colour."""
    calculation = panel.options["reduceOptions"]["calcs"][0]
    shown = entries(panel, answer, look)
    values = ((each, reduced(calculation, each.series.values)) for each in shown)
    return [
        (each, value, each.field.colour(value, number, look.theme))
        for number, (each, value) in enumerate(values)
        if value is not None
    ]


def stat(panel: Panel, answer: Answer, look: Look) -> str:
    """The present value, large; with its name where there are several."""
    shown = reduced_entries(panel, answer, look)
    numbers = (
        linked(
            (f"<small>{escape(each.series.name)}</small>" if len(shown) > 1 else "")
            + f'<b style="color:{colour}">{escape(each.field.text(value))}</b>',
            each.links,
        )
        for each, value, colour in shown
    )
    parts = "".join(f"<div>{each}</div>" for each in numbers)
    return f'<div class="stat">{parts}</div>' if shown else empty(panel.fields.of("").no_value)


def bar_gauge(panel: Panel, answer: Answer, look: Look) -> str:
    """One horizontal bar per series, its name before it and its value behind."""
    shown = reduced_entries(panel, answer, look)
    if not shown:
        return empty(panel.fields.of("").no_value)
    values = [value for _, value, _ in shown]
    rows = []
    for each, value, colour in shown:
        name, text = escape(each.series.name), escape(each.field.text(value))
        width = 100 * share(value, each.field, values)
        rows.append(
            f'<span title="{name}">{linked(name, each.links)}</span>'
            f'<i><i style="width:{width:.1f}%;border-color:{colour};background:{colour}"></i></i>'
            f'<b style="color:{colour}">{text}</b>'
        )
    return f'<div class="bars">{"".join(rows)}</div>'


def share(value: float, field: Field, values: list[float]) -> float:
    """How full a bar is: from the field's minimum to its maximum, or the largest value."""
    low = float(field.config.get("min", min(values)))
    high = float(field.config.get("max", max(values)))
    return min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.0


def legend(panel: Panel, answer: Answer, look: Look) -> str:
    """The table under a plot; the page makes each row a switch of the trace of its number."""
    options, shown = panel.options["legend"], entries(panel, answer, look)
    calculations = options["calcs"]
    values = [[reduced(id, each.series.values) for id in calculations] for each in shown]
    order = list(range(len(shown)))
    by = [id for id in calculations if REDUCERS[id][0] == options.get("sortBy")]
    if by:
        column, sign = calculations.index(by[0]), -1 if options.get("sortDesc") else 1
        ranked = [values[n][column] for n in order]
        order.sort(key=lambda n: float("inf") if (v := ranked[n]) is None else sign * v)
    rows = "".join(_legend_row(n, shown[n], values[n]) for n in order)
    heads = "".join(f"<th>{REDUCERS[id][0]}</th>" for id in calculations)
    return f'<div class="legend"><table><tr><th>Name</th>{heads}</tr>{rows}</table></div>'


def _legend_row(number: int, entry: Entry, values: list[float | None]) -> str:
    texts = ("" if each is None else entry.field.text(each) for each in values)
    cells = "".join(f"<td>{escape(each)}</td>" for each in texts)
    swatch = f'<i style="background:{entry.colour}"></i>'
    name = f'<button type="button">{swatch}{escape(entry.series.name)}</button>'
    return f'<tr data-trace="{number}"><td>{name}</td>{cells}</tr>'


def table(panel: Panel, answer: Answer, look: Look) -> str:
    """One row per label set, one column per query, as the panel's transformations say."""
    found = sorted_by(panel.options.get("sortBy", ()), transformed(panel, answer))
    if not found.rows:
        return empty(panel.fields.of("").no_value)
    fields = {name: panel.fields.of(heading) for name, heading in found.headings.items()}
    numeric = {name for row in found.rows for name, cell in row.items() if isinstance(cell, float)}
    heads = (_head(name, fields[name].config, name in numeric, found) for name in fields)
    rows = (
        [_cell(row.get(each, ""), fields[each], row, look) for each in fields] for row in found.rows
    )
    return _html_table(heads, rows)


def _html_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells that are HTML already as a table whose headings sort it."""
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    head = f"<thead><tr>{''.join(heads)}</tr></thead>"
    return f'<table class="rows">{head}<tbody>{body}</tbody></table>'


def _head(name: str, config: Options, numeric: bool, table: Table) -> str:
    width = config.get("custom", {}).get("width")
    style = f' style="width:{int(width)}px"' if width else ""
    kind = ' class="number"' if numeric else ""
    return f"<th{kind}{style}>{escape(config.get('displayName', table.headings[name]))}</th>"


def _cell(cell: Cell, field: Field, row: Row, look: Look) -> str:
    text = cell if isinstance(cell, str) else field.text(cell)
    labels = {name: each for name, each in row.items() if isinstance(each, str)}
    links = look.links.of(field.config.get("links", ()), labels) if text else ()
    colour = _cell_colour(cell, field, look)
    style = f' style="color:{colour}"' if colour else ""
    kind = "" if isinstance(cell, str) else f' class="number" data-value="{cell}"'
    return f"<td{kind}{style}>{linked(escape(text), links)}</td>"


def _cell_colour(cell: Cell, field: Field, look: Look) -> str | None:
    kind = field.custom("cellOptions", {"type": "auto"})["type"]
    if supported("table cell of type", kind, "auto", "color-text") == "auto":
        return None
    if isinstance(cell, str):
        return field.colour_of_text(cell, look.theme)
    return field.threshold_colour(cell, look.theme)


def merged(series: tuple[Series, ...], *, alone: bool) -> Table:
    """One row for equal labels, the value of each query in its own column.

    `alone` says that the panel has one query only: then its column needs no letter.
    """
    rows: dict[frozenset[tuple[str, str]], Row] = {}
    columns: dict[str, None] = {}
    for each in series:
        column = "Value" if alone else f"Value #{each.letter}"
        columns[column] = None
        row = rows.setdefault(frozenset(each.labels.items()), dict(each.labels))
        row[column] = each.values[-1]
    labels = sorted({label for each in series for label in each.labels})
    return Table({name: name for name in (*labels, *columns)}, tuple(rows.values()))


def organized(options: Options, table: Table) -> Table:
    """The table without excluded columns, in the order asked for, columns renamed."""
    excluded: Mapping[str, bool] = options.get("excludeByName", {})
    order: Mapping[str, int] = options.get("indexByName", {})
    renamed: Mapping[str, str] = options.get("renameByName", {})
    kept = sorted(table.headings, key=lambda each: order.get(each, len(order)))
    headings = {each: renamed.get(each) or each for each in kept if not excluded.get(each)}
    return Table(headings, table.rows)


def sorted_by(wanted: tuple[Options, ...], table: Table) -> Table:
    """The rows by their labels, then by the columns asked for; empty cells last."""
    rows = sorted(table.rows, key=lambda row: [str(row.get(each, "")) for each in table.headings])
    for each in reversed(wanted):
        for name in (k for k, heading in table.headings.items() if heading == each["displayName"]):
            there = [row for row in rows if name in row]
            there.sort(key=partial(_rank, name), reverse=each.get("desc", False))
            rows = there + [row for row in rows if name not in row]
    return Table(table.headings, tuple(rows))


def _rank(name: str, row: Row) -> tuple[float, str]:
    cell = row[name]
    return (0.0, cell) if isinstance(cell, str) else (cell, "")


def transformed(panel: Panel, answer: Answer) -> Table:
    """The answer as a table, after the panel's transformations; raises Unsupported."""
    found = merged(answer.series, alone=len(panel.targets) == 1)
    for each in panel.transformations:
        if supported("transformation", each["id"], "merge", "organize") == "organize":
            found = organized(each["options"], found)
    return found


_MARKDOWN = re.compile(r"\[([^\]]+)\]\(([^)]+)\)|\*\*([^*]+)\*\*|`([^`]+)`")


def text(panel: Panel, answer: Answer, look: Look) -> str:
    """Markdown's headings, lists, bold words, code and links."""
    supported("text in the mode", panel.options["mode"], "markdown")
    lines = []
    for line in panel.options["content"].splitlines():
        marker = re.match(r"(#+|\s*[-*]) ", line)
        tag = ("li" if marker[1].strip() in "-*" else "h4") if marker else "p"
        content = _inline(line[marker.end() if marker else 0 :], look)
        lines.append(f"<{tag}>{content}</{tag}>" if content else "")
    return f'<div class="text">{"".join(lines)}</div>'


def _inline(line: str, look: Look) -> str:
    """One line of Markdown as HTML."""
    parts, end = [], 0
    for found in _MARKDOWN.finditer(line):
        title, url, bold, code = found.groups()
        address = look.links.address(url, {}) if url else None
        words = escape(title or bold or code)
        tag = "b" if bold else "code" if code else "span"
        as_link = linked(words, (Link(title, address),)) if address else None
        parts += [escape(line[end : found.start()]), as_link or f"<{tag}>{words}</{tag}>"]
        end = found.end()
    return "".join((*parts, escape(line[end:])))


def traces(panel: Panel, answer: Answer, look: Look) -> str:
    """What a panel reads from Jaeger: a list of traces, or one of them span by span."""
    if not answer.traces:
        return empty(answer.note or "no traces")
    if panel.kind == "traces":
        return _waterfall(answer.traces[0], look)
    heads = ("Trace ID", "Trace name", "Start time", "Duration", "Spans")
    rows = (_trace_row(each, look) for each in answer.traces)
    return _html_table((f"<th>{each}</th>" for each in heads), rows)


def _trace_row(trace: Trace, look: Look) -> list[str]:
    root = trace.root
    address = look.links.trace(root.trace_id)
    links = (Link("Open this trace", address),) if address else ()
    return [
        f"<td>{linked(escape(root.trace_id), links)}</td>",
        f"<td>{escape(f'{root.service}: {root.name}')}</td>",
        f"<td>{datetime.fromtimestamp(trace.start, UTC):%Y-%m-%d %H:%M:%S}</td>",
        f'<td data-value="{trace.seconds}">{_duration(trace.seconds, None)}</td>',
        f'<td data-value="{len(trace.spans)}">{len(trace.spans)}</td>',
    ]


def _waterfall(trace: Trace, look: Look) -> str:
    """A line for each span with a bar from its start to its end; its tags unfold below it."""
    root = trace.root
    services = tuple(dict.fromkeys(span.service for _, span in trace.tree()))
    about = f"{root.trace_id}, {_duration(trace.seconds, None)}, {len(trace.spans)} spans"
    links = (
        (Link("JSON of Jaeger's API", look.links.api(root.trace_id)),) if look.links.jaeger else ()
    )
    spans = "".join(
        _span(span, depth, trace, look.theme.classic(services.index(span.service)))
        for depth, span in trace.tree()
    )
    return f'<div class="trace"><p>{linked(escape(about), links)}</p>{spans}</div>'


def _span(span: Span, depth: int, trace: Trace, colour: str) -> str:
    whole = trace.seconds or 1.0
    left, width = (100 * each / whole for each in (span.start - trace.start, span.seconds))
    name, took = escape(f"{span.service}: {span.name}"), _duration(span.seconds, None)
    bar = f'<i style="left:{left:.2f}%;width:{width:.2f}%;background:{colour}"></i>'
    tags = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in span.tags.items())
    return (
        f'<details class="span{" failed" if failed(span) else ""}"><summary title="{name}, {took}">'
        f'<span style="padding-left:{depth * 16}px">{name}</span><span class="time">{bar}'
        f'<small style="left:{min(left + width, 88):.2f}%">{took}</small></span></summary>'
        f"<dl>{tags}</dl></details>"
    )


HTML: dict[str, Callable[[Panel, Answer, Look], str]] = {
    "bargauge": bar_gauge,
    "stat": stat,
    "table": table,
    "text": text,
    "traces": traces,
}
"""Grafana's panel type -> its HTML."""
