"""Where the links in a board's JSON lead from its page: to pages of other boards, and to Jaeger."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from lab.preview.model import Board

Labels = Mapping[str, str]

_BOARD = re.compile(r"^/?d/([A-Za-z0-9_-]+)(?:\?(.*))?$")
_KEPT = re.compile(r"^\$\{(\w+):queryparam\}$")
_LABEL = re.compile(r"\$\{__(?:field\.labels|data\.fields)\.(\w+):percentencode\}")


@dataclass(frozen=True, slots=True)
class Link:
    """Something to follow: what it leads to in words, and its address."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Links:
    """Which boards have pages, and the parameters of this one's address.

    Pages that are `live` take the variables and the time that a link hands over; a file is what it
    is. `jaeger` is the base address of Jaeger's API, None if it is not known; `spans` are the board
    and the panel that show a trace span by span.
    """

    pages: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    jaeger: str | None = None
    spans: tuple[str, int] | None = None

    def of(self, links: Iterable[Mapping[str, Any]], labels: Labels) -> tuple[Link, ...]:
        """The links of a field that lead somewhere, for a series or a row with these labels."""
        found = ((each["title"], self.address(each["url"], labels)) for each in links)
        return tuple(Link(title, address) for title, address in found if address)

    def address(self, url: str, labels: Labels) -> str | None:
        """The page that Grafana's address means; None if it is of a board without one."""
        board = _BOARD.match(url)
        if board is None:
            return url if re.match("https?://[^$]*$", url) else None
        uid, query = board[1], board[2] or ""
        if uid not in self.pages:
            return None
        return self.page(uid, self._variables(query.split("&"), labels))

    def page(
        self, uid: str, variables: Mapping[str, str], changed: Mapping[str, str] | None = None
    ) -> str:
        """A board's page with these variables; time and looks stay if they are not `changed`."""
        if not self.live:
            return f"{uid}.html"
        kept = {k: v for k, v in self.parameters.items() if not k.startswith("var-")}
        query = urlencode({**variables, **kept, **(changed or {})})
        return f"/d/{uid}?{query}" if query else f"/d/{uid}"

    def trace(self, id: str) -> str | None:
        """To a trace: a waterfall on a live page, else the JSON of Jaeger's API."""
        if self.jaeger is None or not id:
            return None
        if not self.live or self.spans is None:
            return self.api(id)
        uid, panel = self.spans
        kept = {k: v for k, v in self.parameters.items() if k.startswith("var-")}
        return f"{self.page(uid, {**kept, 'var-trace': id})}#panel-{panel}"

    def api(self, id: str) -> str:
        """To a trace in Jaeger's own JSON."""
        return f"{self.jaeger}/api/traces/{quote(id, safe='')}"

    def _variables(self, parts: Iterable[str], labels: Labels) -> dict[str, str]:
        """The variables that a link sets, and those that it keeps as they are."""
        chosen = {}
        for part in parts:
            name, _, value = part.partition("=")
            kept = _KEPT.match(part)
            if kept and (same := self.parameters.get(f"var-{kept[1]}")):
                chosen[f"var-{kept[1]}"] = same
            elif name.startswith("var-") and (given := _filled(value, labels)):
                chosen[name] = given
        return chosen


def _filled(value: str, labels: Labels) -> str | None:
    """The value with its labels' values in their places; None if one is missing."""
    if not all(labels.get(each) for each in _LABEL.findall(value)):
        return None
    return unquote(_LABEL.sub(lambda found: quote(labels[found[1]], safe=""), value))


def links(
    boards: tuple[Board, ...], parameters: Mapping[str, str], jaeger: str | None, *, live: bool
) -> Links:
    """The links of a page to the pages of all boards."""
    panels = ((board.uid, panel) for board in boards for panel in board.panels)
    spans = ((uid, panel.id) for uid, panel in panels if panel.kind == "traces")
    pages = frozenset(each.uid for each in boards)
    return Links(pages, parameters, live, jaeger, next(spans, None))
