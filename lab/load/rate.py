"""Rates of calls: steps and ramps, and the times at which calls are due. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, count, repeat
from math import sqrt
from random import Random

MOST_CALLS = 10_000_000

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_STEP = re.compile(rf"(?P<start>{_NUMBER})(\.\.(?P<end>{_NUMBER}))?x(?P<seconds>{_NUMBER})")
_FORM = "RATExSECONDS or RATE..RATExSECONDS, separated by commas, such as 50x30,50..500x60"


class Arrivals(StrEnum):
    """The gaps between calls: equal, or exponential as those of independent clients."""

    EVEN = "even"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class Step:
    """A time in which the rate goes evenly from `start` to `end`, in calls per second."""

    start: float
    end: float
    seconds: float

    def __str__(self) -> str:
        ramp = f"{self.start:g}..{self.end:g}" if self.start != self.end else f"{self.start:g}"
        return f"{ramp}x{self.seconds:g}"

    @property
    def calls(self) -> float:
        return (self.start + self.end) / 2 * self.seconds

    def time_of(self, calls: float) -> float:
        """The time in the step, in seconds, when so many calls are due."""
        if not calls:
            return 0.0
        growth = (self.end - self.start) / self.seconds
        # The solution of start * t + growth / 2 * t^2 = calls that also holds without growth.
        return 2 * calls / (self.start + sqrt(max(0.0, self.start**2 + 2 * growth * calls)))


def parse_steps(text: str) -> tuple[Step, ...]:
    """Steps as typed. Raises ValueError, whose text says what is allowed."""
    steps = tuple(_step(each.strip()) for each in text.split(","))
    if not 1 <= sum(each.calls for each in steps) <= MOST_CALLS:
        raise ValueError(f"{text!r}: from 1 to {MOST_CALLS:,} calls in all")
    return steps


def _step(text: str) -> Step:
    found = _STEP.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not {_FORM}")
    start, seconds = float(found["start"]), float(found["seconds"])
    step = Step(start, float(found["end"] or start), seconds)
    if not seconds or not step.calls:
        raise ValueError(f"{text!r}: rate and seconds must be more than 0")
    return step


def due_times(steps: Sequence[Step], arrivals: Arrivals, seed: int) -> Iterator[float]:
    """When calls are due, in seconds after the start; the same for the same seed."""
    began = calls_before = 0.0
    remaining = _totals(arrivals, seed)
    total = next(remaining)
    for step in steps:
        while total - calls_before < step.calls:
            yield began + step.time_of(total - calls_before)
            total = next(remaining)
        began += step.seconds
        calls_before += step.calls


def _totals(arrivals: Arrivals, seed: int) -> Iterator[float]:
    """How many calls of the mean number are due when the first, second ... call is."""
    if arrivals is Arrivals.EVEN:
        return map(float, count())
    random = Random(seed)
    return accumulate(random.expovariate(each) for each in repeat(1.0))


def seconds_of(steps: Iterable[Step]) -> float:
    return sum(each.seconds for each in steps)
