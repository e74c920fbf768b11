# mypy: allow-untyped-calls
"""A sheet as one PNG, as high as the board."""

import io

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from lab.preview.canvas import DPI, Canvas, Ink, blank, fitted, width_of
from lab.preview.geometry import PADDING, PAGE_WIDTH, TITLE, Box, grid_height, pixels
from lab.preview.model import Panel
from lab.preview.painting import ROW, paint
from lab.preview.sheet import Sheet

_COMPRESSION = 3
_HEADER = 64
_MARGIN = 15

SCALE = 1.5
"""Pixels of the picture for one of the page: legible in a README and on a fine screen."""


def png(sheet: Sheet) -> bytes:
    """The whole board; equal bytes for equal sheets."""
    height = _HEADER + grid_height(sheet.board.height) + _MARGIN
    with mpl.rc_context():
        mpl.rcdefaults()
        # At this size hinting changes little, and costs a sixth of the time.
        mpl.rcParams["text.hinting"] = "none"
        page = blank(PAGE_WIDTH + 2 * _MARGIN, height, sheet.theme, sheet.theme.canvas)
        _header(sheet, page.part(_MARGIN, 0, PAGE_WIDTH, _HEADER))
        for panel in sheet.board.panels:
            box = pixels(panel.place)
            part = page.part(_MARGIN + box.left, _HEADER + box.top, box.width, box.height)
            _row(panel, part) if panel.kind == ROW else _panel(sheet, panel, part)
        return _encoded(page)


def _encoded(page: Canvas) -> bytes:
    """The picture without matplotlib's opacity, at a level of zlib's: half the time for no more."""
    page.figure.set_dpi(DPI * SCALE)
    drawn = FigureCanvasAgg(page.figure)
    drawn.draw()
    size = drawn.get_width_height()
    picture = Image.frombuffer("RGBA", size, drawn.buffer_rgba(), "raw", "RGBA", 0, 1)
    written = io.BytesIO()
    picture.convert("RGB").save(written, format="PNG", compress_level=_COMPRESSION)
    return written.getvalue()


def _header(sheet: Sheet, canvas: Canvas) -> None:
    board, faint = sheet.board, canvas.theme.faint
    canvas.text((0, 22), board.title, Ink(size=17, weight="bold"))
    canvas.text((0, 45), board.description, Ink(size=12, colour=faint))
    x = canvas.width
    for title, value in reversed(tuple(sheet.chosen())):
        canvas.text((x, 22), value, Ink(size=12, align="right"))
        x -= width_of(value, 12) + 6
        canvas.text((x, 22), title, Ink(size=12, colour=faint, align="right"))
        x -= width_of(title, 12) + 18


def _row(panel: Panel, canvas: Canvas) -> None:
    canvas.text((4, canvas.height / 2), panel.title, Ink(size=14, weight="bold"))
    canvas.rectangle(Box(0, canvas.height - 1, canvas.width, 1), canvas.theme.border)


def _panel(sheet: Sheet, panel: Panel, canvas: Canvas) -> None:
    theme = canvas.theme
    canvas.rectangle(Box(0, 0, canvas.width, canvas.height), theme.border)
    canvas.rectangle(Box(1, 1, canvas.width - 2, canvas.height - 2), theme.panel)
    title = fitted(panel.title, canvas.width - 2 * PADDING, 13)
    canvas.text((PADDING, TITLE / 2 + 1), title, Ink(size=13, weight="bold"))
    body = Box(0, 0, canvas.width, canvas.height).body()
    part = canvas.part(body.left, body.top, body.width, body.height)
    paint(sheet.board, sheet.scene(panel, part))
