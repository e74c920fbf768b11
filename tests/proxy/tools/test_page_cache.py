"""A page that did not change is not read again, and what is read in a second is bounded."""

from proxy.telemetry.listed_tools import MOST_TOOLS
from proxy.tools.page_cache import BYTES_PER_SECOND, MOST_CACHED_TOOLS, PageCache
from tests.proxy.tools.lists import text, tool


def test_the_same_bytes_are_the_same_page() -> None:
    pages = PageCache()
    first = pages.page(text([tool("a")]), 0.0)
    assert first is not None
    assert pages.page(text([tool("b")]), 0.0) is not None
    assert pages.page(text([tool("a")]), 100.0) is first


def test_in_a_second_only_so_many_new_bytes_are_read() -> None:
    pages, length = PageCache(), BYTES_PER_SECOND // 8
    texts = [text([tool(f"{n}", description="x" * length)]) for n in range(9)]
    found = [pages.page(each, 7.5) for each in texts]
    assert [each is None for each in found] == [False] * 7 + [True] * 2
    assert pages.page(texts[0], 7.5) is found[0]
    assert pages.page(texts[8], 8.0) is not None


def test_the_pages_that_are_remembered_are_bounded() -> None:
    pages, kept = PageCache(), MOST_CACHED_TOOLS // MOST_TOOLS
    texts = [text(tool(f"{n}-{each}") for each in range(MOST_TOOLS)) for n in range(kept + 1)]
    found = [pages.page(each, float(now)) for now, each in enumerate(texts)]
    assert repr(pages) == f"<PageCache pages={kept} tools={MOST_CACHED_TOOLS}>"
    assert pages.page(texts[-1], 100.0) is found[-1]
    again = pages.page(texts[0], 100.0)
    assert again == found[0]
    assert again is not found[0]
