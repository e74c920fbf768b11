"""Many values -> one, by Grafana's names for it."""

import math
from collections.abc import Callable, Sequence

from lab.preview.errors import Undrawable

Reducer = Callable[[Sequence[float]], float]


def _last(values: Sequence[float]) -> float:
    return values[-1]


def _first(values: Sequence[float]) -> float:
    return values[0]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


REDUCERS: dict[str, tuple[str, Reducer]] = {
    "lastNotNull": ("Last *", _last),
    "last": ("Last", _last),
    "firstNotNull": ("First *", _first),
    "max": ("Max", max),
    "min": ("Min", min),
    "mean": ("Mean", _mean),
    "sum": ("Total", math.fsum),
}
"""Id -> its heading in a legend, and what it does; NaN is no value to any of them."""


def heading(id: str) -> str:
    """The reducer's name above a column of a legend."""
    return _known(id)[0]


def reduced(id: str, values: Sequence[float]) -> float | None:
    """The values' one value; None if there is none."""
    present = [each for each in values if not math.isnan(each)]
    return _known(id)[1](present) if present else None


def _known(id: str) -> tuple[str, Reducer]:
    if id not in REDUCERS:
        raise Undrawable(f'calculation "{id}" is not drawn; known: {", ".join(REDUCERS)}')
    return REDUCERS[id]
