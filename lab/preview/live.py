"""The boards as live pages on loopback: each is asked for and drawn again on every request."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from lab.jaeger_api import Jaeger
from lab.local.ports import LOOPBACK
from lab.preview.charts import Look
from lab.preview.errors import PreviewError
from lab.preview.links import links
from lab.preview.model import Board
from lab.preview.page import REFRESHES, Controls, asset, html
from lab.preview.queries import View, answers, choices
from lab.preview.theme import THEMES, Mode
from lab.preview.time_range import TimeRange, moment
from lab.prometheus_api import Prometheus, QueryRefused, Unreachable
from proxy.http.allowed_hosts import host, names_loopback

IDLE_SECONDS = 30
"""After this long without a request a connection is closed."""

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: no inline script runs. plotly sets styles inline."""

_STATIC = {
    "/static/plotly.js": "text/javascript",
    "/static/page.js": "text/javascript",
    "/static/page.css": "text/css",
}
_LOOKS = ("from", "to", "refresh", "theme")
_IGNORED = frozenset({"orgId", "timezone", "var-datasource", "var-jaeger"})
"""In Grafana's addresses, and without a meaning here."""


class NotFound(PreviewError):
    """The address names nothing that is served."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: boards, and what they show if an address does not say.

    `start` is a time as Grafana's URLs write it.
    """

    boards: tuple[Board, ...]
    prometheus: str
    jaeger: str | None = None
    start: str = "now-5m"
    min_step: int | None = None
    chosen: Mapping[str, str] | None = None
    mode: Mode = Mode.DARK

    def page(self, address: str, now: float) -> str:
        """The page at a path with parameters; raises PreviewError, Unreachable, QueryRefused."""
        url = urlsplit(address)
        if url.path == "/":
            return self._index()
        board = self._board(url.path)
        asked = self._asked(url.query)
        start, end = asked.get("from", self.start), asked.get("to", "now")
        refresh = _one_of(REFRESHES, "refresh", asked.get("refresh", "10s"))
        theme = THEMES[Mode(_one_of(tuple(Mode), "theme", asked.get("theme", self.mode)))]
        variables = {k.removeprefix("var-"): v for k, v in asked.items() if k not in _LOOKS}
        time = TimeRange(moment(start, now), moment(end, now), self.min_step)
        prometheus = Prometheus(self.prometheus)
        view = View(time, {**(self.chosen or {}), **variables})
        view, known = choices(prometheus, board, view)
        found = answers(prometheus, Jaeger(self.jaeger) if self.jaeger else None, board, view)
        parameters = {**{f"var-{k}": v for k, v in view.chosen.items()}, **asked}
        look = Look(theme, links(self.boards, parameters, self.jaeger, live=True))
        menu = {each.uid: each.title for each in self.boards}
        return html(board, found, view, look, menu, Controls(known, start, end, refresh))

    def _index(self) -> str:
        items = "".join(
            f'<li><a href="/d/{escape(uid)}">{escape(title)}</a> {escape(description)}'
            for uid, title, description in ((x.uid, x.title, x.description) for x in self.boards)
        )
        head = '<meta charset="utf-8"><meta name="color-scheme" content="dark light">'
        return f'<!doctype html><html lang="en">{head}<title>MCP boards</title><ul>{items}</ul>'

    def _board(self, path: str) -> Board:
        for board in self.boards:
            if path == f"/d/{board.uid}" or path.startswith(f"/d/{board.uid}/"):
                return board
        raise NotFound(f'no page "{path}"; / lists the boards')

    def _asked(self, query: str) -> dict[str, str]:
        """The parameters that have a value and a meaning; raises PreviewError for unknown ones."""
        names = (each.name for board in self.boards for each in board.variables)
        known = (*(f"var-{each}" for each in dict.fromkeys(names)), *_LOOKS)
        given = {k: v for k, v in parse_qsl(query) if k not in _IGNORED}
        if unknown := sorted(given.keys() - set(known)):
            raise PreviewError(f'parameter "{unknown[0]}": known are {", ".join(known)}')
        return {k: v for k, v in given.items() if v not in ("All", "$__all")}


def _one_of(known: tuple[str, ...], name: str, value: str) -> str:
    if value not in known:
        raise PreviewError(f'{name} "{value}": known are {", ".join(known)}')
    return value


def _rebound(named: str) -> bool:
    """Whether a page of elsewhere made its own name an address of this machine."""
    try:
        return not names_loopback(host(named))
    except ValueError:
        return True


def server(site: Site, port: int, clock: Callable[[], float]) -> ThreadingHTTPServer:
    """A server of the site on loopback; raises OSError if it cannot listen."""

    class Handler(BaseHTTPRequestHandler):
        timeout = IDLE_SECONDS

        def do_GET(self) -> None:
            status, kind, text = _response(site, self.headers.get("Host", ""), self.path, clock())
            payload = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(payload)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            kept = "max-age=600" if self.path == "/static/plotly.js" else "no-store"
            self.send_header("Cache-Control", kept)
            with suppress(ConnectionError):  # Whoever asked has gone on to another page.
                self.end_headers()
                self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            return

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


def _response(site: Site, named: str, address: str, now: float) -> tuple[int, str, str]:
    """Status, content type and text."""
    plain = "text/plain"
    if _rebound(named):
        return 403, plain, "these pages are of this machine: use localhost\n"
    if kind := _STATIC.get(address):
        return 200, kind, asset(address.removeprefix("/static/"))
    try:
        return 200, "text/html", site.page(address, now)
    except NotFound as missing:
        return 404, plain, f"{missing}\n"
    except PreviewError as mistake:
        return 400, plain, f"{mistake}\n"
    except (Unreachable, QueryRefused) as wrong:
        return 502, plain, f"{wrong}\n"
