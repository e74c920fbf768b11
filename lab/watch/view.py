"""A snapshot as lines for a terminal of any size, or as one line of text. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, isfinite

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from dashboards import limits, palette
from dashboards.cli_text import one_line
from dashboards.limits import Limit
from lab.jaeger_api import Span
from lab.preview.theme import THEMES, Mode
from lab.preview.traces import Trace, failed
from lab.preview.units import formatter
from lab.watch.snapshot import WINDOW_SECONDS, Figures, Part, ServerFigures, Snapshot
from proxy.telemetry.catalogue import Outcome

SPACIOUS_LINES = 32
"""From this height on there is space between the sections, whatever is in them."""

_THEME = THEMES[Mode.DARK]
_FAINT, _BOLD = "dim", "bold"
_DURATION = 10
"""The width of a duration or rate, in cells."""
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that are not in ASCII, or what stands for them."""

    ready: str
    failed: str
    bar: str
    rule: str
    more: str
    micro: str


UNICODE = Glyphs("●", "✗", "█", "─", "…", "µ")
ASCII = Glyphs("+", "x", "#", "-", "...", "u")
"""For a terminal whose encoding lacks the others."""


@dataclass(frozen=True, slots=True)
class _Column:
    """Numbers of the servers, of one field of ServerFigures; `width` in cells."""

    heading: str
    field: str
    width: int
    unit: str
    limit: Limit | None = None


_COLUMNS = (
    _Column("calls", "rate", 12, "reqps"),
    _Column("errors", "errors", 8, "percentunit", limits.ERRORS),
    _Column("p50", "p50", 9, "s", limits.LATENCY_SECONDS),
    _Column("p95", "p95", 9, "s", limits.LATENCY_SECONDS),
    _Column("availability", "availability_budget", 14, "percentunit", limits.BUDGET_LEFT),
    _Column("latency", "latency_budget", 9, "percentunit", limits.BUDGET_LEFT),
)
_TITLE = f"Calls within {WINDOW_SECONDS} s, and budgets left of 30 days"


@dataclass(frozen=True, slots=True)
class _Section:
    """A title, and lines of which the last may be left out."""

    title: str
    lines: Sequence[Text]

    def shown(self, count: int, glyphs: Glyphs) -> Sequence[Text]:
        """So many lines; the last says how many are missing, if any are."""
        if count >= len(self.lines):
            return self.lines
        missing = len(self.lines) - count + 1
        return (*self.lines[: count - 1], Text(f"{glyphs.more} {missing} more", _FAINT))


def view(snapshot: Snapshot, width: int, height: int, glyphs: Glyphs = UNICODE) -> Group:
    """At most `height` lines, none longer than `width` cells."""
    sections = (
        _parts(snapshot.parts, width, glyphs),
        *_faults(snapshot.faults),
        *_figures(snapshot.figures, snapshot.figures_note, width, glyphs),
        _trace(snapshot.trace, snapshot.trace_note, width, glyphs),
    )
    spacious = height >= SPACIOUS_LINES
    counts = _counts(sections, height - 1 - spacious * len(sections))
    lines = [_header(snapshot)]
    for section, count in zip(sections, counts, strict=True):
        lines += [Text()] * spacious
        rule = glyphs.rule * (width - cell_len(section.title) - 1)
        lines.append(Text(f"{section.title} {rule}", _FAINT))
        lines += section.shown(count, glyphs)
    for each in lines:
        each.truncate(width, overflow="crop")
    return Group(*lines[:height])


def _counts(sections: Sequence[_Section], height: int) -> list[int]:
    """How many lines of each section fit; the longest gives way first."""
    counts = [len(each.lines) for each in sections]
    while sum(counts) + len(sections) > height and max(counts) > 1:
        counts[counts.index(max(counts))] -= 1
    return counts


def _header(snapshot: Snapshot) -> Text:
    memory = formatter("bytes")(snapshot.memory_bytes, 0) if snapshot.memory_bytes else ""
    age = timedelta(seconds=int(snapshot.seconds))
    facts = (f"up {age}", memory, snapshot.boards)
    return Text.assemble((snapshot.architecture, _BOLD), *(f"  {each}" for each in facts if each))


def _parts(parts: Sequence[Part], width: int, glyphs: Glyphs) -> _Section:
    """Those that are not ready with their reasons, then the others side by side."""
    failing = [each for each in parts if each.reason]
    others = [each for each in parts if not each.reason]
    ready = sum(each.known for each in others)
    title = f"Parts: {ready} of {len(parts)} ready"
    longest = max((cell_len(each.name) for each in others), default=0) + 4
    columns = max(1, (width + 2) // longest)
    rows = ceil(len(others) / columns)
    lines = [
        Text.assemble((f"{glyphs.failed} {each.name}", _named("red")), f"  {one_line(each.reason)}")
        for each in failing
    ]
    lines += [
        Text.assemble(*(_ready(each, longest, glyphs) for each in others[row::rows]))
        for row in range(rows)
    ]
    return _Section(title, lines)


def _ready(part: Part, width: int, glyphs: Glyphs) -> Text:
    mark = (glyphs.ready, _named("green")) if part.known else (" ", _FAINT)
    return Text.assemble(mark, set_cell_size(f" {part.name}", width - 1))


def _faults(faults: Sequence[str]) -> tuple[_Section, ...]:
    lines = tuple(Text(one_line(each), _named("red")) for each in faults)
    return (_Section("Faults switched on", lines),) if lines else ()


def _figures(
    figures: Figures | None, note: str, width: int, glyphs: Glyphs
) -> tuple[_Section, ...]:
    if figures is None:
        return (_Section(_TITLE, (Text(one_line(note) or "not known yet", _FAINT),)),)
    alerts = [Text(one_line(each), _named("red")) for each in figures.alerts]
    return (
        _Section(_TITLE, _table(figures, glyphs)),
        _Section("Outcomes", tuple(_outcomes(figures, width, glyphs))),
        _Section("Alerts", alerts or [Text("none fires", _named("green"))]),
    )


def _table(figures: Figures, glyphs: Glyphs) -> Sequence[Text]:
    widest = max((cell_len(each.server) for each in figures.servers), default=0)
    name = min(max(widest, len("server")), _LONGEST_NAME)
    head = "".join(f"{each.heading:>{each.width}}" for each in _COLUMNS)
    return (
        Text(f"{'server':<{name}}{head}", _FAINT),
        *(_row(each, name, glyphs) for each in figures.servers),
    )


def _row(server: ServerFigures, name: int, glyphs: Glyphs) -> Text:
    cells = (_cell(getattr(server, each.field), each, glyphs) for each in _COLUMNS)
    return Text.assemble(set_cell_size(one_line(server.server), name), *cells)


def _cell(value: float | None, column: _Column, glyphs: Glyphs) -> tuple[str, str]:
    text = f"{_number(value, column.unit, glyphs):>{column.width}}"
    if value is None or column.limit is None or not isfinite(value):
        return text, ""
    reached = [each for each in palette.steps(column.limit) if value >= (each.value or 0)]
    return text, _named(reached[-1].color if reached else "red")


def _number(value: float | None, unit: str, glyphs: Glyphs) -> str:
    if value is None or not isfinite(value):
        return "-"
    return formatter(unit)(value, None).replace(UNICODE.micro, glyphs.micro)


def _outcomes(figures: Figures, width: int, glyphs: Glyphs) -> Iterator[Text]:
    """A bar for each outcome that occurs, as long as its share of the most frequent one."""
    rates = {each: figures.outcomes.get(each, 0.0) for each in Outcome}
    most = max(rates.values()) or 1.0
    longest = max(map(len, rates))
    room = max(1, width - longest - _DURATION - 2)
    for outcome, rate in rates.items():
        if rate or outcome is Outcome.OK:
            label = f"{outcome:<{longest}}{_number(rate, 'reqps', glyphs):>{_DURATION + 1}} "
            bar = glyphs.bar * ceil(room * rate / most)
            yield Text.assemble(label, (bar, _named(palette.COLOURS[outcome])))


def _trace(trace: Trace | None, note: str, width: int, glyphs: Glyphs) -> _Section:
    """The spans below each other, each where it was in the time of the whole."""
    if trace is None:
        return _Section("Last trace", (Text(one_line(note) or "none yet", _FAINT),))
    spans = [(f"{'  ' * depth}{_name(each)}", each) for depth, each in trace.tree()]
    label = min(max(cell_len(text) for text, _ in spans) + 1, width // 2)
    room = max(1, width - label - _DURATION)
    lines = [
        Text.assemble(
            set_cell_size(text, label),
            (f"{_number(span.seconds, 's', glyphs):>{_DURATION - 1}} ", ""),
            (_bar(trace, span, room, glyphs), _named("red" if failed(span) else "blue")),
        )
        for text, span in spans
    ]
    whole = _number(trace.seconds, "s", glyphs)
    return _Section(f"Last trace: {whole}, {one_line(trace.root.trace_id)}", lines)


def _name(span: Span) -> str:
    return one_line(f"{span.service}: {span.name}")


def _bar(trace: Trace, span: Span, room: int, glyphs: Glyphs) -> str:
    """A bar from the span's start to its end, at least one cell long."""
    scale = room / (trace.seconds or 1.0)
    start = min(round((span.start - trace.start) * scale), room - 1)
    length = max(1, min(round(span.seconds * scale), room - start))
    return " " * start + glyphs.bar * length


def _named(colour: str) -> str:
    """The colour that the dashboards have for a name."""
    return _THEME.colour(colour)


def line(snapshot: Snapshot) -> str:
    """The same on one line, for what is not a terminal."""
    failing = (f"{each.name}: {each.reason}" for each in snapshot.parts if each.reason)
    facts = [snapshot.architecture, *failing, *(f"fault: {each}" for each in snapshot.faults)]
    if figures := snapshot.figures:
        rates = ((name, rate) for name, rate in figures.outcomes.items() if rate)
        facts += [f"{name} {_number(rate, 'reqps', UNICODE)}" for name, rate in rates]
        facts += [_summary(each) for each in figures.servers]
        facts.append(f"alerts: {', '.join(figures.alerts) or 'none'}")
    facts += [each for each in (snapshot.figures_note, snapshot.trace_note) if each]
    return "; ".join(map(one_line, facts))


def _summary(server: ServerFigures) -> str:
    values = (
        f"{each.heading} {_number(getattr(server, each.field), each.unit, UNICODE)}"
        for each in _COLUMNS
    )
    return f"{server.server}: {', '.join(values)}"
