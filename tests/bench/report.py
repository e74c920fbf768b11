"""Runs into a markdown table: medians, and the ratio to nginx in the same rounds."""

from collections.abc import Sequence
from statistics import median

from tests.bench.subjects import Measured

SATURATED = 0.9

_HEAD = """\
| between load and upstream | calls/s | CPU per call | x nginx | p50 | p99 | its core | spans lost |
|---|--:|--:|--:|--:|--:|--:|--:|"""

_MICRO = 1e6
_MILLI = 1e3


def table(results: dict[str, list[Measured]], reference: str) -> str:
    """One row per subject; `reference` names the one that ratios are taken to."""
    base = results[reference]
    return "\n".join((_HEAD, *(_row(name, runs, base) for name, runs in results.items())))


def notes(results: dict[str, list[Measured]]) -> list[str]:
    """What a reader has to know to believe the numbers."""
    return [
        "medians; CPU per call = user + system time of the tested process / calls",
        "latencies are with all connections always busy, so they show saturation, not comfort",
        *(_bottleneck(name, runs) for name, runs in results.items() if _median_busy(runs)),
    ]


def _bottleneck(name: str, runs: Sequence[Measured]) -> str:
    """What kept the subject from answering more calls."""
    busy, idle = _median_busy(runs), median(run.idle for run in runs)
    if busy >= SATURATED:
        return f"{name}: saturated, so the generator was not the bottleneck"
    other = max(0.0, 1 - busy - idle)
    return (
        f"{name}: not saturated: {idle:.0%} of its core was idle, waiting for load and upstream, "
        f"and {other:.0%} went to other work on this machine"
    )


def _row(name: str, runs: Sequence[Measured], base: Sequence[Measured]) -> str:
    rate = median(run.answered.rate for run in runs)
    p50, p99 = (median(getattr(run.answered, each) for run in runs) for each in ("p50", "p99"))
    cells = [name, f"{rate:,.0f}", *_cpu(runs, base), f"{p50 * _MILLI:.2f} ms"]
    cells += [f"{p99 * _MILLI:.2f} ms", *_own(runs)]
    return f"| {' | '.join(cells)} |"


def _cpu(runs: Sequence[Measured], base: Sequence[Measured]) -> tuple[str, str]:
    if not _median_busy(runs):
        return "-", "-"
    ratios = (run.cpu_seconds / nginx.cpu_seconds for run, nginx in zip(runs, base, strict=True))
    cpu = median(run.cpu_seconds for run in runs)
    return f"{cpu * _MICRO:.1f} us", f"{median(ratios):.2f}"


def _own(runs: Sequence[Measured]) -> tuple[str, str]:
    busy = _median_busy(runs)
    lost = median(run.lost_spans for run in runs)
    return f"{busy:.0%}" if busy else "-", f"{lost:,.0f}" if lost else "-"


def _median_busy(runs: Sequence[Measured]) -> float:
    return median(run.busy for run in runs)
