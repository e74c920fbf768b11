"""How each kind of message is handled on each route through the proxy, as data for docs/.

`tests/integration/test_translation_matrix.py` walks every cell with real processes.
"""

from enum import StrEnum
from typing import NamedTuple


class Handling(StrEnum):
    """How a message is handled."""

    CROSSES = "crosses"
    TRANSLATED = "translated"
    REFUSED = "refused"
    NONE = "-"


class Route(StrEnum):
    """A way from client to server, by their transports and eras."""

    BYTES = "bytes"
    LINK = "link"
    SHARED = "shared"
    DOWN = "down"
    UP = "up"


class Cell(NamedTuple):
    """How a message is handled, and a remark; `code` is the error of a refusal (0: none)."""

    fate: Handling
    note: str = ""
    code: int = 0

    def __str__(self) -> str:
        named = f"{self.fate} {self.code}" if self.code else str(self.fate)
        return f"{named}: {self.note}" if self.note else named


TITLES = {
    Route.BYTES: "streamable HTTP to streamable HTTP, same era",
    Route.LINK: "with sessions, by HTTP+SSE or to a HTTP+SSE or stdio server",
    Route.SHARED: "2026-07-28 to a stdio server of it",
    Route.DOWN: "2026-07-28 to a server with sessions",
    Route.UP: "with sessions to a server of 2026-07-28",
}
"""The titles of the routes."""

_YES = Cell(Handling.CROSSES)


def _translated(note: str) -> Cell:
    return Cell(Handling.TRANSLATED, note)


def _refused(code: int, note: str = "") -> Cell:
    return Cell(Handling.REFUSED, note, code)


def _none(note: str = "") -> Cell:
    return Cell(Handling.NONE, note)


class Kind(NamedTuple):
    """A kind of message, and its cells."""

    name: str
    cells: dict[Route, Cell]


def _kind(name: str, bytes_: Cell, link: Cell, shared: Cell, down: Cell, up: Cell) -> Kind:
    return Kind(name, dict(zip(Route, (bytes_, link, shared, down, up), strict=True)))


KINDS = (
    _kind(
        "requests and answers", _YES, _YES, _translated("ids"),
        _translated("`_meta` off; `resultType`, `serverInfo` on"), _translated("`_meta` on"),
    ),
    _kind(
        "opening", _YES, _YES, _YES, _translated("`server/discover` from `initialize`"),
        _translated("`initialize` from `server/discover`"),
    ),
    _kind("progress", _YES, _YES, _translated("tokens"), _translated("tokens"), _YES),
    _kind(
        "cancellation", _YES, _YES, _translated("closing sends `notifications/cancelled`"),
        _translated("closing sends `notifications/cancelled`"),
        _translated("ids; over HTTP it closes"),
    ),
    _kind(
        "resumption (Last-Event-ID)", _YES, _none("no event ids"), _none(), _none(),
        _none("no event ids"),
    ),
    _kind(
        "list-changed notifications", _YES, _YES, _YES,
        _translated("to `subscriptions/listen`"), _translated("from `subscriptions/listen`"),
    ),
    _kind(
        "resource subscriptions", _YES, _YES, _YES, _translated("`resources/subscribe`"),
        _translated("`subscriptions/listen`"),
    ),
    _kind(
        "logging", _YES, _YES, _YES, _translated("`logging/setLevel`"),
        _translated("level in `_meta`"),
    ),
    *(
        _kind(
            name, _YES, _YES, _YES, _translated("`input_required`"),
            _translated("asked, then sent again"),
        )
        for name in ("sampling", "elicitation", "roots")
    ),
    _kind("ping", _YES, _YES, _YES, _refused(-32601), _translated("answered by the proxy")),
    _kind("`_meta` of others", _YES, _YES, _YES, _YES, _YES),
    _kind(
        "batch", _YES, _YES, _refused(-32600), _refused(-32600), _translated("one by one")
    ),
    _kind(
        "Mcp-Method, Mcp-Name headers", _YES, _none(), _translated("checked (-32020), then off"),
        _translated("checked (-32020), then off"), _translated("made of the body"),
    ),
    _kind(
        "Mcp-Param-* headers", _YES, _none(), _translated("checked, once listed"),
        _translated("checked, once listed"),
        _translated("made of the tool's schema"),
    ),
    _kind(
        "cache hints", _YES, _none(), _YES, _translated("`ttlMs` 0, private"), _YES
    ),
    _kind("unknown methods", _YES, _YES, _YES, _YES, _YES),
    _kind("unknown fields", _YES, _YES, _YES, _YES, _YES),
    _kind(
        "unknown notifications of clients", _YES, _YES, _refused(-32600), _refused(-32600), _YES
    ),
    _kind(
        "unknown notifications of servers", _YES, _YES, _none("of no request"),
        _none("of no request"), _YES,
    ),
    _kind("tasks of 2025-11-25", _YES, _YES, _YES, _refused(-32601), _YES),
    _kind("a later version", _YES, _none(), _YES, _refused(-32022), _none()),
)  # fmt: skip
