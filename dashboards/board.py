"""A board: one page that answers one question, as a plain value."""

from dataclasses import dataclass

from dashboards.layout import Row
from dashboards.panels import Panel
from dashboards.promql import Match, like, selector
from dashboards.signals import calls, proxies

TAG = "mcp"
"""On every board; the boards' menu of links lists what carries it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice of the viewer: the values of one label among the series that `among` selects."""

    name: str
    label: str
    among: str

    @property
    def query(self) -> str:
        """In the language of Grafana's Prometheus data source."""
        return f"label_values({self.among}, {self.name})"

    @property
    def promql(self) -> str:
        """The same question in PromQL."""
        return f"group by ({self.name}) ({self.among})"


def _speaking(*where: Match) -> str:
    """Servers that tell of themselves: ours even when idle, ToolHive's once called."""
    names = f"{proxies.UP.name}|{calls.REQUESTS.name}"
    return selector("", like("__name__", names), *where)


NAMESPACE = Variable("namespace", "Namespace", _speaking())
SERVER = Variable("server", "Server", _speaking(like("namespace", "$namespace")))


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. `uid` is its address for ever: `/d/<uid>`."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = (NAMESPACE, SERVER)

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels in reading order."""
        return tuple(panel for row in self.rows for panel in row.panels)
