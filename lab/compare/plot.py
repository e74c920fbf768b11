"""The result as one HTML page of charts, which needs no network. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isnan

from lab.compare.hops import SIGNAL_HOPS, Hop
from lab.compare.result import UNDISTURBED, Comparison, Measurement
from lab.load.plot import Figure, layout, line, page
from lab.verify.result import MIB


def html(comparison: Comparison, text: str) -> str:
    """The page; `text` is shown above the charts."""
    figures = {
        "waits": _waits(comparison),
        "gaps": _by_outage(comparison, "Longest time without a sample", "s", lambda m: m.gap),
        "wrong": _by_outage(
            comparison, "Increments lost or doubled", "calls", lambda m: m.lost + m.doubled
        ),
        "spans": _by_outage(comparison, "Spans lost", "spans", lambda m: m.spans_lost),
        "cpu": _by_part(comparison, "CPU per call", "µs", _cpu),
        "memory": _by_part(comparison, "Most memory", "MiB", _memory),
        "bytes": _by_hop(comparison),
        **{f"behind-{each}": _behind(comparison, each) for each in comparison.outages},
    }
    return page("The four architectures", text, figures)


def _waits(comparison: Comparison) -> Figure:
    found = _of(comparison, UNDISTURBED)
    return _bars(
        "From a call to its increment and its trace",
        "s",
        {
            "metrics, p50": {each.architecture: each.metric.p50 for each in found},
            "metrics, p99": {each.architecture: each.metric.p99 for each in found},
            "traces, p50": {each.architecture: each.trace.p50 for each in found},
            "traces, p99": {each.architecture: each.trace.p99 for each in found},
        },
    )


def _by_outage(
    comparison: Comparison, title: str, unit: str, value: Callable[[Measurement], float]
) -> Figure:
    """A group of bars for each outage."""
    groups = {
        name: {
            outage: value(each)
            for outage in comparison.outages
            if (each := comparison.of(name, outage))
        }
        for name in comparison.architectures
    }
    return _bars(title, unit, groups)


def _by_part(
    comparison: Comparison,
    title: str,
    unit: str,
    values: Callable[[Measurement], Mapping[str, float]],
) -> Figure:
    """A bar for each architecture, of its parts, without an outage."""
    groups: dict[str, dict[str, float]] = {}
    for each in _of(comparison, UNDISTURBED):
        for part, value in values(each).items():
            groups.setdefault(part, {})[each.architecture] = value
    return _bars(title, unit, groups, stacked=True)


def _cpu(measured: Measurement) -> Mapping[str, float]:
    return {name: each / measured.calls * 1e6 for name, each in measured.cpu_seconds.items()}


def _memory(measured: Measurement) -> Mapping[str, float]:
    return {name: each / MIB for name, each in measured.peak_bytes.items()}


def _by_hop(comparison: Comparison) -> Figure:
    def values(measured: Measurement) -> Mapping[str, float]:
        hops = (each for each in Hop if each in SIGNAL_HOPS)
        return {each: measured.wire_bytes.get(each, 0) / measured.calls for each in hops}

    return _by_part(comparison, "Bytes per call", "bytes", values)


def _behind(comparison: Comparison, outage: str) -> Figure:
    """Over time: answered calls that are not in the metrics yet."""
    lines = [
        line(each.architecture, [*range(1, len(each.behind) + 1)], each.behind)
        for each in _of(comparison, outage)
    ]
    shown = layout(f"Outage {outage}: answered calls that are not in the metrics yet", "calls")
    return {"data": lines, "layout": {**shown, "xaxis": {"title": {"text": "seconds"}}}}


def _of(comparison: Comparison, outage: str) -> Sequence[Measurement]:
    return [each for each in comparison.measurements if each.outage == outage]


def _bars(
    title: str, unit: str, groups: Mapping[str, Mapping[str, float]], *, stacked: bool = False
) -> Figure:
    """Bars by the names of groups; NaN leaves a bar out."""
    data = list(_traces(groups))
    return {
        "data": data,
        "layout": {**layout(title, unit), "barmode": "stack" if stacked else "group"},
    }


def _traces(groups: Mapping[str, Mapping[str, float]]) -> Iterator[Figure]:
    for name, bars in groups.items():
        shown = {label: value for label, value in bars.items() if not isnan(value)}
        yield {"type": "bar", "name": name, "x": list(shown), "y": list(shown.values())}
