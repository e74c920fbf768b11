"""The live pages of a running demo, as a person sees them in a browser."""

from selenium.webdriver import Chrome

from dashboards import BOARDS
from dashboards.board import Board
from stacks.architectures import ARCHITECTURES
from tests.browser import complaints, shown, texts

_EMPTY = "section:has(.empty) h3 > span:first-child"


def opened(driver: Chrome, address: str) -> None:
    """Open a page and wait until it is drawn; its console must be silent."""
    driver.get(address)
    shown(driver, "body[data-drawn]")
    assert complaints(driver) == [], address


def without_data(driver: Chrome) -> set[str]:
    """The titles of the panels that show a text instead of data."""
    return set(texts(driver, _EMPTY))


def impossible(board: Board, architecture: str) -> set[str]:
    """The titles of the panels that cannot have data in a demo of the architecture."""
    chosen = ARCHITECTURES[architecture]
    local = chosen.sources - chosen.kubelet_sources
    return {each.signal.title for each in board.panels if each.signal.needs not in local}


def missing(driver: Chrome, site: str, architecture: str, server: str) -> dict[str, set[str]]:
    """Open every board: the panels without data that could have some, by board.

    The server is chosen where a board, or its traces, can show only one.
    """
    found = {}
    for board in BOARDS:
        one = board.traces or any(each.one for each in board.variables)
        chosen = f"&var-server={server}" if one else ""
        opened(driver, f"{site}d/{board.uid}?from=now-2m&to=now&refresh=off{chosen}")
        found[board.uid] = without_data(driver) - impossible(board, architecture)
    return {uid: titles for uid, titles in found.items() if titles}
