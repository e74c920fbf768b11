"""What can be queried: named series, the labels they carry, and who must run for them to exist."""

from dataclasses import dataclass
from enum import StrEnum

from dashboards import promql
from dashboards.promql import Match
from proxy.telemetry.catalogue import CONTRACT_LABELS, Instrument, Metric


class Source(StrEnum):
    """Who must exist for a query to return data."""

    PROXY = "proxy"
    """An instrumented proxy with traffic, by any road; recorded series count as its own."""
    PROMETHEUS = "prometheus"
    """Prometheus scraping itself."""
    COLLECTOR = "collector"
    """The collector's own telemetry, scraped; it carries traces."""
    COLLECTOR_METRICS = "collector-metrics"
    """As COLLECTOR, and it has a pipeline for metrics."""
    REMOTE_WRITE = "remote-write"
    """Somebody writes to Prometheus by remote write."""
    SCRAPE_PROXY = "scrape-proxy"
    """Prometheus scrapes the proxies themselves."""
    KUBELET = "kubelet"
    """A cluster: its kubelets, read by cAdvisor or kubeletstats, and kube-state-metrics."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the world a query is about, and over which window it looks."""

    matches: tuple[Match, ...]
    window: str


EVERYTHING = Scope((), "$__rate_interval")
"""On a board: everything there is."""

SELECTED = Scope(
    (promql.like("namespace", "$namespace"), promql.like("server", "$server")), EVERYTHING.window
)
"""On a board: the MCP series of the namespaces and servers that the viewer chose."""

SELECTED_RANGE = Scope(SELECTED.matches, "$__range")
"""As CHOSEN, over all the time that the board shows."""

SELECTED_TARGETS = Scope((promql.like("job", "($namespace)/($server)"),), EVERYTHING.window)
"""On a board: scrape targets of the chosen servers; `job` is `<namespace>/<server>` by contract."""

RULE = Scope((), "5m")
"""In a rule: everything, over five minutes."""


class UnknownLabel(ValueError):
    """A query uses a label that its series do not carry."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series name with the labels its samples carry.

    With `pattern`, `name` is a regular expression for the spellings that one series has in
    different versions of its emitter; never do two of them exist at once.
    """

    name: str
    labels: frozenset[str]
    source: Source
    pattern: bool = False

    def select(self, scope: Scope, *where: Match) -> str:
        """The instant selector within the scope."""
        matches = (*scope.matches, *where)
        self._refuse_unknown(tuple(match.label for match in matches))
        if self.pattern:
            return promql.selector("", promql.like("__name__", self.name), *matches)
        return promql.selector(self.name, *matches)

    def rate(self, scope: Scope, *where: Match, by: tuple[str, ...] = ()) -> str:
        """Increase per second over the scope's window, summed."""
        vector = promql.rate(self.select(scope, *where), scope.window)
        return self._aggregate("sum", vector, by)

    def increase(self, scope: Scope, *where: Match, by: tuple[str, ...] = ()) -> str:
        """Increase over the scope's window, summed."""
        vector = promql.increase(self.select(scope, *where), scope.window)
        return self._aggregate("sum", vector, by)

    def now(
        self, scope: Scope, *where: Match, by: tuple[str, ...] = (), operator: str = "sum"
    ) -> str:
        """The present values, aggregated by `operator`."""
        return self._aggregate(operator, self.select(scope, *where), by)

    def quantile(self, q: float, scope: Scope, *where: Match, by: tuple[str, ...] = ()) -> str:
        """The q-quantile of observations within the scope's window; for buckets only."""
        return promql.quantile(q, self.rate(scope, *where, by=("le", *by)))

    def _aggregate(self, operator: str, vector: str, by: tuple[str, ...]) -> str:
        self._refuse_unknown(by)
        return promql.aggregate(operator, vector, by)

    def _refuse_unknown(self, labels: tuple[str, ...]) -> None:
        unknown = sorted(set(labels) - self.labels)
        if unknown:
            known = ", ".join(sorted(self.labels))
            raise UnknownLabel(f'series "{self.name}" has no label "{unknown[0]}"; it has {known}')


def of(metric: Metric) -> Series:
    """The series of a counter or gauge of the catalogue."""
    if metric.instrument is Instrument.HISTOGRAM:
        raise ValueError(f'"{metric.name}" is a histogram; ask for buckets, count or total')
    return Series(metric.series, _labels(metric), Source.PROXY)


def buckets(metric: Metric) -> Series:
    """The cumulative buckets of a histogram of the catalogue, by `le`."""
    return Series(f"{_histogram(metric)}_bucket", _labels(metric) | {"le"}, Source.PROXY)


def count(metric: Metric) -> Series:
    """How many observations a histogram of the catalogue holds."""
    return Series(f"{_histogram(metric)}_count", _labels(metric), Source.PROXY)


def at_most(metric: Metric, bound: float) -> Match:
    """The bucket of the metric up to `bound`, whole numbers in either spelling.

    Prometheus 3 writes `1.0` for the `le="1"` that it scrapes; by remote write it stays `1`.
    """
    if bound not in metric.buckets:
        known = ", ".join(f"{each:g}" for each in metric.buckets)
        raise ValueError(f'"{metric.name}" has no bucket up to {bound:g}; it has {known}')
    return promql.like("le", rf"{bound:g}(\.0)?")


def total(metric: Metric) -> Series:
    """The sum of a histogram's observations, in the metric's unit."""
    return Series(f"{_histogram(metric)}_sum", _labels(metric), Source.PROXY)


def _histogram(metric: Metric) -> str:
    if metric.instrument is not Instrument.HISTOGRAM:
        raise ValueError(f'"{metric.name}" is a {metric.instrument}, not a histogram')
    return metric.family


def _labels(metric: Metric) -> frozenset[str]:
    return frozenset(CONTRACT_LABELS) | frozenset(metric.labels)
