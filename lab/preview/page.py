"""A sheet as one HTML page that needs nothing else: no network, no script, no font file."""

import io
import re
from html import escape
from os.path import commonprefix
from pathlib import Path
from string import Template

import matplotlib as mpl

from dashboards.layout import COLUMNS
from lab.preview.canvas import Spot, blank
from lab.preview.geometry import COLUMN, GAP, PAGE_WIDTH, ROW, pixels
from lab.preview.model import Panel
from lab.preview.painting import ROW as HEADING
from lab.preview.painting import paint
from lab.preview.sheet import Sheet

_CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")

_PAGE = Template("""<!doctype html>
<html lang="en" class="$mode">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { $variables }
$css</style>
</head>
<body>
<header>
<nav>$menu</nav>
<dl>$chosen</dl>
<h1>$title</h1>
<p>$description</p>
</header>
<main>
$panels
</main>
</body>
</html>
""")

_PANEL = Template("""<section id="panel-$id" style="$place">
<h3>$title$help</h3>
$drawing
</section>""")


def html(sheet: Sheet) -> str:
    """The whole board; equal text for equal sheets."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["svg.fonttype"] = "none"
        panels = [
            _row(each) if each.kind == HEADING else _panel(sheet, each)
            for each in sheet.board.panels
        ]
    return _PAGE.substitute(
        mode=sheet.theme.mode,
        title=escape(sheet.board.title),
        description=escape(sheet.board.description),
        variables=_variables(sheet),
        css=_CSS,
        menu=_menu(sheet),
        chosen="".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in sheet.chosen()),
        panels="\n".join(panels),
    )


def _variables(sheet: Sheet) -> str:
    theme = sheet.theme
    values = {
        "canvas": theme.canvas,
        "panel": theme.panel,
        "border": theme.border,
        "text": theme.text,
        "faint": theme.faint,
        "link": theme.colour("blue"),
        "page": f"{PAGE_WIDTH}px",
        "column": f"{COLUMN}px",
        "row": f"{ROW}px",
        "gap": f"{GAP}px",
    }
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _menu(sheet: Sheet) -> str:
    """A link to every board, without the words that all titles begin with."""
    common = commonprefix([title for title, _ in sheet.menu]).rpartition(" ")
    shared = "" if len(sheet.menu) == 1 else common[0] + common[1]
    links = []
    for title, address in sheet.menu:
        here = ' aria-current="page"' if title == sheet.board.title else ""
        text = escape(title.removeprefix(shared))
        links.append(f'<a href="{escape(address)}"{here}>{text}</a>')
    return " ".join(links)


def _row(panel: Panel) -> str:
    return f'<h2 id="panel-{panel.id}" style="{_place(panel)}">{escape(panel.title)}</h2>'


def _panel(sheet: Sheet, panel: Panel) -> str:
    return _PANEL.substitute(
        id=panel.id,
        place=_place(panel),
        title=f"<span>{escape(panel.title)}</span>",
        help=_help(panel),
        drawing=_drawing(sheet, panel),
    )


def _place(panel: Panel) -> str:
    """The panel's grid position, exactly as the JSON says; CSS counts lines from 1."""
    at = panel.place
    return f"grid-area: {at.y + 1} / {at.x + 1} / span {at.h} / span {at.w}"


def _help(panel: Panel) -> str:
    if not panel.description:
        return ""
    side = "left" if panel.place.x < COLUMNS / 2 else "right"
    tip = f'<span class="tip {side}" role="tooltip">{escape(panel.description)}</span>'
    return f'<span class="help" tabindex="0" aria-label="description">i{tip}</span>'


def _drawing(sheet: Sheet, panel: Panel) -> str:
    """The panel's body as inline SVG with real text, and what can be clicked over it."""
    box = pixels(panel.place).body()
    written = io.StringIO()
    mpl.rcParams["svg.hashsalt"] = f"panel-{panel.id}"
    canvas = blank(box.width, box.height, sheet.theme, "none")
    paint(sheet.board, sheet.scene(panel, canvas))
    canvas.figure.savefig(written, format="svg")
    side = "left" if panel.place.x < COLUMNS / 2 else "right"
    return _inlined(written.getvalue()) + "".join(_spot(each, side) for each in canvas.spots)


def _spot(spot: Spot, side: str) -> str:
    """A box to click, over the drawing; a menu opens beneath it with every way that leads on."""
    box = spot.box
    place = f"left:{box.left:g}px;top:{box.top:g}px;width:{box.width:g}px;height:{box.height:g}px"
    menu = "".join(f'<a href="{escape(w.address)}">{escape(w.title)}</a>' for w in spot.ways)
    first = spot.ways[0]
    return (
        f'\n<span class="spot" style="{place}">'
        f'<a href="{escape(first.address)}" aria-label="{escape(first.title)}"></a>'
        f'<span class="ways {side}">{menu}</span></span>'
    )


def _inlined(svg: str) -> str:
    """The SVG as a part of a page: without prologue, metadata and ids; sizes in pixels."""
    inside = svg[svg.index("<svg") :]
    inside = re.sub(r"<metadata>.*?</metadata>\s*", "", inside, flags=re.DOTALL)
    inside = re.sub(r'(width|height)="([0-9.]+)pt"', r'\1="\2"', inside, count=2)
    return re.sub(r'<g id="[^"]*"', "<g", inside).strip()
