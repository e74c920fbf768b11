"""A board as its generated JSON says, parsed once into values that can be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import MsgspecError, Struct, field, json

from dashboards.layout import Place
from lab.preview.errors import PreviewError
from lab.preview.fields import Fields

PROMETHEUS, JAEGER = "prometheus", "jaeger"
"""The types of data sources that the preview queries."""

ROW = "row"
"""The type of a panel that is a heading across the board."""

Options = Mapping[str, Any]
"""A panel type's own options, as Grafana's schema names them."""


class Target(Struct, frozen=True):
    """One query of a panel; `step` is its Min step, "" without one."""

    letter: str = field(name="refId", default="A")
    expr: str = ""
    legend: str = field(name="legendFormat", default="")
    instant: bool = False
    step: str = field(name="interval", default="")
    exemplars: bool = field(name="exemplar", default=False)


class Panel(Struct, frozen=True):
    """One panel; `queries` may be those of any data source."""

    id: int
    kind: str = field(name="type")
    place: Place = field(name="gridPos")
    title: str = ""
    description: str = ""
    datasource: Options = {}
    queries: tuple[Target, ...] = field(name="targets", default=())
    fields: Fields = field(name="fieldConfig", default_factory=Fields)
    options: Options = {}
    transformations: tuple[Options, ...] = ()

    @property
    def source(self) -> str:
        """The type of its data source, "" without one."""
        return str(self.datasource.get("type", "")) if self.queries else ""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The queries of Prometheus."""
        return self.queries if self.source == PROMETHEUS else ()


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


class Annotation(Struct, frozen=True):
    """Events on all graphs: whenever `expr` has a value; `title` has the form of a legend."""

    name: str
    expr: str = ""
    colour: str = field(name="iconColor", default="")
    title_format: str = field(name="titleFormat", default="")
    step: str = ""

    @property
    def title(self) -> str:
        return self.title_format or self.name


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard as the preview needs it."""

    uid: str
    title: str
    description: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...] = ()


class _Annotations(Struct):
    list: tuple[Annotation, ...] = ()


class _Written(Struct):
    """A board's JSON."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    templating: Mapping[str, Any]
    description: str = ""
    annotations: _Annotations = field(default_factory=_Annotations)


def parse(text: str, name: str) -> Board:
    """The board in a JSON text; raises PreviewError, naming `name`, if it is not one."""
    try:
        written = json.decode(text, type=_Written)
        listed = written.templating["list"]
        variables = (
            _VARIABLES[each["type"]](each) for each in listed if each["type"] in _VARIABLES
        )
        marked = (each for each in written.annotations.list if each.expr)
        about = (written.uid, written.title, written.description)
        return Board(*about, written.panels, tuple(variables), tuple(marked))
    except (MsgspecError, KeyError, TypeError) as wrong:
        why = f"no {wrong}" if isinstance(wrong, KeyError) else str(wrong)
        raise PreviewError(f"{name}: not a board's JSON: {why}; write it again") from wrong


def _query_variable(written: Options) -> Variable:
    inside = written["definition"].removeprefix("label_values(").removesuffix(")")
    selector, _, label = inside.rpartition(", ")
    title = written.get("label") or written["name"]
    everything, one = written.get("allValue", ".+"), not written.get("includeAll", False)
    return Variable(written["name"], title, selector, label, everything, one)


def _text_variable(written: Options) -> Variable:
    return Variable(written["name"], written.get("label") or written["name"])


_VARIABLES = {"query": _query_variable, "textbox": _text_variable}
