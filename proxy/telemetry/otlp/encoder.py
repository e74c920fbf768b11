"""The requests of OTLP, encoded: spans and log records, and the ledger as cumulative metrics."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .. import process, protobuf
from ..catalogue import SCOPE, SEMCONV_SCHEMA, VERSION, Instrument
from ..ledger import Distribution, Exemplar, Ledger
from ..projection import Family, Point, families

_CUMULATIVE = 2
"""AggregationTemporality."""

_GAUGE, _SUM, _HISTOGRAM = 5, 7, 9
"""Fields of Metric that hold its points."""

_NUMBER_ATTRIBUTES, _HISTOGRAM_ATTRIBUTES = 7, 9
"""Fields of the two kinds of points."""

# The same few labels come again with every push.
_label = lru_cache(maxsize=8192)(protobuf.attribute)

_NANO = 1_000_000_000


class Envelope:
    """What every request says of its sender: the resource, and the instrumentation scope."""

    def __init__(self, resource: Mapping[str, str]) -> None:
        self._resource = protobuf.message(1, protobuf.attributes(1, resource.items()))
        self._scope = protobuf.message(1, protobuf.text(1, SCOPE) + protobuf.text(2, VERSION))
        self._schema = protobuf.text(3, SEMCONV_SCHEMA)

    def traces(self, spans: Iterable[bytes]) -> bytes:
        """An ExportTraceServiceRequest; `spans` are fields of ScopeSpans."""
        return self._request(spans)

    def logs(self, records: Iterable[bytes]) -> bytes:
        """An ExportLogsServiceRequest; `records` are fields of ScopeLogs."""
        return self._request(records)

    def metrics(self, ledger: Ledger) -> bytes:
        """An ExportMetricsServiceRequest: all of the ledger now.

        May run in another thread than the event loop's.
        """
        period = _Period(ledger.start_unix_nanoseconds, time.time_ns())
        shown = (each for each in families(ledger, process.read()) if each.points)
        return self._request(protobuf.message(2, period.metric(each)) for each in shown)

    def _request(self, items: Iterable[bytes]) -> bytes:
        # Resource and scope have the same fields for all signals.
        scoped = protobuf.joined(2, self._scope, *items, self._schema)
        return protobuf.joined(1, self._resource, scoped)


def resource(attributes: Mapping[str, str]) -> dict[str, str]:
    """The resource of all that is pushed: the settings' attributes and who wrote this down."""
    identity = {
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": SCOPE,
        "telemetry.sdk.version": VERSION,
    }
    return {**identity, **attributes}


@dataclass(frozen=True, slots=True)
class _Period:
    """The time that cumulative values cover, in nanoseconds since the epoch."""

    start: int
    now: int

    def metric(self, family: Family) -> bytes:
        """A Metric."""
        metric = family.metric
        named = protobuf.text(1, metric.name) + protobuf.text(2, metric.brief)
        return named + protobuf.text(3, metric.unit) + self._data(family)

    def _data(self, family: Family) -> bytes:
        instrument = family.metric.instrument
        times = protobuf.fixed64(2, self.start) + protobuf.fixed64(3, self.now)
        cumulative = protobuf.number(2, _CUMULATIVE)
        if instrument is Instrument.HISTOGRAM:
            points = [_histogram(point, times) for point in family.points]
            return protobuf.message(_HISTOGRAM, b"".join(points) + cumulative)
        points = [_number(point, times) for point in family.points]
        if instrument is Instrument.GAUGE:
            return protobuf.message(_GAUGE, b"".join(points))
        monotonic = protobuf.number(3, int(instrument is Instrument.COUNTER))
        return protobuf.message(_SUM, b"".join(points) + cumulative + monotonic)


def _number(point: Point, times: bytes) -> bytes:
    """A NumberDataPoint in its field."""
    assert not isinstance(point.value, Distribution)
    value = protobuf.double(4, point.value)
    return protobuf.message(1, times + value + _labels(_NUMBER_ATTRIBUTES, point))


def _histogram(point: Point, times: bytes) -> bytes:
    """A HistogramDataPoint in its field."""
    value = point.value
    assert isinstance(value, Distribution)
    counts = tuple(value.counts)
    content = (
        times,
        protobuf.fixed64(4, sum(counts)),
        protobuf.double(5, value.total),
        protobuf.packed_fixed64(6, counts),
        protobuf.packed_double(7, value.bounds),
        *(_exemplar(each) for each in tuple(value.exemplars.values())),
        _labels(_HISTOGRAM_ATTRIBUTES, point),
    )
    return protobuf.message(1, b"".join(content))


def _labels(field: int, point: Point) -> bytes:
    return b"".join([_label(field, *each) for each in point.attributes.items()])


def _exemplar(exemplar: Exemplar) -> bytes:
    content = (
        protobuf.fixed64(2, round(exemplar.unix_seconds * _NANO)),
        protobuf.double(3, exemplar.value),
        protobuf.message(4, exemplar.span_id.to_bytes(8)),
        protobuf.message(5, exemplar.trace_id.to_bytes(16)),
    )
    return protobuf.message(8, b"".join(content))
