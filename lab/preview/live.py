"""The boards as live pages: each is asked for and drawn anew on every request, on loopback."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

from lab.jaeger_api import Jaeger
from lab.ports import LOOPBACK
from lab.preview.asking import Choice, answers, settled
from lab.preview.colours import THEMES, Mode
from lab.preview.errors import PreviewError
from lab.preview.links import TAGS, TRACE, VIEW, guide
from lab.preview.model import Board
from lab.preview.page import html
from lab.preview.sheet import Sheet
from lab.preview.window import Window, seconds
from lab.prometheus_api import Prometheus, QueryRefused, Unreachable
from proxy.hosts import host, names_loopback

Clock = Callable[[], float]

IDLE_SECONDS = 30
"""How long a connection may say nothing."""


_INDEX = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>MCP boards</title>
<style>
body { background: $canvas; color: $text; font: 15px/2 Inter, "DejaVu Sans", Arial, sans-serif; }
a { color: $link; }
</style>
<ul>$items</ul>
""")


class NoSuchPage(PreviewError):
    """The address names no board."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: boards, and what a request shows that asks for nothing else."""

    boards: tuple[Board, ...]
    prometheus: str
    choice: Choice
    mode: Mode
    jaeger: str | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        """What a page can be asked for: the boards' variables, traces, time and theme."""
        variables = (each.name for board in self.boards for each in board.variables)
        return (*dict.fromkeys(variables), TAGS, TRACE, *VIEW)

    def page(self, address: str, now: float) -> str:
        """The page at a path with parameters; raises PreviewError, Unreachable, QueryRefused."""
        url = urlsplit(address)
        if url.path == "/":
            return self._index()
        board = self._board(url.path)
        asked = dict(parse_qsl(url.query))
        if unknown := sorted(asked.keys() - set(self.parameters)):
            raise PreviewError(f'parameter "{unknown[0]}": known are {", ".join(self.parameters)}')
        prometheus, theme = Prometheus(self.prometheus), THEMES[self._mode(asked)]
        choice = settled(prometheus, board, self._choice(asked, now))
        jaeger = Jaeger(self.jaeger) if self.jaeger else None
        found = answers(prometheus, board, choice, jaeger)
        suffix = f"?{url.query}" if url.query else ""
        menu = tuple((each.title, f"{each.uid}.html{suffix}") for each in self.boards)
        leading = guide(self.boards, {**choice.chosen, **asked}, self.jaeger, live=True)
        return html(Sheet(board, found, choice, theme, menu, leading))

    def _index(self) -> str:
        theme = THEMES[self.mode]
        items = "".join(
            f'<li><a href="{each.uid}.html">{escape(each.title)}</a> {escape(each.description)}'
            for each in self.boards
        )
        return _INDEX.substitute(
            canvas=theme.canvas, text=theme.text, link=theme.colour("blue"), items=items
        )

    def _board(self, path: str) -> Board:
        for board in self.boards:
            if path == f"/{board.uid}.html":
                return board
        raise NoSuchPage(f'no page "{path}"; / lists the boards')

    def _choice(self, asked: dict[str, str], now: float) -> Choice:
        window = self.choice.window
        length = seconds(asked["from"]) if "from" in asked else window.length
        chosen = {name: value for name, value in asked.items() if name not in VIEW}
        return Choice(Window(now, length, window.min_step), {**self.choice.chosen, **chosen})

    def _mode(self, asked: dict[str, str]) -> Mode:
        wanted = asked.get("theme", self.mode)
        if wanted not in list(Mode):
            raise PreviewError(f'theme "{wanted}": known are {", ".join(Mode)}')
        return Mode(wanted)


def server(site: Site, port: int, clock: Clock) -> ThreadingHTTPServer:
    """A server of the site on loopback, one page at a time; raises OSError if it cannot."""
    # matplotlib's settings are global; threads are for browsers that connect before they ask.
    drawing = Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE_SECONDS

        def do_GET(self) -> None:
            if _rebound(self.headers.get("Host", "")):
                status, text = 403, "these pages are of this machine: use localhost\n"
            else:
                with drawing:
                    status, text = _answered(site, self.path, clock())
            payload = text.encode()
            kind = "text/html" if status == 200 else "text/plain"
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(payload)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            return

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def _rebound(named: str) -> bool:
    """Whether a page of elsewhere made its own name an address of this machine."""
    try:
        return not names_loopback(host(named))
    except ValueError:
        return True


def _answered(site: Site, address: str, now: float) -> tuple[int, str]:
    try:
        return 200, site.page(address, now)
    except NoSuchPage as missing:
        return 404, f"{missing}\n"
    except PreviewError as mistake:
        return 400, f"{mistake}\n"
    except (Unreachable, QueryRefused) as wrong:
        return 502, f"{wrong}\n"
