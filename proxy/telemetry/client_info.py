"""Who made a call: what an MCP client declares of itself, as it may become a label."""

from typing import Final, NamedTuple

from .vocabulary import cut


class ClientInfo(NamedTuple):
    """An MCP client: `clientInfo` of `initialize` or `_meta`, or a product of User-Agent.

    Both are printable and at most `TOOL_BYTES` long; an unknown `version` is "".
    """

    name: str
    version: str


UNKNOWN_CLIENT: Final = ClientInfo("unknown", "")
"""The client of requests that do not name one."""


def client_info(name: str, version: str) -> ClientInfo:
    """A client by what it declares, cleaned; `UNKNOWN_CLIENT` if nothing is left of the name."""
    label = printable(name)
    return ClientInfo(label, printable(version)) if label else UNKNOWN_CLIENT


def printable(text: str) -> str:
    """Text as a label: cut, without surrounding space, and other than printable characters `?`."""
    short = cut(text.strip())
    if short.isprintable():
        return short
    return cut("".join(each if each.isprintable() else "?" for each in short))
