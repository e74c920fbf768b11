"""Ledger -> the text of `/metrics`, in Prometheus' text format and in OpenMetrics.

Written here because a client library's encoder spends 95 ms on 200 tools, in which it holds up
calls though it runs in a thread; tests read what is written with that library's parsers.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from proxy.telemetry import process
from proxy.telemetry.catalogue import Instrument, prometheus_label
from proxy.telemetry.ledger import Distribution, Exemplar, Ledger
from proxy.telemetry.projection import Family, Point, families

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_TYPES = {
    Instrument.COUNTER: "counter",
    Instrument.UP_DOWN_COUNTER: "gauge",
    Instrument.GAUGE: "gauge",
    Instrument.HISTOGRAM: "histogram",
}

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def render(ledger: Ledger, accept: str) -> tuple[bytes, str]:
    """The body of `/metrics` and its content type, as the `Accept` header asks.

    OpenMetrics with exemplars for who accepts it, else the plain text format. May run in
    another thread than the event loop's.
    """
    asked = OPENMETRICS.partition(";")[0] in accept
    text = "".join(_lines(ledger, openmetrics=asked))
    return text.encode(), OPENMETRICS if asked else PLAIN


def _lines(ledger: Ledger, *, openmetrics: bool) -> Iterator[str]:
    for family in families(ledger, process.read()):
        metric = family.metric
        # OpenMetrics names a counter's family without the `_total` of its samples.
        name = metric.family if openmetrics else metric.series
        yield f"# HELP {name} {metric.brief}\n"
        yield f"# TYPE {name} {_TYPES[metric.instrument]}\n"
        yield from _samples(family, exemplars=openmetrics)
    if openmetrics:
        yield "# EOF\n"


def _samples(family: Family, *, exemplars: bool) -> Iterator[str]:
    name = family.metric.series
    for point in family.points:
        labels = ",".join([_label(*each) for each in point.attributes.items()])
        if isinstance(point.value, Distribution):
            yield from _histogram(name, labels, point.value, exemplars=exemplars)
        else:
            yield f"{name}{{{labels}}} {_number(point)}\n"


def _number(point: Point) -> str:
    assert not isinstance(point.value, Distribution)
    return repr(float(point.value))


def _histogram(name: str, labels: str, value: Distribution, *, exemplars: bool) -> Iterator[str]:
    kept = dict(value.exemplars) if exemplars else {}
    running = tuple(accumulate(value.counts))
    start = f'{name}_bucket{{{labels},le="'
    for bucket, (bound, count) in enumerate(zip(_spelled(value.bounds), running, strict=True)):
        exemplar = kept.get(bucket)
        yield f'{start}{bound}"}} {count}.0{"" if exemplar is None else _exemplar(exemplar)}\n'
    yield f"{name}_count{{{labels}}} {running[-1]}.0\n{name}_sum{{{labels}}} {value.total!r}\n"


# The same few labels come again with every scrape.
@lru_cache(maxsize=8192)
def _label(attribute: str, value: str) -> str:
    return f'{prometheus_label(attribute)}="{value.translate(_ESCAPED)}"'


@lru_cache(maxsize=64)
def _spelled(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Upper bounds as Go writes numbers, which is how they stand in the label `le`."""
    return (*(_spell(float(bound)) for bound in bounds), "+Inf")


def _spell(bound: float) -> str:
    text = repr(bound)
    whole = text.partition(".")[0]
    if len(whole) <= 6:
        return text
    mantissa = f"{whole[0]}.{whole[1:]}".rstrip("0").rstrip(".")
    return f"{mantissa}e+{len(whole) - 1:02}"


def _exemplar(exemplar: Exemplar) -> str:
    trace_id, span_id = f"{exemplar.trace_id:032x}", f"{exemplar.span_id:016x}"
    ids = f'{{span_id="{span_id}",trace_id="{trace_id}"}}'
    return f" # {ids} {exemplar.value!r} {exemplar.unix_seconds!r}"
