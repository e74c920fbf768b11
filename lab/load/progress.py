"""A line with live figures: rewritten on a terminal, else a new one every few seconds."""

import sys
from math import isnan

from lab.load.statistics import Interval

PLAIN_SECONDS = 5


def line(interval: Interval) -> str:
    """The figures of the last second. Pure."""
    p50, p99 = (_milliseconds(each) for each in (interval.p50, interval.p99))
    return (
        f"{interval.seconds:5.0f} s  due {interval.due}  sent {interval.sent}  ok {interval.ok}"
        f"  failed {interval.failed}  in flight {interval.in_flight}"
        f"  waiting {interval.waiting}  p50 {p50}  p99 {p99}"
    )


def _milliseconds(seconds: float) -> str:
    return "-" if isnan(seconds) else f"{seconds * 1000:.1f} ms"


class Progress:
    """Shows intervals on standard error."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = 0

    def show(self, interval: Interval) -> None:
        if self._terminal:
            print(f"\r\x1b[K{line(interval)}", end="", file=sys.stderr, flush=True)
        elif self._shown % PLAIN_SECONDS == 0:
            print(line(interval), file=sys.stderr, flush=True)
        self._shown += 1

    def end(self) -> None:
        """Leave the line."""
        if self._terminal:
            print(file=sys.stderr, flush=True)
