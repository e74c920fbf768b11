"""A board's questions to Prometheus, its variables filled in, and the answers as series."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dashboards.board import SERVER
from dashboards.promql import within_quotes
from lab.jaeger_api import Jaeger
from lab.preview.errors import PreviewError
from lab.preview.events import Event, Exemplar, spans, thinned
from lab.preview.geometry import PAGE_WIDTH, pixels
from lab.preview.links import TAGS, TRACE
from lab.preview.model import JAEGER, Board, Panel, Target, Variable
from lab.preview.traces import Trace
from lab.preview.window import Window
from lab.prometheus_api import Line, Prometheus, QueryRefused, Unreachable


@dataclass(frozen=True, slots=True)
class Series:
    """One answer: its legend, its labels, and its points in time."""

    letter: str
    name: str
    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one panel shows; `step` is the distance of its points, in seconds."""

    series: tuple[Series, ...]
    window: Window
    step: int
    events: tuple[Event, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    traces: tuple[Trace, ...] = ()
    remark: str = ""
    """Why there are no traces."""


TRACES = 20
"""As many as a board lists."""

Answers = Mapping[int, Answer]
"""By the panel's id."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query as it is sent: for its end only if it is instant, else every `step` seconds."""

    panel: Panel
    target: Target
    expr: str
    start: float
    end: float
    step: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What the viewer chose: the time, and a value for some of the variables."""

    window: Window
    chosen: Mapping[str, str]


def settled(prometheus: Prometheus, board: Board, choice: Choice) -> Choice:
    """The choice, with the first value of each variable of which one must be chosen.

    Raises PreviewError for a value that is not there within the time shown, QueryRefused.
    """
    everything = {each.name: each.everything for each in board.variables}
    chosen = dict(choice.chosen)
    for variable in board.variables:
        if variable.one or variable.name in chosen:
            there = _there(prometheus, variable, choice.window, everything)
            if variable.name in chosen:
                _require_known(prometheus, variable, chosen[variable.name], there)
            elif there:
                chosen[variable.name] = there[0]
    return replace(choice, chosen=chosen)


def answers(
    prometheus: Prometheus, board: Board, choice: Choice, jaeger: Jaeger | None = None
) -> Answers:
    """The data of every panel; raises PreviewError for an unknown choice, QueryRefused."""
    values = _values(board, choice)
    marked = events(prometheus, board, choice.window, values)
    told = {
        panel.id: replace(_answer(prometheus, board, panel, (choice.window, values)), events=marked)
        for panel in board.panels
        if panel.targets
    }
    return told | {
        panel.id: traced(jaeger, panel, choice) for panel in board.panels if panel.source == JAEGER
    }


def traced(jaeger: Jaeger | None, panel: Panel, choice: Choice) -> Answer:
    """What a panel reads from Jaeger: the newest traces of the chosen server, newest first.

    Or one of them: that which was chosen, else the slowest.
    """
    nothing = Answer((), choice.window, 1)
    if jaeger is None:
        return replace(nothing, remark="In Grafana, read from Jaeger; nobody said where it is.")
    if not choice.chosen.keys() & {TRACE, SERVER.name}:
        return replace(nothing, remark="Jaeger knows one server at a time: choose one.")
    try:
        traces = _one(jaeger, choice) if panel.kind == "traces" else _newest(jaeger, choice)
    except Unreachable as silent:
        return replace(nothing, remark=str(silent))
    return replace(nothing, traces=traces)


def _one(jaeger: Jaeger, choice: Choice) -> tuple[Trace, ...]:
    if TRACE in choice.chosen:
        spans = jaeger.trace(choice.chosen[TRACE])
        return (Trace(spans),) if spans else ()
    return tuple(sorted(_newest(jaeger, choice), key=lambda each: -each.seconds))[:1]


def _newest(jaeger: Jaeger, choice: Choice) -> tuple[Trace, ...]:
    if SERVER.name not in choice.chosen:
        return ()
    name, _, value = choice.chosen.get(TAGS, "").partition("=")
    tags = {name: value} if value else {}
    window = choice.window
    server = choice.chosen[SERVER.name]
    found = jaeger.traces(server, TRACES, tags, start=window.start, end=window.end)
    traces = (Trace(each) for each in found if each)
    return tuple(sorted(traces, key=lambda each: (-each.start, each.root.trace_id)))


def questions(board: Board, choice: Choice) -> Iterator[Question]:
    """Everything that the panels ask; raises PreviewError."""
    values = _values(board, choice)
    for panel in board.panels:
        yield from _questions(panel, choice.window, values)


def _values(board: Board, choice: Choice) -> dict[str, str]:
    """The values of all variables: what was chosen, else everything."""
    everything = {each.name: each.everything for each in board.variables}
    return everything | {name: _escaped(value) for name, value in choice.chosen.items()}


def _there(
    prometheus: Prometheus, variable: Variable, window: Window, everything: Mapping[str, str]
) -> list[str]:
    """The values that there are within the time shown."""
    selector = _filled(variable.selector, everything)
    found = prometheus.series(selector, start=window.start, end=window.end)
    return sorted({labels[variable.label] for labels in found if variable.label in labels})


def _require_known(
    prometheus: Prometheus, variable: Variable, value: str, there: list[str]
) -> None:
    """Raise PreviewError unless the value is there."""
    if value not in there:
        raise PreviewError(
            f'{variable.name} "{value}": {prometheus.url} knows no such {variable.name};'
            f" it knows {', '.join(there) or 'none'}"
        )


def _answer(
    prometheus: Prometheus, board: Board, panel: Panel, about: tuple[Window, Mapping[str, str]]
) -> Answer:
    window, values = about
    try:
        asked = _questions(panel, window, values)
        series = tuple(each for question in asked for each in _asked(prometheus, question))
        exemplars = _exemplars(prometheus, asked)
    except QueryRefused as refused:
        raise QueryRefused(f'board {board.uid}, panel "{panel.title}": {refused}') from refused
    except PreviewError as wrong:
        raise PreviewError(f'board {board.uid}, panel "{panel.title}": {wrong}') from wrong
    return Answer(series, window, _step(panel, window), exemplars=exemplars)


def _step(panel: Panel, window: Window) -> int:
    least = max((each.step for each in panel.targets), key=window.least)
    return window.step(int(pixels(panel.place).width), least)


def _questions(panel: Panel, window: Window, values: Mapping[str, str]) -> tuple[Question, ...]:
    if not panel.targets:
        return ()
    step = _step(panel, window)
    start, end = window.grid(step)
    return tuple(
        Question(
            panel,
            target,
            _filled(target.expr, {**values, **_times(window, step, target.step)}),
            *((window.end, window.end) if target.instant else (start, end)),
            step,
        )
        for target in panel.targets
    )


def _times(window: Window, step: int, min_step: str) -> dict[str, str]:
    return {
        "__rate_interval": f"{window.rate_interval(step, min_step)}s",
        "__interval": f"{step}s",
        "__range": f"{window.length}s",
        "__range_s": str(window.length),
    }


def _asked(prometheus: Prometheus, question: Question) -> Iterator[Series]:
    target = question.target
    for line in _lines(prometheus, question):
        times, values = zip(*line.points, strict=True)
        name = legend(target.legend, line.labels) or question.expr
        yield Series(target.letter, name, line.labels, times, values)


def _lines(prometheus: Prometheus, question: Question) -> tuple[Line, ...]:
    expr, start, end = question.expr, question.start, question.end
    if question.target.instant:
        found = prometheus.query(expr, at=end)
        return tuple(Line(each.labels, ((end, each.value),)) for each in found)
    return prometheus.query_range(expr, start=start, end=end, step=question.step)


def _exemplars(prometheus: Prometheus, asked: tuple[Question, ...]) -> tuple[Exemplar, ...]:
    """The single calls behind a panel that shows them, each once however many queries see it."""
    found = {
        Exemplar(each.time, each.value, each.labels.get("trace_id", ""))
        for question in asked
        if question.target.exemplars and not question.target.instant
        for each in prometheus.exemplars(question.expr, start=question.start, end=question.end)
    }
    return thinned(found, asked[0].step)


def events(
    prometheus: Prometheus, board: Board, window: Window, values: Mapping[str, str]
) -> tuple[Event, ...]:
    """What the board's annotations mark in the time shown; raises PreviewError, QueryRefused."""
    found = []
    for each in board.annotations:
        step = window.step(PAGE_WIDTH, each.step)
        start, end = window.grid(step)
        expr = _filled(each.expr, {**values, **_times(window, step, each.step)})
        for line in prometheus.query_range(expr, start=start, end=end, step=step):
            title = legend(each.title, line.labels)
            times = (time for time, value in line.points if value)
            found += [Event(*span, title, each.colour) for span in spans(times, step)]
    return tuple(found)


def _filled(expr: str, values: Mapping[str, str]) -> str:
    """`expr` with `$name` and `${name}` replaced; raises PreviewError for an unknown name."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in values:
            raise PreviewError(f"variable ${name} has no value; known: {', '.join(sorted(values))}")
        return values[name]

    return re.sub(r"\$(?:([A-Za-z_]\w*)|\{(\w+)\})", value, expr)


def _escaped(value: str) -> str:
    """The value as a regular expression within a PromQL string.

    Clients invent the names of tools, so a value may hold anything.
    """
    return within_quotes(re.sub(r"([\\^$*+?.()|\[\]{}])", r"\\\1", value))


def legend(form: str, labels: Mapping[str, str]) -> str:
    """The series' name: `{{label}}` stands for a label's value, no form for all labels."""
    if form in ("", "__auto"):
        inside = ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels))
        return f"{{{inside}}}" if inside else ""

    def value(found: re.Match[str]) -> str:
        return labels.get(found[1], "")

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, form)
