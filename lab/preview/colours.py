"""Grafana's colours by name, in its dark and its light theme."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from matplotlib.colors import is_color_like

from lab.preview.errors import Undrawable

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

_TURN = ("green", "yellow", "blue", "orange", "red", "purple")

CLASSIC = (
    *_TURN,
    *(f"dark-{hue}" for hue in _TURN),
    *(f"super-light-{hue}" for hue in _TURN),
)
"""The classic palette's first colours: series take them in turn."""


class Mode(StrEnum):
    """Grafana's two looks."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Theme:
    """What is drawn in which colour; `named` are the colours that a board calls by name."""

    mode: Mode
    canvas: str
    panel: str
    border: str
    grid: str
    text: str
    faint: str
    named: Mapping[str, str]

    def colour(self, name: str) -> str:
        """The colour that a board means; raises Undrawable for a name that nobody knows."""
        if name in self.named:
            return self.named[name]
        if is_color_like(name):
            return name
        raise Undrawable(f'colour "{name}" is not drawn; known: a hue of Grafana, or #rrggbb')

    def turn(self, number: int) -> str:
        """The classic palette's colour for the series of this number, from 0 on."""
        return self.named[CLASSIC[number % len(CLASSIC)]]


def _named(first: int, text: str) -> dict[str, str]:
    shades = {
        shade.format(hue): colours[first + number]
        for hue, colours in _HUES.items()
        for number, shade in enumerate(_SHADES)
    }
    return {**shades, "text": text, "transparent": "none"}


THEMES = {
    Mode.DARK: Theme(
        mode=Mode.DARK,
        canvas="#111217",
        panel="#181b1f",
        border="#2a2c31",
        grid="#2c2f35",
        text="#ccccdc",
        faint="#8e8e9a",
        named=_named(0, "#ccccdc"),
    ),
    Mode.LIGHT: Theme(
        mode=Mode.LIGHT,
        canvas="#f4f5f5",
        panel="#ffffff",
        border="#dcdde0",
        grid="#e6e7e9",
        text="#24292e",
        faint="#6b6f76",
        named=_named(1, "#24292e"),
    ),
}


def css_colour(text: str) -> tuple[float, ...]:
    """A colour as CSS writes it, `rgba(255,120,10,0.8)`; raises Undrawable for another form."""
    found = re.fullmatch(r"rgba\((\d+), ?(\d+), ?(\d+), ?([0-9.]+)\)", text)
    if found is None:
        raise Undrawable(f'colour "{text}" is not drawn; known: rgba(red,green,blue,opacity)')
    return (*(int(each) / 255 for each in found.groups()[:3]), float(found[4]))
