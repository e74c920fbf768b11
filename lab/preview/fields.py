"""How a panel's JSON says that values look: unit, words, colours; defaults, then overrides."""

import copy
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.preview.errors import supported
from lab.preview.theme import Theme
from lab.preview.units import formatter

Config = Mapping[str, Any]

REDUCERS: dict[str, tuple[str, Callable[[Sequence[float]], float]]] = {
    "lastNotNull": ("Last *", lambda values: values[-1]),
    "max": ("Max", max),
    "min": ("Min", min),
    "mean": ("Mean", lambda values: math.fsum(values) / len(values)),
    "sum": ("Total", math.fsum),
}
"""Grafana's calculations by id: the heading in a legend, and what it does."""


def reduced(id: str, values: Sequence[float]) -> float | None:
    """The values reduced to one, without NaN; None if all are NaN. Raises Unsupported."""
    _, reduce = REDUCERS[supported("calculation", id, *REDUCERS)]
    present = [each for each in values if not math.isnan(each)]
    return reduce(present) if present else None


@dataclass(frozen=True, slots=True)
class Field:
    """How the values of one series, or of one column, look."""

    config: Config

    @property
    def no_value(self) -> str:
        """The text where there is no value."""
        return str(self.config.get("noValue", "No data"))

    @property
    def thresholds(self) -> tuple[tuple[float, str], ...]:
        """Each value from which on a colour holds, from low to high; the first is -inf."""
        thresholds = self.config.get("thresholds", {"mode": "absolute", "steps": []})
        supported("thresholds of mode", thresholds["mode"], "absolute")
        return tuple(
            (-math.inf if each["value"] is None else each["value"], each["color"])
            for each in thresholds["steps"]
        )

    def custom(self, name: str, default: Any) -> Any:
        """A setting that only this type of panel has."""
        return self.config.get("custom", {}).get(name, default)

    def text(self, value: float, decimals: int | None = None) -> str:
        """The value in words or in its unit; `decimals` matter if the field fixes none."""
        mapped = self._mapped(lambda known: _is(known, value))
        if "text" in mapped:
            return str(mapped["text"])
        digits = self.config.get("decimals", decimals)
        return formatter(self.config.get("unit", "none"))(value, digits)

    def colour_of_text(self, text: str, theme: Theme) -> str | None:
        """The colour that a value mapping gives a text; None without one."""
        mapped = self._mapped(lambda known: known == text)
        return theme.colour(mapped["color"]) if "color" in mapped else None

    def _mapped(self, fits: Callable[[str], bool]) -> Config:
        """How the first value that fits is to look; empty if none does."""
        for mapping in self.config.get("mappings", ()):
            supported("value mapping of type", mapping["type"], "value")
            for known, shown in mapping["options"].items():
                if fits(known):
                    return dict(shown)
        return {}

    def threshold_colour(self, value: float, theme: Theme) -> str:
        """The colour of the highest threshold that the value reaches."""
        reached = [colour for least, colour in self.thresholds if value >= least]
        return theme.colour(reached[-1]) if reached else theme.text

    def colour(self, value: float, number: int, theme: Theme) -> str:
        """The colour of series `number` of its panel, whose reduced value is `value`."""
        chosen = self.config.get("color", {"mode": "thresholds"})
        mode = supported("colour mode", chosen["mode"], "fixed", "palette-classic", "thresholds")
        if mode == "fixed":
            return theme.colour(chosen["fixedColor"])
        if mode == "thresholds":
            return self.threshold_colour(value, theme)
        return theme.classic(number)


@dataclass(frozen=True, slots=True)
class Fields:
    """A panel's `fieldConfig`."""

    defaults: Config = field(default_factory=dict)
    overrides: tuple[Config, ...] = ()

    def of(self, name: str) -> Field:
        """The field called `name`, every override that matches it applied in turn."""
        config = copy.deepcopy(dict(self.defaults))
        for override in self.overrides:
            if _matches(override["matcher"], name):
                for change in override["properties"]:
                    _apply(config, change["id"], change["value"])
        return Field(config)


def _is(known: str, value: float) -> bool:
    """Whether the text of a mapping is that number."""
    try:
        return float(known) == value
    except ValueError:
        return False


def _matches(matcher: Config, name: str) -> bool:
    if supported("override matched", matcher["id"], "byName", "byRegexp") == "byName":
        return bool(matcher["options"] == name)
    return re.search(matcher["options"].strip("/"), name) is not None


def _apply(config: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for each in parents:
        config = config.setdefault(each, {})
    config[last] = value
