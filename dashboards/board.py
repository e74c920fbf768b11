"""A board: one page that answers one question, as a plain value."""

from dataclasses import dataclass, replace

from dashboards.annotations import ANNOTATIONS, Annotation
from dashboards.expressions import clients, proxies, tools
from dashboards.layout import Row
from dashboards.panels import Panel
from dashboards.promql.expression import Expr
from dashboards.promql.scope import SELECTED, selected
from dashboards.promql.series import any_of

TAG = "mcp"
"""On every board of the default variant; the boards' menu of links lists what carries it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of the viewer: the values of one label among the series that `among` selects.

    Its name is permanent, since links set it; `of` is the label where its name differs. With `one`,
    a single value is selected, the first unless a link says which; otherwise several or all.
    """

    name: str
    label: str
    among: Expr
    of: str = ""
    one: bool = False
    everything: str = ".+"
    """What All stands for, a regular expression."""

    @property
    def query(self) -> str:
        """In the language of Grafana's Prometheus data source."""
        return f"label_values({self.among}, {self.of or self.name})"

    @property
    def promql(self) -> str:
        """The same question in PromQL."""
        return f"group by ({self.of or self.name}) ({self.among})"


CLUSTER = Variable("cluster", "Cluster", any_of(*proxies.REPORTING), everything=".*")
"""On boards of several clusters. All includes what has none, such as series of the store itself."""
NAMESPACE = Variable("namespace", "Namespace", any_of(*proxies.REPORTING), everything=".*")
"""All includes proxies without a namespace: those that a plain configuration scrapes."""
SERVER = Variable("server", "Server", any_of(*proxies.REPORTING, where=(selected("namespace"),)))
ONE_SERVER = replace(SERVER, one=True)
TOOL = Variable("tool", "Tool", tools.CALLS.select(SELECTED))
CLIENT = Variable("client", "Client", clients.CALLS.select(SELECTED))


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. `uid` is its permanent address: `/d/<uid>`.

    Its first row's title is the question that it answers. `traces` says whether it queries Jaeger,
    which needs variables of its own: the data source, tags to search by, and a trace's id. `logs`
    is the type of the data source of its log lines, "" if it has none.
    """

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = (NAMESPACE, SERVER)
    traces: bool = False
    logs: str = ""
    tag: str = TAG
    annotations: tuple[Annotation, ...] = ANNOTATIONS

    @property
    def question(self) -> str:
        """What the board answers."""
        return self.rows[0].title

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels that query Prometheus, in reading order."""
        every = (each for row in self.rows for each in row.panels)
        return tuple(each for each in every if isinstance(each, Panel))
