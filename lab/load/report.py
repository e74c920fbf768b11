"""Results as text, CSV and JSON. Pure."""

import csv
import io
from collections.abc import Callable, Sequence
from math import isnan

import msgspec

from lab.load.result import LAG_LIMIT_SECONDS, Result

Column = tuple[str, Callable[[Result], object]]


def _milliseconds(seconds: float) -> str:
    return "-" if isnan(seconds) else f"{seconds * 1000:.2f}"


CALLS: tuple[Column, ...] = (
    ("Test", lambda each: each.test),
    ("Connections", lambda each: each.connections),
    ("Duration (s)", lambda each: f"{each.duration:g}"),
    ("RPS", lambda each: f"{each.asked_rate:g}"),
    ("Expected", lambda each: each.expected),
    ("Actual", lambda each: each.sent),
    ("Success", lambda each: each.success),
    ("Failed", lambda each: each.failed),
    ("Achieved RPS", lambda each: f"{each.achieved_rate:.1f}"),
    ("Min (ms)", lambda each: _milliseconds(each.latency.min)),
    ("Max (ms)", lambda each: _milliseconds(each.latency.max)),
    ("Avg (ms)", lambda each: _milliseconds(each.latency.mean)),
)
"""The columns of the posts."""

TIMES: tuple[Column, ...] = (
    ("p50 (ms)", lambda each: _milliseconds(each.latency.p50)),
    ("p75 (ms)", lambda each: _milliseconds(each.latency.p75)),
    ("p90 (ms)", lambda each: _milliseconds(each.latency.p90)),
    ("p95 (ms)", lambda each: _milliseconds(each.latency.p95)),
    ("p99 (ms)", lambda each: _milliseconds(each.latency.p99)),
    ("p99.9 (ms)", lambda each: _milliseconds(each.latency.p999)),
    ("Waited", lambda each: each.waited),
    ("Lag p99 (ms)", lambda each: _milliseconds(each.lag.p99)),
    ("Lag max (ms)", lambda each: _milliseconds(each.lag.max)),
    ("Valid", lambda each: "yes" if each.valid else "no"),
)


def text(results: Sequence[Result]) -> str:
    """Two tables with a line for each result, and the outcomes of each."""
    parts = [_table(CALLS, results), _table((CALLS[0], *TIMES), results)]
    return "\n\n".join((*parts, *map(_details, results))) + "\n"


def _table(columns: Sequence[Column], results: Sequence[Result]) -> str:
    rows = [[name for name, _ in columns]]
    rows += [[str(value(each)) for _, value in columns] for each in results]
    first, *others = (max(map(len, cells)) for cells in zip(*rows, strict=True))
    return "\n".join(
        "  ".join((row[0].ljust(first), *map(str.rjust, row[1:], others))) for row in rows
    )


def _details(result: Result) -> str:
    """Outcomes, the most frequent reasons of failures, and remarks."""
    lines = [f"{result.test}: {result.target}, {result.transport}, {result.protocol}"]
    lines += [
        f"  {tool}: " + ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))
        for tool, counts in result.tools.items()
    ]
    lines += [f"  {number:,} x {reason}" for reason, number in result.reasons.items()]
    return "\n".join((*lines, *(f"  {each}" for each in remarks(result))))


def remarks(result: Result) -> list[str]:
    """What a reader of the figures must know."""
    found = []
    if result.interrupted:
        found.append(f"interrupted after {result.elapsed:.1f} s: the figures are those so far")
    if result.waited:
        found.append(
            f"{result.waited:,} calls waited for one of the {result.connections} connections,"
            " which is part of their latency"
        )
    if not result.interrupted and result.sent < result.expected:
        found.append(f"{result.expected - result.sent:,} calls could not be sent in time")
    if not result.valid:
        found.append(
            f"invalid: the generator was late (lag p99 {_milliseconds(result.lag.p99)} ms, allowed"
            f" {_milliseconds(LAG_LIMIT_SECONDS)}): leave it more CPU time, or lower the rate"
        )
    return found


def as_csv(results: Sequence[Result]) -> str:
    """A line for each result, with every column and the outcomes."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    outcomes = sorted({name for each in results for name in each.outcomes})
    columns = (*CALLS, *TIMES)
    writer.writerow([*(name for name, _ in columns), *outcomes])
    for result in results:
        counts = [result.outcomes.get(name, 0) for name in outcomes]
        writer.writerow([*(value(result) for _, value in columns), *counts])
    return output.getvalue()


def as_json(results: Sequence[Result]) -> str:
    """All that is known, in seconds; NaN becomes null."""
    derived = [
        {
            **msgspec.to_builtins(each),
            "success": each.success,
            "failed": each.failed,
            "achieved_rate": each.achieved_rate,
            "valid": each.valid,
        }
        for each in results
    ]
    return msgspec.json.format(msgspec.json.encode(derived)).decode() + "\n"
