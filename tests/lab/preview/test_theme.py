"""Both themes are legible: the contrast that WCAG 2 asks of texts is 4.5, of large ones 3."""

import pytest

from lab.preview.theme import THEMES, Mode


@pytest.mark.parametrize("mode", Mode)
def test_texts_are_legible(mode: Mode) -> None:
    theme = THEMES[mode]
    for text in (theme.text, theme.faint):
        assert contrast(text, theme.panel) >= 4.5
        assert contrast(text, theme.canvas) >= 4.5
    assert contrast(theme.colour("red"), theme.panel) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2, "contrast ratio"."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2, "relative luminance"."""
    channels = (each / 255 for each in bytes.fromhex(colour[1:]))
    linear = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in channels]
    return sum(part * each for part, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
