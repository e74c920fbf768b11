"""A board's queries with its variables filled in, and the answers of Prometheus and Jaeger."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dashboards.board import SERVER
from dashboards.promql.scope import exactly, within_quotes
from lab.jaeger_api import Jaeger
from lab.preview.errors import PreviewError
from lab.preview.events import Event, Exemplar, spans, thinned
from lab.preview.model import JAEGER, Board, Panel, Target, Variable
from lab.preview.time_range import TimeRange
from lab.preview.traces import Trace, newest, one_trace
from lab.prometheus_api import Line, Prometheus, QueryRefused, Unreachable

PAGE_WIDTH = 1336
"""Of a board in pixels, for which queries take their steps: a window of 1366 shows it whole."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its legend, its labels, and its points in time."""

    letter: str
    name: str
    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one panel shows; `step` is the distance of its points, in seconds.

    `note` says why there are no traces, "" where there may be some.
    """

    series: tuple[Series, ...]
    time: TimeRange
    step: int
    events: tuple[Event, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    traces: tuple[Trace, ...] = ()
    note: str = ""

    @property
    def moments(self) -> list[float]:
        """The times of its points, those that are missing among them."""
        start, end = self.time.grid(self.step)
        return [start + n * self.step for n in range(round((end - start) / self.step) + 1)]


Answers = Mapping[int, Answer]
"""By the panel's id."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is sent: for its end only if it is instant, else every `step` seconds."""

    panel: Panel
    target: Target
    expr: str
    start: float
    end: float
    step: int


@dataclass(frozen=True, slots=True)
class View:
    """What the viewer chose: the time, and a value for some of the variables."""

    time: TimeRange
    chosen: Mapping[str, str]


def choices(
    prometheus: Prometheus, board: Board, view: View
) -> tuple[View, Mapping[str, tuple[str, ...]]]:
    """The values that each variable can have, and the view with the first where one must be.

    Raises QueryRefused, Unreachable.
    """
    found: dict[str, tuple[str, ...]] = {}
    for variable in board.variables:
        if not variable.selector:
            continue
        values = _values(prometheus, variable, board, view)
        found[variable.name] = values
        if variable.one and values and variable.name not in view.chosen:
            view = replace(view, chosen={**view.chosen, variable.name: values[0]})
    return view, found


def _values(
    prometheus: Prometheus, variable: Variable, board: Board, view: View
) -> tuple[str, ...]:
    """The values that there are within the time shown."""
    selector = filled(variable.selector, _variables(board, view))
    series = prometheus.series(selector, start=view.time.start, end=view.time.end)
    return tuple(sorted({each[variable.label] for each in series if variable.label in each}))


def answers(prometheus: Prometheus, jaeger: Jaeger | None, board: Board, view: View) -> Answers:
    """The data of every panel; raises PreviewError, QueryRefused, Unreachable."""
    variables = _variables(board, view)
    marks = tuple(_events(prometheus, board, view.time, variables))
    found = {
        panel.id: replace(_answer(prometheus, board, panel, (view.time, variables)), events=marks)
        for panel in board.panels
        if panel.targets
    }
    traced = (panel for panel in board.panels if panel.source == JAEGER)
    return found | {panel.id: traces(jaeger, panel, view) for panel in traced}


def traces(jaeger: Jaeger | None, panel: Panel, view: View) -> Answer:
    """What a panel reads from Jaeger: a list of traces, or one of them span by span."""
    nothing = Answer((), view.time, 1)
    chosen = view.chosen
    if jaeger is None:
        return replace(nothing, note="Read from Jaeger; its address is not known here.")
    if not chosen.get(SERVER.name) and not (panel.kind == "traces" and chosen.get("trace")):
        return replace(nothing, note="Jaeger searches one server at a time: choose one.")
    try:
        find = one_trace if panel.kind == "traces" else newest
        return replace(nothing, traces=find(jaeger, chosen, view.time.start, view.time.end))
    except Unreachable as wrong:
        return replace(nothing, note=str(wrong))


def queries(board: Board, view: View) -> Iterator[Query]:
    """Everything that the panels ask; raises PreviewError."""
    variables = _variables(board, view)
    for panel in board.panels:
        yield from _queries(panel, view.time, variables)


def _variables(board: Board, view: View) -> dict[str, str]:
    """The values of all variables as regular expressions: what was chosen, else everything."""
    everything = {each.name: each.everything for each in board.variables}
    return everything | {name: exactly(value) for name, value in view.chosen.items()}


def _answer(
    prometheus: Prometheus, board: Board, panel: Panel, given: tuple[TimeRange, Mapping[str, str]]
) -> Answer:
    time, variables = given
    try:
        asked = _queries(panel, time, variables)
        series = tuple(each for query in asked for each in _series(prometheus, query))
        exemplars = _exemplars(prometheus, asked)
    except (QueryRefused, PreviewError) as wrong:
        raise type(wrong)(f'board {board.uid}, panel "{panel.title}": {wrong}') from wrong
    return Answer(series, time, asked[0].step, exemplars=exemplars)


def _queries(panel: Panel, time: TimeRange, variables: Mapping[str, str]) -> tuple[Query, ...]:
    if not panel.targets:
        return ()
    coarsest = max((each.step for each in panel.targets), key=time.least)
    step = time.step(PAGE_WIDTH * panel.place.w // 24, coarsest)
    start, end = time.grid(step)
    return tuple(
        Query(
            panel,
            target,
            filled(target.expr, {**variables, **_intervals(time, step, target.step)}),
            *((time.end, time.end) if target.instant else (start, end)),
            step,
        )
        for target in panel.targets
    )


def _intervals(time: TimeRange, step: int, min_step: str) -> dict[str, str]:
    return {
        "__rate_interval": f"{time.rate_interval(step, min_step)}s",
        "__interval": f"{step}s",
        "__range": f"{time.length}s",
        "__range_s": str(time.length),
    }


def _series(prometheus: Prometheus, query: Query) -> Iterator[Series]:
    for line in _lines(prometheus, query):
        times, values = zip(*line.points, strict=True)
        name = legend(query.target.legend, line.labels) or query.expr
        yield Series(query.target.letter, name, line.labels, times, values)


def _lines(prometheus: Prometheus, query: Query) -> tuple[Line, ...]:
    if query.target.instant:
        found = prometheus.query(query.expr, at=query.end)
        return tuple(Line(each.labels, ((query.end, each.value),)) for each in found)
    return prometheus.query_range(query.expr, start=query.start, end=query.end, step=query.step)


def _exemplars(prometheus: Prometheus, asked: tuple[Query, ...]) -> tuple[Exemplar, ...]:
    """The single calls behind a panel that shows them, each once however many queries see it."""
    found = {
        Exemplar(each.time, each.value, each.labels.get("trace_id", ""))
        for query in asked
        if query.target.exemplars and not query.target.instant
        for each in prometheus.exemplars(query.expr, start=query.start, end=query.end)
        if math.isfinite(each.value)
    }
    return thinned(found, asked[0].step)


def _events(
    prometheus: Prometheus, board: Board, time: TimeRange, variables: Mapping[str, str]
) -> Iterator[Event]:
    """What the board's annotations mark in the time shown."""
    for each in board.annotations:
        step = time.step(PAGE_WIDTH, each.step)
        start, end = time.grid(step)
        expr = filled(each.expr, {**variables, **_intervals(time, step, each.step)})
        for line in prometheus.query_range(expr, start=start, end=end, step=step):
            title = legend(each.title, line.labels)
            moments = (moment for moment, value in line.points if value)
            yield from (Event(*span, title, each.colour) for span in spans(moments, step))


def filled(expr: str, variables: Mapping[str, str]) -> str:
    """`expr` with `$name`, within quotes, and `${name:regex}`, in a raw string, replaced.

    Raises PreviewError for an unknown name.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in variables:
            known = ", ".join(sorted(variables))
            raise PreviewError(f"variable ${name} has no value; known: {known}")
        return variables[name] if found[2] else within_quotes(variables[name])

    return re.sub(r"\$(?:([A-Za-z_]\w*)|\{(\w+):regex\})", value, expr)


def legend(form: str, labels: Mapping[str, str]) -> str:
    """The series' name: `{{label}}` stands for a label's value, no form for all labels."""
    if form in ("", "__auto"):
        inside = ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels))
        return f"{{{inside}}}" if inside else ""
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), form)
