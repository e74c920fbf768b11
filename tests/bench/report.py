"""Results into markdown: tables of medians with the ratio to nginx, and the marks beside them."""

from collections.abc import Iterable, Sequence
from statistics import median

from tests.bench.marks import MARKS
from tests.bench.nginx import SIZES
from tests.bench.results import Results, busy, p50, p99
from tests.bench.saturation import Measured
from tests.bench.subjects import LARGE, Direct, Nginx, Subject

SATURATED = 0.9

_SATURATION = """\
| between load and upstream | calls/s | CPU per call | x nginx | p50 | p99 | its core | spans lost |
|---|--:|--:|--:|--:|--:|--:|--:|"""
_SIZES = """\
| between load and upstream | answer | CPU per call | x nginx | GB per CPU s | memory above idle |
|---|--:|--:|--:|--:|--:|"""
_LATENCY = """\
| between load and upstream | p50 | p99 | added p50 | added p99 |
|---|--:|--:|--:|--:|"""
_PROFILE = "| part | CPU time |\n|---|--:|"
_MARKS = "| mark | limit | found | |\n|---|---|---|---|"

_MICRO = 1e6
_MILLI = 1e3
_MEGA = 1e6


def saturation(results: Results, subjects: Iterable[Subject]) -> str:
    """One row per subject: what a call costs, and what the callers saw."""
    rows = (_saturation_row(results, each) for each in subjects if each in results.saturation)
    return "\n".join((_SATURATION, *rows))


def sizes(results: Results) -> str:
    """One row per subject and size of answer."""
    return "\n".join((_SIZES, *(_size_row(results, each) for each in LARGE)))


def latency(results: Results) -> str:
    """One row per subject: latency at a fixed rate, and what of it the subject adds."""
    return "\n".join((_LATENCY, *(_latency_row(results, each) for each in results.latency)))


def marks(results: Results) -> str:
    """Each mark beside what was found."""
    return "\n".join((_MARKS, *(each.row(results) for each in MARKS)))


def profile(results: Results) -> str:
    """The share of each part in the CPU time."""
    if not results.shares:
        return "`perf` was not there to look."
    rows = (_row(part, f"{share:.0f} %") for part, share in results.shares.items())
    return "\n".join((_PROFILE, *rows))


def bottlenecks(results: Results) -> list[str]:
    """What kept each subject from answering more calls, where it was not its own core."""
    return [
        _bottleneck(subject, runs)
        for subject, runs in results.saturation.items()
        if 0 < busy(runs) < SATURATED
    ]


def _bottleneck(subject: Subject, runs: Sequence[Measured]) -> str:
    idle = median(run.idle for run in runs)
    other = max(0.0, 1 - busy(runs) - idle)
    return (
        f"{subject.name} ({subject.answer[1:]}): not saturated: {idle:.0%} of its core was idle, "
        f"waiting for load and upstream, and {other:.0%} went to other work on this machine"
    )


def _saturation_row(results: Results, subject: Subject) -> str:
    runs = results.saturation[subject]
    rate = median(run.answered.rate for run in runs)
    low, high = (median(of(run.answered) for run in runs) for of in (p50, p99))
    share, lost = busy(runs), median(run.lost_spans for run in runs)
    return _row(
        subject.name,
        f"{rate:,.0f}",
        *_cpu(results, subject),
        *(f"{each * _MILLI:.2f} ms" for each in (low, high)),
        f"{share:.0%}" if share else "-",
        f"{lost:,.0f}" if lost else "-",
    )


def _size_row(results: Results, subject: Subject) -> str:
    size = SIZES[subject.answer]
    return _row(
        subject.name,
        f"{size:,} B",
        *_cpu(results, subject),
        f"{results.gigabytes(subject, size):.2f}",
        f"{results.median(subject, lambda run: run.grown) / _MEGA:.1f} MB",
    )


def _latency_row(results: Results, subject: Subject) -> str:
    runs = results.latency[subject]
    cells = [median(of(run) for run in runs) for of in (p50, p99)]
    if not isinstance(subject, Direct):
        cells += [results.added(subject, of) for of in (p50, p99)]
    shown = [f"{each * _MICRO:,.0f} us" for each in cells]
    return _row(subject.name, *shown, *["-"] * (4 - len(shown)))


def _cpu(results: Results, subject: Subject) -> tuple[str, str]:
    if isinstance(subject, Direct):
        return "-", "-"
    cpu = results.median(subject, lambda run: run.cpu_seconds)
    return f"{cpu * _MICRO:,.1f} us", f"{results.ratio(subject, Nginx(subject.answer)):.2f}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
