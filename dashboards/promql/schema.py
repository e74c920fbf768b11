"""Label schemas: under which names and labels series are found where other labels are in use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dashboards.promql.scope import Match

Labels = Mapping[str, str]
"""Labels of the series contract -> their names in a schema, of those that some series carry."""


class Source(StrEnum):
    """What must run for a series to exist."""

    PROXY = "proxy"
    """An instrumented proxy with traffic, through any ingestion path."""
    PROMETHEUS = "prometheus"
    """Prometheus, scraping itself."""
    COLLECTOR = "collector"
    """The collector's own telemetry, scraped; it carries traces."""
    COLLECTOR_METRICS = "collector-metrics"
    """As COLLECTOR, with a pipeline for metrics."""
    COLLECTOR_LOGS = "collector-logs"
    """As COLLECTOR, with a pipeline for logs."""
    REMOTE_WRITE = "remote-write"
    """A client of Prometheus' remote write."""
    SCRAPE_PROXY = "scrape-proxy"
    """Prometheus scrapes the proxies themselves."""
    LOAD_GENERATOR = "load-generator"
    """A load test by `lab.load`."""
    FAULT_INJECTION = "fault-injection"
    """A fault by `lab.fault`."""
    KUBELET = "kubelet"
    """A cluster: its kubelets, read by cAdvisor or kubeletstats, and kube-state-metrics."""


_IMPLIED = {
    Source.KUBELET: {Source.PROXY, Source.PROMETHEUS},
    Source.SCRAPE_PROXY: {Source.PROXY},
    Source.PROXY: {Source.PROMETHEUS},
}
"""Sources that exist wherever the first does: queries about pods also read proxies' series."""


def needed(sources: frozenset[Source]) -> Source:
    """The one of the sources that implies all others. Raises ValueError if there is none."""
    (only,) = sources - frozenset().union(*(_IMPLIED.get(each, ()) for each in sources))
    return only


@dataclass(frozen=True, slots=True)
class EmbeddedLabel:
    """A label's value is part of the value of `label`: `pattern` has {} in its place."""

    label: str
    pattern: str

    @property
    def capturing(self) -> str:
        """A regular expression whose first group is the embedded value."""
        return self.pattern.format("(.+)")

    def match(self, embedded: Match) -> Match:
        """The matcher on `label` for a matcher on the embedded value, one with a pattern."""
        return Match(self.label, embedded.operator, self.pattern.format(f"({embedded.value})"))


@dataclass(frozen=True, slots=True)
class SeriesMapping:
    """A series of the contract as it is found in a schema.

    Labels that are not in `labels` are missing. `where` narrows a series that holds more than the
    contract's. `server` is set where the series have no label `server` of their own.
    """

    name: str
    labels: Labels
    where: tuple[Match, ...] = ()
    server: EmbeddedLabel | None = None


IDENTIFYING = frozenset(("namespace", "server", "pod", "job", "exporter", "receiver"))
"""Labels whose values are unique within a cluster only."""


@dataclass(frozen=True, slots=True)
class ClusterLabel:
    """The label by which one store distinguishes the series of several clusters.

    Rules keep clusters apart, whatever they add up. Queries of boards are about the `selected`
    ones: they keep apart only what has the same name in several.
    """

    name: str
    selected: bool = False

    def separates(self, by: Iterable[str]) -> bool:
        """Whether an aggregation by these labels must be by cluster too."""
        return not self.selected or not IDENTIFYING.isdisjoint(by)


@dataclass(frozen=True, eq=False)
class LabelSchema:
    """The series that exist, by their names in the contract.

    Series of `sources` that are not in `series` exist as in the contract; so do recorded series
    with `recordings`. `namespace` is the label that stands for the contract's `namespace`.
    `matches` replaces matchers on the names of alerts and rules. With `cluster` every series
    carries that label too.
    """

    namespace: str
    series: Mapping[str, SeriesMapping]
    sources: frozenset[Source]
    recordings: bool = False
    matches: Mapping[Match, Match] = field(default_factory=dict)
    cluster: ClusterLabel | None = None

    def with_series(self, name: str, mapping: SeriesMapping) -> "LabelSchema":
        """The schema with one more series."""
        return replace(self, series={**self.series, name: mapping})


CONTRACT = LabelSchema("namespace", {}, frozenset(Source), recordings=True)
"""Every series and label as in the series contract."""
