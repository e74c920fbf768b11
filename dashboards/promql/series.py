"""Series with the labels they carry, and the selectors that PromQL begins with."""

from dataclasses import dataclass, replace

from dashboards.promql.expression import Aggregation, Call, Expr, Number, Rendered
from dashboards.promql.schema import EmbeddedLabel, Labels, LabelSchema, SeriesMapping, Source
from dashboards.promql.scope import (
    CLUSTER,
    SELECTED_CLUSTER,
    Match,
    Scope,
    like,
    ne,
    quoted,
    variable,
)
from proxy.telemetry.catalogue import CONTRACT_LABELS, Instrument, Metric

By = tuple[str, ...]


class UnknownLabel(ValueError):
    """A query uses a label that its series do not carry."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series name with the labels its samples carry.

    With `pattern`, `name` is a regular expression for the names that one series has in different
    versions of its emitter; two of them never exist at once. `recorded` series are written by
    rules.
    """

    name: str
    labels: frozenset[str]
    source: Source
    pattern: bool = False
    recorded: bool = False

    def select(self, scope: Scope, *where: Match) -> "Selector":
        """The instant selector within the scope."""
        matches = (*scope.matches, *where)
        self._require_known(tuple(match.label for match in matches))
        return Selector((self,), matches)

    def rate(self, scope: Scope, *where: Match, by: By = ()) -> Expr:
        """Increase per second over the scope's window, summed."""
        return self._aggregate("sum", self.select(scope, *where).over("rate", scope.window), by)

    def increase(self, scope: Scope, *where: Match, by: By = ()) -> Expr:
        """Increase over the scope's window, summed."""
        vector = self.select(scope, *where).over("increase", scope.window)
        return self._aggregate("sum", vector, by)

    def now(self, scope: Scope, *where: Match, by: By = (), operator: str = "sum") -> Expr:
        """The present values, aggregated by `operator`."""
        return self._aggregate(operator, self.select(scope, *where), by)

    def quantile(self, q: float, scope: Scope, *where: Match, by: By = ()) -> Expr:
        """The q-quantile of observations within the scope's window; for buckets only."""
        return quantile(q, self.rate(scope, *where, by=("le", *by)))

    def _aggregate(self, operator: str, vector: Expr, by: By) -> Expr:
        self._require_known(by)
        return Aggregation(operator, vector, by)

    def _require_known(self, labels: By) -> None:
        unknown = sorted(set(labels) - self.labels)
        if unknown:
            known = ", ".join(sorted(self.labels))
            raise UnknownLabel(f'series "{self.name}" has no label "{unknown[0]}"; it has {known}')

    def mapping(self, schema: LabelSchema) -> SeriesMapping | None:
        """How the series is found in the schema; None if it is not there."""
        if self.name in schema.series:
            found = schema.series[self.name]
        elif schema.recordings if self.recorded else self.source in schema.sources:
            found = SeriesMapping(self.name, {each: each for each in self.labels})
        else:
            return None
        if schema.cluster is None or self.recorded:
            return found
        return replace(found, labels={**found.labels, CLUSTER: schema.cluster.name})


def quantile(q: float, buckets: Expr) -> Expr:
    """The q-quantile of cumulative buckets by `le`; absent, never NaN, where nothing happened."""
    return Call("histogram_quantile", (Number(q), buckets), without=("le",)) >= 0


_SERVER_KNOWN = ne("server", "")


@dataclass(frozen=True, slots=True)
class Selector(Expr):
    """An instant selector of one series, or of any of several by their common labels.

    `offset` and `at` say when it looks, if not at the moment of evaluation.
    """

    series: tuple[Series, ...]
    matches: tuple[Match, ...] = ()
    offset: str = ""
    at: str = ""

    def ago(self, offset: str) -> "Selector":
        """The same selector, that long ago."""
        return replace(self, offset=offset)

    def over(self, function: str, window: str) -> "Range":
        """A function of the samples within a window: rate, max_over_time, changes ..."""
        return Range(function, self, window)

    def render(self, schema: LabelSchema) -> Rendered | None:
        found = self.find(schema)
        return found.rendered(f"{found.text}{self.modifiers}") if found else None

    @property
    def modifiers(self) -> str:
        """`@` and `offset`, where they are given."""
        at = f" @ {self.at}" if self.at else ""
        return f"{at} offset {self.offset}" if self.offset else at

    def find(self, schema: LabelSchema) -> "Found | None":
        """The selector in the schema, without its modifiers; None where it selects nothing."""
        there = [(each, mapping) for each in self.series if (mapping := each.mapping(schema))]
        if not there:
            return None
        name, mapping = _named([(each.pattern, mapping) for each, mapping in there])
        matches = _translated(mapping, self.matches, schema)
        if matches is None:
            return None
        inside = ", ".join(map(str, (*name, *matches, *mapping.where)))
        text = ("" if name else mapping.name) + (f"{{{inside}}}" if inside else "")
        labels = {**mapping.labels, "server": "server"} if mapping.server else mapping.labels
        return Found(text, labels, mapping.server, frozenset(each.source for each, _ in there))


@dataclass(frozen=True, slots=True)
class Found:
    """A selector in a schema; `server` as in its mapping."""

    text: str
    labels: Labels
    server: EmbeddedLabel | None
    sources: frozenset[Source]

    def rendered(self, text: str) -> Rendered:
        """An expression of the selected series, with a label `server` if they have none."""
        if self.server:
            given = ("server", "$1", self.server.label, self.server.capturing)
            text = f"label_replace({text}, {', '.join(map(quoted, given))})"
        return Rendered(text, self.labels, self.sources)


@dataclass(frozen=True, slots=True)
class Range(Expr):
    """A function of a selector's samples within a window."""

    function: str
    selector: Selector
    window: str

    def render(self, schema: LabelSchema) -> Rendered | None:
        found = self.selector.find(schema)
        if found is None:
            return None
        samples = f"{found.text}[{self.window}]{self.selector.modifiers}"
        return found.rendered(f"{self.function}({samples})")


def any_of(*series: Series, where: tuple[Match, ...] = ()) -> Selector:
    """The selector of any of several series, which need not all exist."""
    return Selector(series, where)


def _named(there: list[tuple[bool, SeriesMapping]]) -> tuple[tuple[Match, ...], SeriesMapping]:
    """The matcher on the name, if it takes one, and what the series have in common."""
    mappings = [mapping for _, mapping in there]
    first = mappings[0]
    if len(there) == 1 and not there[0][0]:
        return (), first
    names = "|".join(dict.fromkeys(each.name for each in mappings))
    common = set.intersection(*(set(each.labels) for each in mappings))
    labels = {**{each: first.labels[each] for each in common}, "__name__": "__name__"}
    return (like("__name__", names),), SeriesMapping(names, labels)


def _translated(
    mapping: SeriesMapping, matches: tuple[Match, ...], schema: LabelSchema
) -> list[Match] | None:
    """The matchers on the mapping's labels; None if one is on a label that is missing."""
    chosen = schema.cluster is not None and schema.cluster.selected
    translated = [SELECTED_CLUSTER.on(mapping.labels[CLUSTER])] if chosen else []
    for each in matches:
        if mapping.server and each == _SERVER_KNOWN:
            continue
        match = _match(mapping, each, schema)
        if match is None:
            return None
        translated.append(match)
    return translated


def _match(mapping: SeriesMapping, match: Match, schema: LabelSchema) -> Match | None:
    if match.label == "server" and mapping.server:
        return mapping.server.match(match)
    label = mapping.labels.get(match.label)
    # The board's variable has values of the schema's label: no other emitter knows them.
    if label is None or (match.value == variable("namespace") and label != schema.namespace):
        return None
    return schema.matches.get(match, match).on(label)


def of(metric: Metric) -> Series:
    """The series of a counter or gauge of the catalogue."""
    if metric.instrument is Instrument.HISTOGRAM:
        raise ValueError(f'"{metric.name}" is a histogram; use buckets, count or total')
    return Series(metric.series, _labels(metric), Source.PROXY)


def buckets(metric: Metric) -> Series:
    """The cumulative buckets of a histogram of the catalogue, by `le`."""
    return Series(f"{_histogram(metric)}_bucket", _labels(metric) | {"le"}, Source.PROXY)


def count(metric: Metric) -> Series:
    """How many observations a histogram of the catalogue holds."""
    return Series(f"{_histogram(metric)}_count", _labels(metric), Source.PROXY)


def total(metric: Metric) -> Series:
    """The sum of a histogram's observations, in the metric's unit."""
    return Series(f"{_histogram(metric)}_sum", _labels(metric), Source.PROXY)


def at_most(metric: Metric, bound: float) -> Match:
    """The bucket of the metric up to `bound`, in both notations of a whole number.

    Prometheus 3 writes `1.0` for the `le="1"` that it scrapes; by remote write it stays `1`.
    """
    if bound not in metric.buckets:
        known = ", ".join(f"{each:g}" for each in metric.buckets)
        raise ValueError(f'"{metric.name}" has no bucket up to {bound:g}; it has {known}')
    return like("le", rf"{bound:g}(\.0)?")


def _histogram(metric: Metric) -> str:
    if metric.instrument is not Instrument.HISTOGRAM:
        raise ValueError(f'"{metric.name}" is a {metric.instrument}, not a histogram')
    return metric.family


def _labels(metric: Metric) -> frozenset[str]:
    return frozenset(CONTRACT_LABELS) | frozenset(metric.labels)
