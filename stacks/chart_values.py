"""The values that users pass to charts, and the keys that each chart has.

`chart_keys/<chart>-<version>.txt` lists the keys of a chart's default values or schema; a path that
ends in `.*` is open.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from stacks.charts import Chart
from stacks.values import Values

FOLDER = Path(__file__).parent / "chart_keys"


@cache
def known_keys(chart: str) -> frozenset[str]:
    """The key paths of `<chart>-<version>`."""
    return frozenset((FOLDER / f"{chart}.txt").read_text(encoding="utf-8").splitlines())


def unknown_keys(chart: str, values: Values, path: str = "") -> Iterator[str]:
    """The paths of keys that neither the chart's default values nor its schema have."""
    known = known_keys(chart)
    for key, each in values.items():
        here = f"{path}.{key}".lstrip(".")
        if f"{here}.*" in known:
            continue
        if here not in known:
            yield here
        elif isinstance(each, dict):
            yield from unknown_keys(chart, each, here)


def overridden(values: Values, given: Values) -> Values:
    """Values with others over them: maps are merged, everything else is replaced."""

    def one(key: str, each: Any) -> Any:
        nested = isinstance(each, dict) and isinstance(values.get(key), dict)
        return overridden(values[key], each) if nested else each

    return {**values, **{key: one(key, each) for key, each in given.items()}}


def warnings(chart: Chart, given: Values) -> list[str]:
    """One line for each key that the chart does not know."""
    name = f"{chart.name}-{chart.version}"
    return [
        f"values.{chart.name}.{key}: {name} does not know this key, and will ignore it"
        for key in unknown_keys(name, given)
    ]
