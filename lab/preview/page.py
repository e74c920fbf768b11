"""A board as one HTML page: a live one loads its scripts, a file holds them."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files
from os.path import commonprefix
from pathlib import Path
from string import Template

from lab.preview import charts
from lab.preview.charts import Figure, Look
from lab.preview.errors import Unsupported, supported
from lab.preview.model import JAEGER, PROMETHEUS, ROW, Board, Panel, Variable
from lab.preview.panels import HTML, empty, legend, traces
from lab.preview.queries import Answer, Answers, View
from lab.preview.theme import Mode, Theme

_CHARTS: dict[str, Callable[[Panel, Answer, Look], Figure | None]] = {
    "heatmap": charts.heatmap,
    "timeseries": charts.timeseries,
}

KINDS = frozenset({ROW, *_CHARTS, *HTML})
"""The types of panels that can be drawn."""

RANGES = {
    "now-5m": "Last 5 minutes",
    "now-15m": "Last 15 minutes",
    "now-30m": "Last 30 minutes",
    "now-1h": "Last 1 hour",
    "now-3h": "Last 3 hours",
    "now-6h": "Last 6 hours",
    "now-12h": "Last 12 hours",
    "now-24h": "Last 24 hours",
    "now-2d": "Last 2 days",
    "now-7d": "Last 7 days",
}
REFRESHES = ("off", "5s", "10s", "30s", "1m", "5m")

_PAGE = Template("""<!doctype html>
<html lang="en" class="$mode" style="$variables">
<head>
<meta charset="utf-8">
$policy<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
$style
</head>
<body>
<header>
<nav>$menu</nav>
$controls
<h1>$title</h1>
<p>$description</p>
<p id="problem" role="status"></p>
</header>
<main>
$panels
</main>
$scripts
</body>
</html>
""")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}"


@dataclass(frozen=True, slots=True)
class Controls:
    """What a live page offers: the values of variables, and what it was asked for.

    `start` and `end` are times as Grafana's URLs write them, `refresh` one of REFRESHES.
    """

    choices: Mapping[str, tuple[str, ...]]
    start: str
    end: str
    refresh: str


@cache
def asset(name: str) -> str:
    """The text of page.css, page.js or plotly.js."""
    if name == "plotly.js":
        return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def check_supported(board: Board) -> None:
    """Raise Unsupported if the board has a panel of a type that is not drawn."""
    for panel in board.panels:
        supported(f"{_name(board, panel)}: panel type", panel.kind, *sorted(KINDS))


def html(
    board: Board,
    answers: Answers,
    view: View,
    look: Look,
    menu: Mapping[str, str],
    controls: Controls | None = None,
) -> str:
    """The page of a board; `menu` has the titles of all boards by their uids.

    Without `controls` it is a file; equal data give equal texts. Raises Unsupported.
    """
    return _PAGE.substitute(
        mode=look.theme.mode,
        variables=_variables(look.theme),
        policy="" if controls else _file_policy(),
        title=escape(board.title),
        style=_style(live=controls is not None),
        description=escape(board.description),
        menu=_menu(board, look, menu),
        controls=_controls(board, view, look, controls) if controls else _chosen(board, view),
        panels="\n".join(_section(board, each, answers, view, look) for each in board.panels),
        scripts=_scripts(live=controls is not None),
    )


def _variables(theme: Theme) -> str:
    names = ("canvas", "panel", "border", "grid", "text", "faint")
    colours = "".join(f"--{each}:{getattr(theme, each)};" for each in names)
    return f"{colours}--link:{theme.colour('blue')};--failed:{theme.colour('red')}"


@cache
def _file_policy() -> str:
    hashes = (hashlib.sha256(asset(each).encode()).digest() for each in ("plotly.js", "page.js"))
    scripts = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in hashes)
    content = escape(_POLICY.format(scripts))
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">\n'


def _style(*, live: bool) -> str:
    if live:
        return '<link rel="stylesheet" href="/static/page.css">'
    return f"<style>\n{asset('page.css')}</style>"


def _scripts(*, live: bool) -> str:
    names = ("plotly.js", "page.js")
    if live:
        return "\n".join(f'<script src="/static/{each}"></script>' for each in names)
    return "\n".join(f"<script>{asset(each)}</script>" for each in names)


def _menu(board: Board, look: Look, menu: Mapping[str, str]) -> str:
    """A link to every board, without the words that all titles begin with."""
    common = commonprefix(list(menu.values())).rpartition(" ")
    shared = "" if len(menu) == 1 else common[0] + common[1]
    given = look.links.parameters
    kept = {each: given[each] for each in ("var-namespace", "var-server") if each in given}
    links = []
    for uid, title in menu.items():
        here = ' aria-current="page"' if uid == board.uid else ""
        address = escape(look.links.page(uid, kept))
        links.append(f'<a href="{address}"{here}>{escape(title.removeprefix(shared))}</a>')
    return " ".join(links)


def _shown_time(view: View) -> str:
    start, end = (datetime.fromtimestamp(each, UTC) for each in (view.time.start, view.time.end))
    form = "%H:%M:%S" if start.date() == end.date() else "%Y-%m-%d %H:%M:%S"
    return f"{start:%Y-%m-%d %H:%M:%S} to {end.strftime(form)} UTC"


def _chosen(board: Board, view: View) -> str:
    """What a file shows, which cannot be changed."""
    values = [
        (each.title, view.chosen.get(each.name, each.selector and "All"))
        for each in board.variables
    ]
    shown = (*((k, v) for k, v in values if v), ("Time", _shown_time(view)))
    items = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in shown)
    return f'<dl class="controls">{items}</dl>'


def _controls(board: Board, view: View, look: Look, controls: Controls) -> str:
    """The form that chooses variables, time and looks; its fields are the address's parameters."""
    given = look.links.parameters
    variables = {name: value for name, value in given.items() if name.startswith("var-")}

    def link(text: str, **changed: str) -> str:
        address = look.links.page(board.uid, variables, changed)
        return f'<a href="{escape(address)}">{escape(text)}</a>'

    fields = "".join(_control(each, view, controls.choices) for each in board.variables)
    ranges = "".join(link(RANGES[each], **{"from": each, "to": "now"}) for each in RANGES)
    times = "".join(
        f'<label>{title}<input name="{title.lower()}" value="{escape(value)}"></label>'
        for title, value in (("From", controls.start), ("To", controls.end))
    )
    refresh = "".join(_option(each, each, controls.refresh) for each in REFRESHES)
    shown = _shown_time(view)
    typed = f"{controls.start} to {controls.end}"
    known = {f"{each} to now": RANGES[each] for each in RANGES}.get(typed, typed)
    label = escape(known) if controls.end.startswith("now") else shown
    theme = look.theme.mode
    other = next(each for each in Mode if each != theme)
    return (
        f'<form class="controls" action="/d/{escape(board.uid)}">{fields}'
        f'<details class="time"><summary title="{shown}">{label}</summary>'
        f'<div class="menu"><div>{times}<button>Apply</button></div>{ranges}</div></details>'
        f'<label>Refresh<select name="refresh">{refresh}</select></label>'
        f'<input type="hidden" name="theme" value="{theme}">'
        f"{link(other, theme=other)}</form>"
    )


def _section(board: Board, panel: Panel, answers: Answers, view: View, look: Look) -> str:
    at, title = panel.place, escape(panel.title)
    place = f"grid-area:{at.y + 1}/{at.x + 1}/span {at.h}/span {at.w}"
    if panel.kind == ROW:
        return f'<h2 id="panel-{panel.id}" style="{place}">{title}</h2>'
    try:
        body = _body(panel, answers.get(panel.id, Answer((), view.time, 1)), look)
    except Unsupported as wrong:
        raise Unsupported(f"{_name(board, panel)}: {wrong}") from wrong
    tip = f'<span class="help" tabindex="0">i<span>{escape(panel.description)}</span></span>'
    heading = f"<h3><span>{title}</span>{tip if panel.description else ''}</h3>"
    return (
        f'<section id="panel-{panel.id}" data-kind="{escape(panel.kind)}" style="{place}">'
        f'{heading}<div class="body">{body}</div></section>'
    )


def _body(panel: Panel, answer: Answer, look: Look) -> str:
    if panel.source == JAEGER:
        return traces(panel, answer, look)
    if panel.source not in ("", PROMETHEUS):
        source = panel.source.capitalize()
        return empty(
            f"In Grafana, read from {source}; the preview queries Prometheus and Jaeger only."
        )
    if panel.kind in HTML:
        return HTML[panel.kind](panel, answer, look)
    figure = _CHARTS[panel.kind](panel, answer, look)
    if figure is None:
        return empty(panel.fields.of("").no_value)
    # In a script element only "<" can end or change what is read.
    written = json.dumps(figure, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    below = legend(panel, answer, look) if panel.kind == "timeseries" else ""
    return f'<div class="plot"></div><script type="application/json">{written}</script>{below}'


def _name(board: Board, panel: Panel) -> str:
    return f'board {board.uid}, panel "{panel.title}"'


def _control(variable: Variable, view: View, choices: Mapping[str, tuple[str, ...]]) -> str:
    name, value = escape(f"var-{variable.name}"), view.chosen.get(variable.name, "")
    if not variable.selector:
        field = f'<input name="{name}" value="{escape(value)}">'
    else:
        known = choices.get(variable.name, ())
        gone = (value,) if value and value not in known else ()
        every = "" if variable.one else _option("", "All", value)
        options = every + "".join(_option(each, each, value) for each in (*known, *gone))
        field = f'<select name="{name}">{options}</select>'
    return f"<label>{escape(variable.title)}{field}</label>"


def _option(value: str, text: str, chosen: str) -> str:
    selected = " selected" if value == chosen else ""
    return f'<option value="{escape(value)}"{selected}>{escape(text)}</option>'
