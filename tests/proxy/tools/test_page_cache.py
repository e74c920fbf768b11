"""A page that did not change is not read again, and what is read in a second is bounded."""

from proxy.telemetry.listed_tools import MOST_TOOLS
from proxy.tools.page_cache import BYTES_PER_SECOND, MOST_CACHED_TOOLS, PageCache
from tests.proxy.tools.lists import text, tool


def test_the_same_bytes_are_the_same_page() -> None:
    pages = PageCache()
    first = pages.read(text([tool("a")]), 0.0)
    assert first is not None
    assert len(first.forms) == 1
    assert pages.read(text([tool("b")]), 0.0) is not None
    again = pages.read(text([tool("a")]), 100.0)
    assert again is not None
    assert again.page is first.page
    assert again.forms == {}


def test_in_a_second_only_so_many_new_bytes_are_read() -> None:
    pages, length = PageCache(), BYTES_PER_SECOND // 8
    texts = [text([tool(f"{n}", description="x" * length)]) for n in range(9)]
    found = [pages.read(each, 7.5) for each in texts]
    assert [each is None for each in found] == [False] * 7 + [True] * 2
    assert pages.read(texts[0], 7.5) is not None
    assert pages.read(texts[8], 8.0) is not None


def test_the_pages_that_are_remembered_are_bounded() -> None:
    pages, kept = PageCache(), MOST_CACHED_TOOLS // (MOST_TOOLS + 1)
    texts = [text(tool(f"{n}-{each}") for each in range(MOST_TOOLS)) for n in range(kept + 1)]
    for now, each in enumerate(texts):
        assert pages.read(each, float(now)) is not None
    assert repr(pages) == f"<PageCache pages={kept} tools={kept * (MOST_TOOLS + 1)}>"
    for each, known in ((texts[-1], True), (texts[0], False)):
        found = pages.read(each, 100.0)
        assert found is not None
        assert (found.forms == {}) is known


def test_pages_without_tools_are_bounded_too() -> None:
    pages = PageCache()
    for number in range(MOST_CACHED_TOOLS + 5):
        assert pages.read(text([{"title": f"{number}"}]), 0.0) is not None
    assert repr(pages) == f"<PageCache pages={MOST_CACHED_TOOLS} tools={MOST_CACHED_TOOLS}>"
