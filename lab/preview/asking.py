"""A board's questions to Prometheus, its variables filled in, and the answers as series."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.preview.errors import PreviewError
from lab.preview.geometry import pixels
from lab.preview.model import Board, Panel, Target, Variable
from lab.preview.window import Window
from lab.prometheus_api import Line, Prometheus, QueryRefused


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


Answers = Mapping[int, Answer]
"""By the panel's id."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the viewer chose: the time, and a value for some of the variables."""

    window: Window
    chosen: Mapping[str, str]


def answers(prometheus: Prometheus, board: Board, choice: Choice) -> Answers:
    """The data of every panel; raises PreviewError for an unknown choice, QueryRefused."""
    everything = {each.name: each.everything for each in board.variables}
    for variable in board.variables:
        if variable.name in choice.chosen:
            selector = _filled(variable.selector, everything)
            _require_known(prometheus, variable, choice, selector)
    values = everything | {name: _escaped(value) for name, value in choice.chosen.items()}
    return {
        panel.id: _answer(prometheus, board, panel, (choice.window, values))
        for panel in board.panels
        if panel.targets
    }


def _require_known(
    prometheus: Prometheus, variable: Variable, choice: Choice, selector: str
) -> None:
    """Raise PreviewError unless the chosen value is there within the time shown."""
    value, window = choice.chosen[variable.name], choice.window
    found = prometheus.series(selector, start=window.start, end=window.end)
    there = sorted({labels[variable.label] for labels in found if variable.label in labels})
    if value not in there:
        raise PreviewError(
            f'--{variable.name} "{value}": {prometheus.url} knows no such {variable.name};'
            f" it knows {', '.join(there) or 'none'}"
        )


def _answer(
    prometheus: Prometheus, board: Board, panel: Panel, about: tuple[Window, Mapping[str, str]]
) -> Answer:
    window, values = about
    least = max((each.step for each in panel.targets), key=window.least)
    step = window.step(int(pixels(panel.place).width), least)
    asker = _Asker(prometheus, window, values, step)
    try:
        series = tuple(each for target in panel.targets for each in asker.ask(target))
    except QueryRefused as refused:
        raise QueryRefused(f'board {board.uid}, panel "{panel.title}": {refused}') from refused
    except PreviewError as wrong:
        raise PreviewError(f'board {board.uid}, panel "{panel.title}": {wrong}') from wrong
    return Answer(series, window, step)


@dataclass(frozen=True, slots=True)
class _Asker:
    prometheus: Prometheus
    window: Window
    values: Mapping[str, str]
    step: int

    def ask(self, target: Target) -> Iterator[Series]:
        expr = _filled(target.expr, {**self.values, **self._times(target.step)})
        for line in self._lines(target, expr):
            times, values = zip(*line.points, strict=True)
            name = legend(target.legend, line.labels) or expr
            yield Series(target.letter, name, line.labels, times, values)

    def _lines(self, target: Target, expr: str) -> tuple[Line, ...]:
        if target.instant:
            end = self.window.end
            return tuple(
                Line(each.labels, ((end, each.value),))
                for each in self.prometheus.query(expr, at=end)
            )
        start, end = self.window.grid(self.step)
        return self.prometheus.query_range(expr, start=start, end=end, step=self.step)

    def _times(self, min_step: str) -> dict[str, str]:
        return {
            "__rate_interval": f"{self.window.rate_interval(self.step, min_step)}s",
            "__interval": f"{self.step}s",
            "__range": f"{self.window.length}s",
            "__range_s": str(self.window.length),
        }


def _filled(expr: str, values: Mapping[str, str]) -> str:
    """`expr` with `$name` and `${name}` replaced; raises PreviewError for an unknown name."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in values:
            raise PreviewError(f"variable ${name} has no value; known: {', '.join(sorted(values))}")
        return values[name]

    return re.sub(r"\$(?:([A-Za-z_]\w*)|\{(\w+)\})", value, expr)


def _escaped(value: str) -> str:
    """The value as a regular expression within a PromQL string."""
    return re.sub(r"([\\^$*+?.()|\[\]{}])", r"\\\\\1", value)


def legend(form: str, labels: Mapping[str, str]) -> str:
    """The series' name: `{{label}}` stands for a label's value, no form for all labels."""
    if form in ("", "__auto"):
        inside = ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels))
        return f"{{{inside}}}" if inside else ""

    def value(found: re.Match[str]) -> str:
        return labels.get(found[1], "")

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, form)
