"""Where the links in a board's JSON lead from its page: to pages of other boards, and to Jaeger."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from lab.preview.model import Board

Labels = Mapping[str, str]

TAGS, TRACE = "tags", "trace"
"""What a link asks of the traces that a board shows: an attribute with its value; a trace's id."""

VIEW = ("from", "theme")
"""What every page can be asked for, whatever the variables of its board."""

_BOARD = re.compile(r"^/?d/([A-Za-z0-9_-]+)(?:\?(.*))?$")
_KEPT = re.compile(r"^\$\{(\w+):queryparam\}$")
_LABEL = re.compile(r"\$\{__(?:field\.labels|data\.fields)\.(\w+):percentencode\}")


@dataclass(frozen=True, slots=True)
class Way:
    """Something to follow: what it leads to in words, and its address."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Guide:
    """Which boards have pages, and what this one was asked for, by parameter.

    Pages that are `live` can be asked too, for the variables and the time that a link hands over;
    a file is what it is. `jaeger` is the base address of Jaeger's API, None if nobody knows it;
    `spans` are the board and the place on its page that show a trace span by span.
    """

    pages: frozenset[str] = frozenset()
    asked: Mapping[str, str] = field(default_factory=dict)
    live: bool = False
    jaeger: str | None = None
    spans: tuple[str, str] | None = None

    def ways(self, links: Iterable[Mapping[str, Any]], labels: Labels) -> tuple[Way, ...]:
        """The links of a field that lead somewhere, for a series or a row with these labels."""
        found = ((each["title"], self.address(each["url"], labels)) for each in links)
        return tuple(Way(title, address) for title, address in found if address)

    def address(self, url: str, labels: Labels) -> str | None:
        """The page that Grafana's address means; None if it is of a board without one."""
        board = _BOARD.match(url)
        if board is None:
            return None if "${" in url else url
        uid, query = board[1], board[2] or ""
        if uid not in self.pages:
            return None
        chosen = self._chosen(query.split("&"), labels) if self.live else {}
        return f"{uid}.html?{urlencode(chosen)}" if chosen else f"{uid}.html"

    def trace(self, id: str) -> tuple[Way, ...]:
        """To one trace: on the board that shows it span by span, and as Jaeger's API tells it."""
        if self.jaeger is None or not id:
            return ()
        api = Way("The trace, by Jaeger's API", f"{self.jaeger}/api/traces/{quote(id, safe='')}")
        if self.spans is None or not self.live:
            return (api,)
        uid, panel = self.spans
        query = urlencode({**self.asked, TRACE: id})
        return (Way("The trace, span by span", f"{uid}.html?{query}#{panel}"), api)

    def _chosen(self, parts: Iterable[str], labels: Labels) -> dict[str, str]:
        """What the page is asked for: variables as the link says, time and theme as they are."""
        chosen = {}
        for part in parts:
            name, _, value = part.partition("=")
            kept = _KEPT.match(part)
            if kept and kept[1] in self.asked:
                chosen[kept[1]] = self.asked[kept[1]]
            elif name.startswith("var-") and (filled := _filled(value, labels)):
                chosen[name.removeprefix("var-")] = filled
        return chosen | {each: self.asked[each] for each in VIEW if each in self.asked}


def _filled(value: str, labels: Labels) -> str | None:
    """The value with its labels' values in their places; None if one is missing."""
    if not all(labels.get(each) for each in _LABEL.findall(value)):
        return None
    return unquote(_LABEL.sub(lambda found: quote(labels[found[1]], safe=""), value))


def guide(
    boards: tuple[Board, ...], asked: Mapping[str, str], jaeger: str | None, *, live: bool
) -> Guide:
    """The guide of a page, beside the pages of all boards."""
    panels = ((board.uid, panel) for board in boards for panel in board.panels)
    spans = ((uid, f"panel-{panel.id}") for uid, panel in panels if panel.kind == "traces")
    pages = frozenset(each.uid for each in boards)
    return Guide(pages, asked, live, jaeger, next(spans, None))


NOWHERE = Guide()
"""For a drawing that nobody can click."""
