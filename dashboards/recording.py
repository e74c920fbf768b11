"""A recording rule: a series that Prometheus computes from others."""

from dataclasses import dataclass

from dashboards.series import Series, Source
from dashboards.signal import EACH_SERVER


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
    expr: str
    labels: tuple[str, ...] = EACH_SERVER
    needs: Source = Source.PROXY
    group: Group = INDICATORS

    @property
    def series(self) -> Series:
        """The recorded series, to query it."""
        return Series(self.record, frozenset(self.labels), self.needs)


SPANS = {"6h": (6, "1h"), "1d": (4, "6h"), "3d": (3, "1d"), "30d": (10, "3d")}
"""Long window -> how many windows of which length, side by side, it is made of."""

_HOURS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}


def combine_windows(record: str, window: str, labels: tuple[str, ...] = EACH_SERVER) -> str:
    """The mean rate over a long window, of the rates over its parts; `record` lacks the window.

    A part that is missing counts as nothing, so a server of an hour's age has no made-up month;
    an hour without Prometheus at a seam costs nothing.
    """
    number, part = SPANS[window]
    older = (
        f"label_replace(last_over_time({record}{part}[1h] offset {_HOURS[part] * each}h),"
        f' "part", "{each}", "", "")'
        for each in range(1, number)
    )
    parts = " or ".join((f"{record}{part}", *older))
    return f"sum by ({', '.join(labels)}) ({parts}) / {number}"
