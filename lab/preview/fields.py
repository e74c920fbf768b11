"""How a panel's JSON says that values look: unit, words, colours; defaults, then overrides."""

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lab.preview.colours import Theme
from lab.preview.errors import Undrawable
from lab.preview.units import formatter

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold: the colour from `value` on."""

    value: float
    colour: str


@dataclass(frozen=True, slots=True)
class Field:
    """How the values of one series, or of one column, look."""

    config: Config

    @property
    def decimals(self) -> int | None:
        """None: as many as the value needs."""
        return self.config.get("decimals")

    @property
    def nothing(self) -> str:
        """What stands where there is no value."""
        return str(self.config.get("noValue", "No data"))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The thresholds from low to high; the first holds from minus infinity on."""
        thresholds = self.config.get("thresholds", {"mode": "absolute", "steps": []})
        if thresholds["mode"] != "absolute":
            raise Undrawable(f'thresholds of mode "{thresholds["mode"]}" are not drawn')
        return tuple(
            Step(float("-inf") if each["value"] is None else each["value"], each["color"])
            for each in thresholds["steps"]
        )

    def custom(self, name: str, default: Any) -> Any:
        """A setting that only the panel's type knows."""
        return self.config.get("custom", {}).get(name, default)

    def text(self, value: float, decimals: int | None = None) -> str:
        """The value in words or in its unit; `decimals` matter if the field fixes none."""
        word = self._word(value)
        digits = decimals if self.decimals is None else self.decimals
        return word or formatter(self.config.get("unit", "none"))(value, digits)

    def _word(self, value: float) -> str | None:
        shown = self._mapped(lambda known: _is(known, value))
        return str(shown["text"]) if shown else None

    def colour_of(self, word: str, theme: Theme) -> str | None:
        """The colour that a text has by itself; None for that of any other text."""
        shown = self._mapped(lambda known: known == word)
        return theme.colour(shown["color"]) if shown and "color" in shown else None

    def _mapped(self, fits: Callable[[str], bool]) -> Config | None:
        """How the first value that fits is to look."""
        for mapping in self.config.get("mappings", ()):
            if mapping["type"] != "value":
                raise Undrawable(f'value mappings of type "{mapping["type"]}" are not drawn')
            for known, shown in mapping["options"].items():
                if fits(known):
                    return cast(Config, shown)
        return None

    def by_threshold(self, value: float, theme: Theme) -> str:
        """The colour of the highest step that the value reaches."""
        reached = [step.colour for step in self.steps if value >= step.value]
        return theme.colour(reached[-1]) if reached else theme.text

    def colour(self, value: float, number: int, theme: Theme) -> str:
        """The colour of series `number` of its panel, whose reduced value is `value`."""
        chosen = self.config.get("color", {"mode": "thresholds"})
        if chosen["mode"] == "fixed":
            return theme.colour(chosen["fixedColor"])
        if chosen["mode"] == "palette-classic":
            return theme.turn(number)
        if chosen["mode"] == "thresholds":
            return self.by_threshold(value, theme)
        raise Undrawable(f'colour mode "{chosen["mode"]}" is not drawn')


@dataclass(frozen=True, slots=True)
class Fields:
    """A panel's `fieldConfig`."""

    defaults: Config
    overrides: tuple[Config, ...]

    @classmethod
    def parse(cls, written: Config) -> "Fields":
        return cls(written.get("defaults", {}), tuple(written.get("overrides", ())))

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
    if matcher["id"] == "byName":
        return bool(matcher["options"] == name)
    if matcher["id"] == "byRegexp":
        return re.search(matcher["options"].strip("/"), name) is not None
    raise Undrawable(f'overrides matched "{matcher["id"]}" are not drawn')


def _apply(config: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for each in parents:
        config = config.setdefault(each, {})
    config[last] = value
