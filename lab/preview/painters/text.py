"""Text: Markdown's headings, lists, bold words and links, wrapped to the panel."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab.preview.canvas import Ink, width_of
from lab.preview.errors import Undrawable
from lab.preview.painters.scene import Scene

_LINE = 22
_SIZE = 13
_HEADING_SIZE = 16
_SPACE = 4.5

_PIECE = re.compile(r"\[([^\]]+)\]\(([^)]+)\)|\*\*([^*]+)\*\*|`([^`]+)`|([^\[*`]+|[\[*`])")


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it is written; `address` where a click on it leads.

    `joined` says that no space stands before it.
    """

    text: str
    weight: str = "normal"
    address: str | None = None
    joined: bool = False


def words(line: str) -> Iterator[Word]:
    """The words of one line of Markdown."""
    open_end = False
    for found in _PIECE.finditer(line):
        link, address, bold, code, plain = found.groups()
        weight = "bold" if bold else "normal"
        piece = link or bold or code or plain
        joined = open_end and not piece[0].isspace()
        for text in piece.split():
            yield Word(text, weight, address, joined)
            joined = False
        open_end = not piece[-1].isspace()


def paint(scene: Scene) -> None:
    options = scene.panel.options
    if options["mode"] != "markdown":
        raise Undrawable(f'text in the mode "{options["mode"]}" is not drawn; only markdown')
    y = _LINE / 2
    for line in options["content"].splitlines():
        if y > scene.canvas.height:
            return
        y = _paint_line(scene, line, y)


def _paint_line(scene: Scene, line: str, y: float) -> float:
    """Write one line, wrapped; the height at which the next begins."""
    canvas = scene.canvas
    heading = re.match(r"#+ ", line)
    item = re.match(r"\s*[-*] ", line)
    size = _HEADING_SIZE if heading else _SIZE
    indent = 18.0 if item else 2.0
    if item:
        canvas.text((6, y), "•", Ink(size=size))
    marker = heading or item
    x = indent
    for word in words(line[marker.end() :] if marker else line):
        weight = "bold" if heading else word.weight
        width = width_of(word.text, size, weight)
        x -= _SPACE if word.joined else 0
        if x > indent and x + width > canvas.width:
            x, y = indent, y + _LINE
        colour = canvas.theme.colour("blue") if word.address else None
        url = scene.guide.address(word.address, {}) if word.address else None
        canvas.text((x, y), word.text, Ink(size=size, colour=colour, weight=weight, url=url))
        x += width + _SPACE
    return y + _LINE
