"""How much the figures of two comparisons differ.

`python -m tests.bench.run_to_run ONE.json OTHER.json` reads two files that `python -m lab.compare
--out FOLDER` wrote and prints, for every kind of figure, how many differ by at most 10 % of the
larger one, the median and the largest difference, and where that is.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

ALLOWED = 0.1

Where = tuple[str, str]
"""An architecture, and what was disturbed."""


def main(arguments: list[str]) -> int:
    """0 if every figure differs by at most ALLOWED, 1 if one does not, 2 for other files."""
    try:
        one, other = map(_read, arguments)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        print(
            f"run_to_run: give two files comparison.json of lab.compare: {wrong}", file=sys.stderr
        )
        return 2
    if one.keys() != other.keys():
        print("run_to_run: give two comparisons of the same outages", file=sys.stderr)
        return 2
    found: dict[str, list[tuple[float, Where]]] = defaultdict(list)
    for (kind, where), value in one.items():
        found[kind].append((difference(value, other[kind, where]), where))
    print("| figure | within 10 % | median | most | where |\n| --- | --- | --- | --- | --- |")
    for kind, each in found.items():
        most, (architecture, outage) = max(each)
        within = sum(apart <= ALLOWED for apart, _ in each)
        middle = median(apart for apart, _ in each)
        at = f"`{architecture}`, {outage}" if most else ""
        print(f"| {kind} | {within} of {len(each)} | {middle:.1%} | {most:.1%} | {at} |")
    return int(any(apart > ALLOWED for each in found.values() for apart, _ in each))


def _read(path: str) -> dict[tuple[str, Where], float]:
    """The figures of a file, each by its kind and where it was measured."""
    comparison = json.loads(Path(path).read_text(encoding="utf-8"))
    return {(kind, where): value for kind, where, value in _figures(comparison)}


def difference(one: float, other: float) -> float:
    """As a share of the larger one."""
    return abs(one - other) / (max(one, other) or 1)


def _figures(comparison: Mapping[str, Any]) -> Iterator[tuple[str, Where, float]]:
    calls = comparison["calls"]
    for each in comparison["measurements"]:
        where = (each["architecture"], each["outage"] or "none")
        for path in ("metric", "trace"):
            for quantile in ("p50", "p99"):
                yield f"call in the {path}s, {quantile}", where, each[path][quantile]
        yield "increments lost or doubled", where, each["lost"] + each["doubled"]
        yield "spans lost", where, each["spans_lost"]
        yield "gap in the metrics", where, each["gap"]
        yield "series", where, each["series"]
        yield "bytes on the wire", where, sum(each["wire_bytes"].values())
        for part, spent in each["cpu_seconds"].items():
            yield f"CPU per call, {part}", where, spent / calls
        if each["cpu_seconds"]:
            spent = sum(each["cpu_seconds"].values()) - comparison["bare_cpu_seconds"]
            yield "extra CPU per call", where, spent / calls
        for part, peak in each["peak_bytes"].items():
            yield f"memory, {part}", where, peak


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
