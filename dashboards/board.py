"""A board: one page that answers one question, as a plain value."""

from dataclasses import dataclass, replace

from dashboards.annotations import ANNOTATIONS, Annotation
from dashboards.layout import Row
from dashboards.panels import Panel
from dashboards.promql import Match, like, selector
from dashboards.series import SELECTED
from dashboards.signals import calls, proxies, tools

TAG = "mcp"
"""On every board of the set for all emitters; the boards' menu of links lists what carries it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of the viewer: the values of one label among the series that `among` selects.

    Its name is for ever, since links set it; `of` is the label where that is called otherwise.
    With `one`, a single value is chosen, the first unless a link says which; else several or all.
    """

    name: str
    label: str
    among: str
    of: str = ""
    one: bool = False

    @property
    def query(self) -> str:
        """In the language of Grafana's Prometheus data source."""
        return f"label_values({self.among}, {self.of or self.name})"

    @property
    def promql(self) -> str:
        """The same question in PromQL."""
        return f"group by ({self.of or self.name}) ({self.among})"


def _speaking(*where: Match) -> str:
    """Servers that tell of themselves: ours even when idle, ToolHive's once called."""
    names = f"{proxies.UP.name}|{calls.REQUESTS.name}"
    return selector("", like("__name__", names), *where)


NAMESPACE = Variable("namespace", "Namespace", _speaking())
SERVER = Variable("server", "Server", _speaking(like("namespace", "$namespace")))
ONE_SERVER = replace(SERVER, one=True)
TOOL = Variable("tool", "Tool", tools.CALLS.select(SELECTED))


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. `uid` is its address for ever: `/d/<uid>`.

    Its first row's title is the question that it answers. `traces` says whether it asks Jaeger,
    which takes variables of its own: the data source, tags to search by, and a trace's id.
    """

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = (NAMESPACE, SERVER)
    traces: bool = False
    tag: str = TAG
    annotations: tuple[Annotation, ...] = ANNOTATIONS

    @property
    def question(self) -> str:
        """What the board answers."""
        return self.rows[0].title

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels that ask Prometheus, in reading order."""
        every = (each for row in self.rows for each in row.panels)
        return tuple(each for each in every if isinstance(each, Panel))
