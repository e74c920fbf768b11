"""A signal: one question about the world, with its answer in PromQL."""

from dataclasses import dataclass

from dashboards.limits import Limit
from dashboards.links import Link
from dashboards.series import Source

ValueMappings = tuple[tuple[int, str], ...]
"""Words to show instead of these values."""

NO_VALUE = {
    Source.KUBELET: "only on a cluster",
    Source.SCRAPE_PROXY: "the proxies are not scraped",
    Source.COLLECTOR_METRICS: "no metrics pass the collector",
    Source.REMOTE_WRITE: "nobody writes",
}
"""Why there may be nothing to show though all is well, by what is needed."""

EACH_SERVER = ("namespace", "server")
"""The labels that tell servers apart."""

WHO = "{{namespace}}/{{server}}"
"""The legend of a series by EACH_SERVER."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of a signal.

    `name` is its legend, where `{{label}}` stands for a label's value; in a table it is the
    column's heading, and `unit`, `limit` and `value_mappings` are that column's own.
    """

    expr: str
    name: str
    unit: str | None = None
    limit: Limit | None = None
    value_mappings: ValueMappings = ()
    integer: bool = False
    """Whether a column counts: increase() estimates fractions of what comes in whole numbers."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a panel shows, and what a bad value of it means.

    `unit` is a unit id of Grafana, `needs` says who must run for the answers to have data, and
    `no_value_text` is what the panel reads when silence is a proper answer.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    needs: Source
    limit: Limit | None = None
    no_value_text: str = ""
    value_mappings: ValueMappings = ()
    keys: tuple[str, ...] = ()
    """The labels that tell the rows of a table apart, in the order of the columns."""
    links: tuple[Link, ...] = ()
    negative: bool = False
    """Whether values may be below 0, where a graph else begins."""
    exemplars: bool = False
    """Whether single traces are shown among the numbers: where histograms keep them."""
    fallback: "Signal | None" = None
    """What to ask where an emitter does not tell this."""

    @property
    def no_value(self) -> str:
        """What the panel reads where there is nothing to show."""
        return self.no_value_text or NO_VALUE.get(self.needs, "no data")

    @property
    def help(self) -> str:
        """The description, with the reasons for the limits."""
        limits = (self.limit, *(each.limit for each in self.queries))
        reasons = dict.fromkeys(each.reason for each in limits if each)
        return " ".join((self.description, *reasons))
