"""Ledger -> prometheus-client custom collector -> the text of `/metrics`."""

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import Metric as MetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from . import ledger as ledgers
from . import process
from .catalogue import Instrument, Metric, prometheus_label
from .ledger import Distribution, Ledger
from .projection import Family, families

_TYPES = {
    Instrument.COUNTER: "counter",
    Instrument.UP_DOWN_COUNTER: "gauge",
    Instrument.GAUGE: "gauge",
    Instrument.HISTOGRAM: "histogram",
}


class LedgerCollector(Collector):
    """Ledgers as a prometheus-client collector: reads them again at each scrape."""

    def __init__(self, *ledgers: Ledger) -> None:
        self._ledgers = ledgers

    def collect(self) -> Iterator[MetricFamily]:
        """Each family of the catalogue with its samples, of all ledgers together."""
        use = process.read()
        exposed: dict[Metric, MetricFamily] = {}
        for ledger in self._ledgers:
            for family in families(ledger, use):
                _expose(family, exposed)
        return iter(exposed.values())


def render(ledger: Ledger, accept: str, *others: Ledger) -> tuple[bytes, str]:
    """The body of `/metrics` and its content type, as the `Accept` header asks.

    `others` are of more servers of the same process.

    OpenMetrics with exemplars for who accepts it, else the plain text format. May run in
    another thread than the event loop's.
    """
    encode, content_type = _encoder(accept)
    return encode(LedgerCollector(ledger, *others)), content_type


def _encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    try:
        return choose_encoder(accept)
    except TypeError:  # prometheus-client compares the parts of a version, and one is not a number.
        return choose_encoder("")


def _expose(family: Family, families: dict[Metric, MetricFamily]) -> None:
    metric = family.metric
    exposed = families.get(metric)
    if exposed is None:
        exposed = MetricFamily(metric.family, metric.brief, _TYPES[metric.instrument])
        families[metric] = exposed
    for point in family.points:
        labels = {prometheus_label(name): value for name, value in point.attributes.items()}
        if isinstance(point.value, Distribution):
            _add_histogram(exposed, labels, point.value)
        else:
            exposed.add_sample(metric.series, labels, point.value)


def _add_histogram(exposed: MetricFamily, labels: dict[str, str], value: Distribution) -> None:
    running = tuple(accumulate(value.counts))
    for bucket, (bound, count) in enumerate(
        zip((*value.bounds, float("inf")), running, strict=True)
    ):
        exemplar = value.exemplars.get(bucket)
        exposed.add_sample(
            f"{exposed.name}_bucket",
            {**labels, "le": _spell(bound)},
            count,
            exemplar=None if exemplar is None else _exemplar(exemplar),
        )
    exposed.add_sample(f"{exposed.name}_count", labels, running[-1])
    exposed.add_sample(f"{exposed.name}_sum", labels, value.total)


def _spell(bound: float) -> str:
    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]  # untyped upstream


def _exemplar(exemplar: ledgers.Exemplar) -> Exemplar:
    ids = {"trace_id": f"{exemplar.trace_id:032x}", "span_id": f"{exemplar.span_id:016x}"}
    return Exemplar(ids, exemplar.value, exemplar.unix_seconds)
