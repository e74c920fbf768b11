"""A recording rule: a series that Prometheus computes from others."""

from dataclasses import dataclass

from dashboards.promql.expression import Expr, Replace
from dashboards.promql.functions import aggregate
from dashboards.promql.scope import EACH_SERVER, RULE
from dashboards.promql.series import Selector, Series


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings that are computed together, one after the other, every `interval`.

    Shorter than the five minutes that Prometheus looks back, or there would be gaps.
    """

    name: str
    interval: str


INDICATORS = Group("indicators", "1m")
"""A few series of each server."""
DETAILS = Group("details", "3m")
"""A series of each tool or family: of thousands, each sample counts where a board shows days."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus computes from others at every evaluation of its group.

    `record` follows `level:metric:operation`; the level `mcp` is one server of one namespace.
    """

    record: str
    expr: Expr
    group: Group = INDICATORS

    @property
    def series(self) -> Series:
        """The recorded series, to query it."""
        labels = frozenset(self.expr.in_contract().labels.values())
        return Series(self.record, labels, self.expr.needs, recorded=True)

    @property
    def value(self) -> Selector:
        """All of the recorded series."""
        return self.series.select(RULE)


PARTS = {"6h": (6, "1h"), "1d": (4, "6h"), "3d": (3, "1d"), "30d": (10, "3d")}
"""Long window -> how many windows of which length, side by side, it is made of."""

_HOURS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}


def combine_windows(part: Recording, window: str, labels: tuple[str, ...] = EACH_SERVER) -> Expr:
    """The mean rate over a long window, of the recorded rates over its parts.

    A part that is missing counts as 0, so that a server of an hour's age gets no invented month; an
    hour without Prometheus at the end of a part costs nothing.
    """
    number, length = PARTS[window]
    parts: Expr = part.value
    for each in range(1, number):
        ago = part.value.ago(f"{_HOURS[length] * each}h").over("last_over_time", "1h")
        parts = parts | Replace(ago, "part", f"{each}", "", "")
    return aggregate("sum", parts, labels) / number
