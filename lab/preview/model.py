"""A board as its generated JSON says, parsed once into values that can be drawn."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.layout import Place
from lab.preview.errors import PreviewError
from lab.preview.fields import Fields

PROMETHEUS, JAEGER = "prometheus", "jaeger"
"""The types of data sources that the preview asks."""

Options = Mapping[str, Any]
"""A panel type's own options, as Grafana's schema names them; its painter reads them."""


@dataclass(frozen=True, slots=True)
class Target:
    """One query: `step` is its Min step, "" for none; `letter` its refId."""

    letter: str
    expr: str
    legend: str
    instant: bool
    step: str
    exemplars: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, or with the kind "row" a heading across the board.

    `source` is the type of its data source, "" if it has none; other than Prometheus' own
    queries are not read.
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

    `one` must be chosen, where not all may be shown together.
    """

    name: str
    title: str
    selector: str
    label: str
    everything: str
    one: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events to mark on all graphs: whenever `expr` has a value; `title` is a legend's form."""

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

    @property
    def height(self) -> int:
        """In rows of the grid."""
        return max((panel.place.y + panel.place.h for panel in self.panels), default=0)


def parse(text: str, name: str) -> Board:
    """The board in a JSON text; raises PreviewError, naming `name`, if it is none."""
    try:
        written = json.loads(text)
        return Board(
            written["uid"],
            written["title"],
            written.get("description", ""),
            tuple(_panel(each) for each in written["panels"]),
            tuple(
                _variable(each) for each in written["templating"]["list"] if each["type"] == "query"
            ),
            tuple(
                _annotation(each)
                for each in written.get("annotations", {}).get("list", ())
                if "expr" in each
            ),
        )
    except (ValueError, KeyError, TypeError) as wrong:
        why = f"no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
        raise PreviewError(f"{name}: not a board's JSON: {why}; write it anew") from wrong


def _panel(written: Options) -> Panel:
    at = written["gridPos"]
    source = written.get("datasource", {}).get("type", "") if written.get("targets") else ""
    asked = written["targets"] if source == PROMETHEUS else ()
    return Panel(
        written["id"],
        written["type"],
        written.get("title", ""),
        written.get("description", ""),
        Place(at["w"], at["h"], at["x"], at["y"]),
        source,
        tuple(_target(each) for each in asked),
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


def _variable(written: Options) -> Variable:
    inside = written["definition"].removeprefix("label_values(").removesuffix(")")
    selector, _, label = inside.rpartition(", ")
    return Variable(
        written["name"],
        written.get("label") or written["name"],
        selector,
        label,
        written.get("allValue", ".+"),
        not written.get("includeAll", False),
    )


def _annotation(written: Options) -> Annotation:
    return Annotation(
        written["expr"],
        written.get("titleFormat", written["name"]),
        written["iconColor"],
        written.get("step", ""),
    )
