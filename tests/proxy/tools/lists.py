"""Lists of tools as servers answer them, and clients that request them."""

import json
from collections.abc import Iterable
from typing import Any

from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.tools.tool_lists import Lister, ToolLists


def tool(name: str, **more: Any) -> dict[str, Any]:
    """A tool as a server lists it."""
    return {"name": name, "inputSchema": {"type": "object"}, **more}


def text(tools: Iterable[object]) -> bytes:
    """The text of the member `tools`."""
    return json.dumps(list(tools)).encode()


class ScriptedLister:
    """Takes whole lists to `lists`, in pages of so many tools; `name` is the lister."""

    def __init__(self, lists: ToolLists, name: str = "client") -> None:
        self.lists = lists
        self.lister = Lister(ClientInfo("client", "1"), "2025-11-25", name)
        self.now = 0.0

    def get(self, tools: Iterable[object], size: int = 1000) -> None:
        """The server lists these, a second after the list before."""
        self.now += 1.0
        listed = list(tools)
        for start in range(0, max(1, len(listed)), size):
            page, following = listed[start : start + size], start + size
            self.page(page, str(start or ""), str(following) if following < len(listed) else "")

    def page(self, tools: Iterable[object], cursor: str = "", following: str = "") -> None:
        """The server answers a page."""
        read = text(tools)
        self.lists.take(read, len(read), self.lister, self.now, cursor, following)


def lister() -> tuple[Ledger, ScriptedLister]:
    """One that asks, and the ledger that shows what is known then."""
    ledger = Ledger("fetch", "stdio")
    return ledger, ScriptedLister(ToolLists(ledger))
