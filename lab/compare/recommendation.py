"""What the figures of a comparison recommend. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from lab.compare.figures import microseconds, percent, seconds
from lab.compare.outages import OUTAGES
from lab.compare.result import UNDISTURBED, Comparison, Measurement

CLOSE = 1.1
"""Figures up to so much larger than the smallest are as good: runs differ by as much."""

SHORT_SECONDS = 5.0
"""Shorter gaps are ignored: they are a few intervals of pushing and scraping."""

PROMETHEUS = "prometheus"
POSTS_CHOICE, BACKFILLING = "otel-scrape", "otel-remote-write"
"""What the original posts recommend, and the architecture that writes what was kept."""


@dataclass(frozen=True, slots=True)
class Best:
    """The architectures that are best at something, and the figures of all."""

    need: str
    architectures: tuple[str, ...]
    figures: Mapping[str, str]


def best_choices(comparison: Comparison) -> tuple[Best, ...]:
    """The best architectures for each need that was measured."""
    found = [
        _best(
            "see a call in the metrics soon (p50)",
            _undisturbed(comparison, lambda each: each.metric.p50),
            seconds,
        ),
        _best(
            "spend little CPU per call",
            _undisturbed(comparison, comparison.extra_cpu),
            microseconds,
        ),
        _best(
            "send few bytes per call",
            _undisturbed(comparison, lambda each: each.bytes_per_call),
            lambda value: f"{value:,.0f}",
        ),
        *(
            _best(
                f"have metrics of the time when {OUTAGES[outage].what}",
                _of_outage(comparison, outage, lambda each: each.gap),
                seconds,
                least=SHORT_SECONDS,
            )
            for outage in comparison.outages
            if not OUTAGES[outage].at_once
        ),
        _best("lose or double no increment", _wrong(comparison), lambda value: f"{value:,.0f}"),
    ]
    return tuple(each for each in found if each.figures)


def gap_seconds(comparison: Comparison, architecture: str) -> float:
    """The gaps of all outages together, without those that are short."""
    gaps = (each.gap for each in _with_outages(comparison) if each.architecture == architecture)
    return sum(each for each in gaps if each > SHORT_SECONDS)


def recommended(comparison: Comparison) -> tuple[str, ...]:
    """The architectures with the shortest gaps, of these those with the fewest wrong increments."""
    if not comparison.outages:
        return ()
    gaps = {each: gap_seconds(comparison, each) for each in comparison.architectures}
    shortest = _smallest(gaps)
    wrong = _wrong(comparison)
    return _smallest({each: wrong[each] for each in shortest})


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """What follows, in order of importance."""
    return tuple((*_overall(comparison), *_posts(comparison), *_collector(comparison)))


def _overall(comparison: Comparison) -> Iterator[str]:
    if not (chosen := recommended(comparison)):
        return
    gaps = ", ".join(
        f"`{each}` {seconds(gap_seconds(comparison, each))}" for each in comparison.architectures
    )
    names = _listed(chosen)
    yield (
        f"By these figures take {names}: of all, the outages leave the fewest seconds without"
        f" metrics ({gaps}, all outages together)."
    )


def _posts(comparison: Comparison) -> Iterator[str]:
    """The posts recommend otel-scrape, since Prometheus catches up after an outage."""
    if (posts := comparison.of(POSTS_CHOICE, PROMETHEUS)) is None:
        return
    totals = "do catch up" if not posts.lost else "do not catch up"
    samples = (
        f"but the samples do not: a gap of {seconds(posts.gap)} stays in panels, rates and alerts"
        if posts.gap > SHORT_SECONDS
        else f"and no gap longer than {seconds(posts.gap)} stays"
    )
    text = (
        f"The original posts recommend `{POSTS_CHOICE}`, because Prometheus catches up by scraping"
        f" after an outage. Measured, with Prometheus stopped for {seconds(posts.down)}: the totals"
        f" {totals} ({posts.lost:,} of {posts.answered:,} increments lost), {samples}."
    )
    if (other := comparison.of(BACKFILLING, PROMETHEUS)) is not None:
        text += (
            f" `{BACKFILLING}` {_compared(other, posts)} ({seconds(other.gap)} without a sample,"
            f" {other.lost:,} increments lost): its collector keeps what it cannot write, for two"
            " minutes."
        )
    if recommended(comparison) and POSTS_CHOICE not in recommended(comparison):
        text += " So that recommendation does not hold by these figures."
    yield text


def _compared(other: Measurement, posts: Measurement) -> str:
    if other.lost > posts.lost or other.gap * CLOSE > posts.gap:
        return "does no better"
    return "leaves no gap" if other.gap <= SHORT_SECONDS else "leaves a shorter one"


def _collector(comparison: Comparison) -> Iterator[str]:
    """Spans have the same path in all architectures."""
    lossy = [each for each in _with_outages(comparison) if each.spans_lost]
    if not lossy:
        return
    worst: dict[str, Measurement] = {}
    for each in lossy:
        known = worst.get(each.outage)
        if known is None or each.spans_lost > known.spans_lost:
            worst[each.outage] = each
    parts = ", ".join(
        f"{name} {percent(each.spans_lost / each.spans)}" for name, each in worst.items()
    )
    yield f"Spans take the same path in all four. Lost at most, by outage: {parts}."


def _best(
    need: str,
    values: Mapping[str, float],
    shown: Callable[[float], str],
    least: float = 0.0,
) -> Best:
    """Values up to `least` are equally good."""
    return Best(
        need,
        _smallest({name: max(value, least) for name, value in values.items()}),
        {name: shown(value) for name, value in values.items()},
    )


def _smallest(values: Mapping[str, float]) -> tuple[str, ...]:
    if not values:
        return ()
    limit = min(values.values()) * CLOSE
    return tuple(name for name, value in values.items() if value <= limit)


def _undisturbed(
    comparison: Comparison, value: Callable[[Measurement], float | None]
) -> Mapping[str, float]:
    return _of_outage(comparison, UNDISTURBED, value)


def _of_outage(
    comparison: Comparison, outage: str, value: Callable[[Measurement], float | None]
) -> Mapping[str, float]:
    """Architecture -> value, without those that have none."""
    found = {
        each.architecture: value(each) for each in comparison.measurements if each.outage == outage
    }
    return {name: each for name, each in found.items() if each is not None and not isnan(each)}


def _wrong(comparison: Comparison) -> Mapping[str, float]:
    """Architecture -> increments lost or doubled, in all trials."""
    found = dict.fromkeys(comparison.architectures, 0.0)
    for each in comparison.measurements:
        found[each.architecture] += each.lost + each.doubled
    return found


def _with_outages(comparison: Comparison) -> Iterable[Measurement]:
    return (each for each in comparison.measurements if each.outage)


def _listed(names: Sequence[str]) -> str:
    return " or ".join(f"`{each}`" for each in names)
