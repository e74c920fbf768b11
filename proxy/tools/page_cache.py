"""Pages of `tools/list` that were read, by their bytes: one that did not change is not read again.

What a server can have the proxy read is bounded: the length of a page, and the bytes in a second.
"""

from .byte_quota import ByteQuota
from .definition import Digest, digest_of
from .page import ReadPage, ToolPage, read_page

LONGEST_PAGE = 4 * 1024 * 1024
"""Bytes of an answer; about a million tokens, more than a model takes. A longer one is not read."""
BYTES_PER_SECOND = 4 * 1024 * 1024
"""Of pages that are read, so that a list which is always another takes at most some percent of a
processor.
"""
MOST_CACHED_TOOLS = 10_000
"""Tools of all pages that are remembered; each page counts as one more."""


class PageCache:
    """Reads pages; the longest unused is forgotten."""

    __slots__ = ("_pages", "_quota", "_tools")

    def __init__(self) -> None:
        self._pages: dict[Digest, ToolPage] = {}
        self._tools = 0
        self._quota = ByteQuota(BYTES_PER_SECOND)

    def __repr__(self) -> str:
        return f"<PageCache pages={len(self._pages)} tools={self._tools}>"

    def read(self, tools: bytes, now: float) -> ReadPage | None:
        """The page whose member `tools` is that text, without definitions if it is remembered.

        None if it is not a list of objects, or if too much was read in this second. `now` is in
        seconds of a clock that does not go back.
        """
        key = digest_of(tools)
        page = self._pages.pop(key, None)
        if page is not None:
            self._pages[key] = page
            return ReadPage(page, {})
        read = read_page(tools) if self._quota.admits(len(tools), now) else None
        if read is not None:
            self._make_room(_size(read.page))
            self._tools += _size(read.page)
            self._pages[key] = read.page
        return read

    def _make_room(self, size: int) -> None:
        while self._pages and self._tools + size > MOST_CACHED_TOOLS:
            self._tools -= _size(self._pages.pop(next(iter(self._pages))))


def _size(page: ToolPage) -> int:
    return 1 + len(page.tools)
