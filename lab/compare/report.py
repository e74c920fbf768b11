"""The result as JSON and Markdown. Pure."""

from collections.abc import Callable, Iterable
from pathlib import Path
from string import Template

import msgspec

from lab.compare import recommendation
from lab.compare.figures import NONE, mebibytes, microseconds, seconds
from lab.compare.hops import Hop
from lab.compare.outages import OUTAGES
from lab.compare.result import UNDISTURBED, Comparison, Measurement, Waits
from lab.docs import SUMMARY, code
from lab.docs import markdown as table
from lab.load.result import LAG_LIMIT_SECONDS

_PAGE = Path(__file__).with_name("page.md")

Column = tuple[str, Callable[[Measurement], str]]


def as_json(comparison: Comparison) -> str:
    """All that was measured, in seconds and bytes; NaN becomes null."""
    return msgspec.json.format(msgspec.json.encode(comparison)).decode() + "\n"


def markdown(comparison: Comparison) -> str:
    """The page."""
    figures = (
        *_remarks(comparison),
        *_summary(comparison),
        *_recommendation(comparison),
        *_undisturbed(comparison),
        *_outages(comparison),
    )
    before = (comparison.call_seconds - comparison.outage_seconds) / 2
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        calls=f"{comparison.calls:,}",
        rate=f"{comparison.calls / comparison.call_seconds:.0f}",
        seed=comparison.seed,
        lasting=seconds(comparison.call_seconds),
        before=seconds(before),
        figures="\n".join(figures),
    )


def _summary(comparison: Comparison) -> Iterable[str]:
    """One row for each architecture, which the README shows, too."""
    rows = [
        (
            code(name),
            _pair(each.metric) if (each := comparison.of(name, UNDISTURBED)) else NONE,
            _pair(each.trace) if each else NONE,
            seconds(recommendation.gap_seconds(comparison, name)) if comparison.outages else NONE,
            _total(comparison, name, lambda measured: measured.lost + measured.doubled),
            _total(comparison, name, lambda measured: measured.spans_lost),
            microseconds(comparison.extra_cpu(each)) if each else NONE,
            f"{each.bytes_per_call:,.0f}" if each else NONE,
        )
        for name in comparison.architectures
    ]
    head = (
        *("architecture", "call in the metrics, p50 / p99", "in the traces, p50 / p99"),
        *("seconds without metrics, all outages", "increments lost or doubled", "spans lost"),
        *("extra CPU per call", "bytes per call"),
    )
    yield SUMMARY
    yield table(head, rows)


def _total(comparison: Comparison, architecture: str, value: Callable[[Measurement], int]) -> str:
    own = (each for each in comparison.measurements if each.architecture == architecture)
    return f"{sum(map(value, own)):,}"


def _recommendation(comparison: Comparison) -> Iterable[str]:
    yield "## What follows\n"
    for each in recommendation.sentences(comparison):
        yield f"{each}\n"
    rows = [
        (
            each.need,
            ", ".join(map(code, each.architectures)),
            *(each.figures.get(name, NONE) for name in comparison.architectures),
        )
        for each in recommendation.best_choices(comparison)
    ]
    yield table(("to", "take", *map(code, comparison.architectures)), rows)


def _undisturbed(comparison: Comparison) -> Iterable[str]:
    found = [each for each in comparison.measurements if not each.outage]
    if not found:
        return
    yield "## Without an outage\n"
    yield "CPU per call and the most memory of each part, and the series in Prometheus:\n"
    parts = sorted({name for each in found for name in each.peak_bytes}, reverse=True)
    columns: list[Column] = [(name, _part(name)) for name in parts]
    columns += [
        ("extra CPU per call", lambda each: microseconds(comparison.extra_cpu(each))),
        ("series of the server", lambda each: f"{each.series:,}"),
        ("all series", lambda each: f"{each.all_series:,}"),
    ]
    yield _measured(columns, found)
    if comparison.bare_cpu_seconds is not None:
        bare = comparison.bare_cpu_seconds / comparison.calls
        yield f"The same proxy without telemetry takes {microseconds(bare)} per call.\n"
    yield "Bytes per call on each connection:\n"
    used = [hop for hop in Hop if any(each.wire_bytes.get(hop) for each in found)]
    yield _measured([(hop.value, _bytes(hop)) for hop in used], found)


def _part(name: str) -> Callable[[Measurement], str]:
    def cell(measured: Measurement) -> str:
        cpu = measured.cpu_seconds.get(name)
        each_call = None if cpu is None else cpu / measured.calls
        return f"{microseconds(each_call)}, {mebibytes(measured.peak_bytes.get(name, 0))}"

    return cell


def _bytes(hop: Hop) -> Callable[[Measurement], str]:
    return lambda measured: f"{measured.wire_bytes.get(hop, 0) / measured.calls:,.0f}"


_OF_OUTAGES: tuple[Column, ...] = (
    ("calls answered", lambda each: f"{each.answered:,}"),
    ("increments lost", lambda each: f"{each.lost:,}"),
    ("doubled", lambda each: f"{each.doubled:,}"),
    ("spans lost", lambda each: f"{each.spans_lost:,} of {each.spans:,}"),
    ("gap in the metrics", lambda each: seconds(each.gap)),
    ("call in the metrics, p50 / p99 / last", lambda each: _three(each.metric)),
    ("in the traces, p50 / p99 / last", lambda each: _three(each.trace)),
    ("memory of the collector", lambda each: mebibytes(each.peak_bytes.get("collector", 0))),
)


def _outages(comparison: Comparison) -> Iterable[str]:
    for name in comparison.outages:
        found = [each for each in comparison.measurements if each.outage == name]
        longest = max(each.down for each in found)
        yield f"## Outage: {name}\n"
        takes = ", which takes" if OUTAGES[name].at_once else " for"
        yield f"{_sentence(OUTAGES[name].what)}{takes} {seconds(longest)}.\n"
        yield _measured(_OF_OUTAGES, found)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _measured(columns: Iterable[Column], measurements: Iterable[Measurement]) -> str:
    columns = tuple(columns)
    rows = [
        (code(each.architecture), *(value(each) for _, value in columns)) for each in measurements
    ]
    return table(("architecture", *(name for name, _ in columns)), rows)


def _pair(waits: Waits) -> str:
    return f"{seconds(waits.p50)} / {seconds(waits.p99)}"


def _three(waits: Waits) -> str:
    return f"{_pair(waits)} / {seconds(waits.longest)}"


def _remarks(comparison: Comparison) -> Iterable[str]:
    """Whether the machine kept up."""
    measured = comparison.measurements
    late = [each.lag for each in measured if each.lag > LAG_LIMIT_SECONDS]
    fewest = min(each.calls for each in measured)
    if late:
        yield (
            f"The machine was busy: in {len(late)} of {len(measured)} measurements calls were sent"
            f" late (99 of 100 within {max(late) * 1000:.0f} ms).\n"
        )
    if fewest < comparison.calls:
        yield f"It was too slow for all calls: as few as {fewest:,} were sent.\n"
