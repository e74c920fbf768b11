"""A board as its generated JSON says, parsed once into values that can be drawn."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.layout import Place
from lab.preview.errors import PreviewError
from lab.preview.fields import Fields

PROMETHEUS, JAEGER = "prometheus", "jaeger"
"""The types of data sources that the preview queries."""

ROW = "row"
"""The type of a panel that is a heading across the board."""

Options = Mapping[str, Any]
"""A panel type's own options, as Grafana's schema names them."""


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel: `letter` is its refId, `step` its Min step, "" without one."""

    letter: str
    expr: str
    legend: str
    instant: bool
    step: str
    exemplars: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `source` is the type of its data source, "" without one.

    It has targets only where the source is Prometheus.
    """

    id: int
    kind: str
    title: str
    description: str
    place: Place
    source: str
    targets: tuple[Target, ...]
    fields: Fields
    options: Options
    transformations: tuple[Options, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of the viewer: a value of `label` among the series that `selector` matches.

    Without a selector it is free text. With `one`, a single value must be chosen.
    """

    name: str
    title: str
    selector: str = ""
    label: str = ""
    everything: str = ""
    one: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events on all graphs: whenever `expr` has a value; `title` has the form of a legend."""

    expr: str
    title: str
    colour: str
    step: str


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard as the preview needs it."""

    uid: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...] = ()


def parse(text: str, name: str) -> Board:
    """The board in a JSON text; raises PreviewError, naming `name`, if it is not one."""
    try:
        written = json.loads(text)
        annotations = written.get("annotations", {}).get("list", ())
        return Board(
            written["uid"],
            written["title"],
            written.get("description", ""),
            tuple(_panel(each) for each in written["panels"]),
            tuple(
                _VARIABLES[each["type"]](each)
                for each in written["templating"]["list"]
                if each["type"] in _VARIABLES
            ),
            tuple(_annotation(each) for each in annotations if "expr" in each),
        )
    except (ValueError, KeyError, TypeError) as wrong:
        why = f"no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
        raise PreviewError(f"{name}: not a board's JSON: {why}; write it anew") from wrong


def _panel(written: Options) -> Panel:
    targets = written.get("targets", ())
    source = written.get("datasource", {}).get("type", "") if targets else ""
    return Panel(
        written["id"],
        written["type"],
        written.get("title", ""),
        written.get("description", ""),
        Place(**written["gridPos"]),
        source,
        tuple(_target(each) for each in targets if source == PROMETHEUS),
        Fields.parse(written.get("fieldConfig", {})),
        written.get("options", {}),
        tuple(written.get("transformations", ())),
    )


def _target(written: Options) -> Target:
    return Target(
        written["refId"],
        written["expr"],
        written.get("legendFormat", ""),
        written.get("instant", False),
        written.get("interval", ""),
        written.get("exemplar", False),
    )


def _query_variable(written: Options) -> Variable:
    inside = written["definition"].removeprefix("label_values(").removesuffix(")")
    selector, _, label = inside.rpartition(", ")
    title = written.get("label") or written["name"]
    everything, one = written.get("allValue", ".+"), not written.get("includeAll", False)
    return Variable(written["name"], title, selector, label, everything, one)


def _text_variable(written: Options) -> Variable:
    return Variable(written["name"], written.get("label") or written["name"])


_VARIABLES = {"query": _query_variable, "textbox": _text_variable}


def _annotation(written: Options) -> Annotation:
    title = written.get("titleFormat", written["name"])
    return Annotation(written["expr"], title, written["iconColor"], written.get("step", ""))
