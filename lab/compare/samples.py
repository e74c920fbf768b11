"""What the samples of counters show: increments, gaps, and how long calls waited. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, nan
from urllib.parse import urlsplit

from lab.prometheus_api import Line, Target


@dataclass(frozen=True, slots=True)
class Poll:
    """The sum of counters that a query returned at a time, in seconds since the epoch."""

    time: float
    total: float


def last_scrape(targets: Iterable[Target], address: str) -> float | None:
    """When the target at HOST:PORT was scraped, in seconds since the epoch; None without one."""
    scraped = (each.scraped for each in targets if urlsplit(each.url).netloc == address)
    return max(scraped, default=None)


def increments(lines: Iterable[Line], label: str) -> Mapping[str, int]:
    """The increments in stored samples by the value of a label.

    A counter starts at 0, and again when it falls, since its process has restarted.
    """
    found: dict[str, int] = {}
    for line in lines:
        values = (0.0, *(value for _, value in line.points))
        rise = sum(
            after - before if after >= before else after for before, after in pairwise(values)
        )
        found[line.labels[label]] = found.get(line.labels[label], 0) + round(rise)
    return found


def longest_gap(lines: Iterable[Line], start: float, end: float) -> float:
    """The longest time between two samples of the lines together, in seconds."""
    times = {time for line in lines for time, _ in line.points if start < time < end}
    return max(after - before for before, after in pairwise(sorted({start, *times, end})))


def metric_waits(
    answered: Sequence[float], polls: Sequence[Poll], restarts: Sequence[float] = ()
) -> list[float]:
    """Seconds from the answer of each call until its increment could be queried.

    The nth increment is that of the nth answer. After a restart of the proxy, counters and calls
    both begin again; increments that never appear have no wait.
    """
    waits: list[float] = []
    for calls, seen in zip(_parts(answered, restarts), _epochs(polls, restarts), strict=False):
        counted = 0
        for poll in seen:
            now = min(int(poll.total), len(calls))
            waits += (max(0.0, poll.time - calls[each]) for each in range(counted, now))
            counted = max(counted, now)
    return waits


def _parts(answered: Sequence[float], restarts: Sequence[float]) -> list[Sequence[float]]:
    """The times before the first restart, and after each."""
    times = sorted(answered)
    bounds = [0, *(bisect_right(times, each) for each in restarts), len(times)]
    return [times[start:end] for start, end in pairwise(bounds)]


def _epochs(polls: Sequence[Poll], restarts: Sequence[float]) -> list[list[Poll]]:
    """The polls before the first restart, and after the counters fell after each."""
    epochs: list[list[Poll]] = [[]]
    remaining = list(restarts)
    for poll in polls:
        last = epochs[-1][-1].total if epochs[-1] else 0.0
        if remaining and poll.time > remaining[0] and poll.total < last:
            remaining.pop(0)
            epochs.append([])
        epochs[-1].append(poll)
    return epochs


def behind(
    answered: Sequence[float],
    polls: Sequence[Poll],
    restarts: Sequence[float],
    times: Iterable[float],
) -> list[int]:
    """How many answered calls could not be queried yet, at each of the times."""
    ends = sorted(answered)
    seen: list[Poll] = []
    for epoch in _epochs(polls, restarts):
        before = seen[-1].total if seen else 0.0
        seen += (Poll(each.time, before + each.total) for each in epoch)
    moments = [each.time for each in seen]
    found = []
    for time in times:
        position = bisect_right(moments, time)
        counted = seen[position - 1].total if position else 0.0
        found.append(max(0, bisect_right(ends, time) - round(counted)))
    return found


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed; NaN without values."""
    ordered = sorted(values)
    if not ordered:
        return nan
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
