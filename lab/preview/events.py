"""What is drawn upon a graph: events of the board's annotations, and single calls (exemplars)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import pstdev


@dataclass(frozen=True, slots=True)
class Event:
    """Something that began and ended at a time; both are one for what has no length."""

    start: float
    end: float
    title: str
    colour: str


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observation, with the id of its trace."""

    time: float
    value: float
    trace: str


def thinned(found: Iterable[Exemplar], step: int) -> tuple[Exemplar, ...]:
    """As many as can be distinguished, as Grafana shows them.

    In each step the largest value, and below it what is two standard deviations away from the
    one before.
    """
    every = tuple(found)
    apart = 2 * pstdev(each.value for each in every) if every else 0.0
    kept: dict[float, list[Exemplar]] = {}
    for each in sorted(every, key=lambda one: (-one.value, one.time, one.trace)):
        here = kept.setdefault(each.time // step, [])
        if not here or here[-1].value - each.value > apart:
            here.append(each)
    return tuple(sorted((one for each in kept.values() for one in each), key=lambda one: one.time))


def spans(times: Iterable[float], step: int) -> Iterator[tuple[float, float]]:
    """Moments in a row, no further apart than a step, as one span each: as Grafana joins them."""
    start = end = None
    for time in times:
        if start is None or end is None or time - end > step:
            if start is not None and end is not None:
                yield start, end
            start = time
        end = time
    if start is not None and end is not None:
        yield start, end
