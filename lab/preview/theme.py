"""Grafana's colours by name, in its dark and its light theme."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab.preview.errors import Unsupported

_SHADES = ("super-light-{}", "light-{}", "{}", "semi-dark-{}", "dark-{}")

# Six shades of each hue from light to dark: the dark theme takes the first five, the light theme
# the last five.
_HUES = {
    "red": ("#FFA6B0", "#FF7383", "#F2495C", "#E02F44", "#C4162A", "#AD0317"),
    "orange": ("#FFCB7D", "#FFB357", "#FF9830", "#FF780A", "#FA6400", "#E55400"),
    "yellow": ("#FFF899", "#FFEE52", "#FADE2A", "#F2CC0C", "#E0B400", "#CC9D00"),
    "green": ("#C8F2C2", "#96D98D", "#73BF69", "#56A64B", "#37872D", "#19730E"),
    "blue": ("#C0D8FF", "#8AB8FF", "#5794F2", "#3274D9", "#1F60C4", "#1250B0"),
    "purple": ("#DEB6F2", "#CA95E5", "#B877D9", "#A352CC", "#8F3BB8", "#7C2EA3"),
}

_ORDER = ("green", "yellow", "blue", "orange", "red", "purple")
_CLASSIC = (
    *_ORDER,
    *(f"dark-{hue}" for hue in _ORDER),
    *(f"super-light-{hue}" for hue in _ORDER),
)

BLUES = ("#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594")
"""The colour scheme of heat maps, from few to many on a light background."""


class Mode(StrEnum):
    """Grafana's two looks."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a page; `named` are those that a board calls by name."""

    mode: Mode
    canvas: str
    panel: str
    border: str
    grid: str
    text: str
    faint: str
    named: Mapping[str, str]

    def colour(self, name: str) -> str:
        """The colour that a board means, safe in CSS; raises Unsupported for an unknown name."""
        if name in self.named:
            return self.named[name]
        if re.fullmatch(r"#[0-9a-fA-F]{3,8}|rgba?\([0-9., ]+\)", name):
            return name
        raise Unsupported(f'colour "{name}": known are Grafana\'s hues, #rrggbb and rgba(r,g,b,a)')

    def classic(self, number: int) -> str:
        """The classic palette's colour for the series of this number, from 0 on."""
        return self.named[_CLASSIC[number % len(_CLASSIC)]]


def translucent(colour: str, opacity: float) -> str:
    """A colour #rrggbb with an opacity from 0 to 1; other forms stay as they are."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        return colour
    red, green, blue = bytes.fromhex(colour[1:])
    return f"rgba({red},{green},{blue},{opacity:g})"


def _named(first: int, text: str) -> dict[str, str]:
    shades = {
        shade.format(hue): colours[first + number]
        for hue, colours in _HUES.items()
        for number, shade in enumerate(_SHADES)
    }
    return {**shades, "text": text, "transparent": "rgba(0,0,0,0)"}


_DARK = ("#111217", "#181b1f", "#2a2c31", "#2c2f35", "#ccccdc", "#8e8e9a", _named(0, "#ccccdc"))
_LIGHT = ("#f4f5f5", "#ffffff", "#dcdde0", "#e6e7e9", "#24292e", "#6b6f76", _named(1, "#24292e"))
THEMES = {Mode.DARK: Theme(Mode.DARK, *_DARK), Mode.LIGHT: Theme(Mode.LIGHT, *_LIGHT)}
