"""A signal: one question about the servers, with its answer in PromQL."""

from dataclasses import dataclass

from dashboards.limits import Limit
from dashboards.links import Link
from dashboards.promql.expression import Expr
from dashboards.promql.schema import Source, needed

ValueMappings = tuple[tuple[int, str], ...]
"""Texts to show instead of these values."""

NO_VALUE = {
    Source.KUBELET: "only on a cluster",
    Source.SCRAPE_PROXY: "the proxies are not scraped",
    Source.COLLECTOR_METRICS: "no metrics pass through the collector",
    Source.COLLECTOR_LOGS: "no logs pass through the collector",
    Source.REMOTE_WRITE: "remote write is not used",
    Source.LOAD_GENERATOR: "no load test by make load",
}
"""Why there may be nothing to show though all is well, by the source that is missing."""

SERVER_LEGEND = "{namespace}/{server}"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of a signal.

    `name` is its legend, where `{label}` stands for a label's value; in a table it is the column's
    heading, and `unit`, `limit` and `value_mappings` are that column's own.
    """

    expr: Expr
    name: str
    unit: str | None = None
    limit: Limit | None = None
    value_mappings: ValueMappings = ()
    integer: bool = False
    """Whether a column counts: increase() estimates fractions of what comes in whole numbers."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a panel shows, and what a bad value of it means.

    `description` may contain `{name}` for a text that differs between variants. `unit` is a unit id
    of Grafana. `no_value_text` is shown when having no data is a proper answer.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    limit: Limit | None = None
    no_value_text: str = ""
    value_mappings: ValueMappings = ()
    keys: tuple[str, ...] = ()
    """The labels that identify the rows of a table, in the order of the columns."""
    links: tuple[Link, ...] = ()
    negative: bool = False
    """Whether values may be below 0, where the axis of a graph otherwise begins."""
    exemplars: bool = False
    """Whether single traces are shown among the numbers: where histograms keep them."""
    fallback: "Signal | None" = None
    """What to show where a variant lacks the series."""

    @property
    def needs(self) -> Source:
        """What must run for the panel to have data."""
        return needed(frozenset().union(*(q.expr.in_contract().sources for q in self.queries)))

    @property
    def no_value(self) -> str:
        """What the panel shows where there is no data."""
        return self.no_value_text or NO_VALUE.get(self.needs, "no data")

    @property
    def help(self) -> str:
        """The description, with the reasons for the limits."""
        limits = (self.limit, *(each.limit for each in self.queries))
        reasons = dict.fromkeys(each.reason for each in limits if each)
        return " ".join((self.description, *reasons))
