"""Pages of lists: which belong together, and when a list is whole."""

from proxy.telemetry.listed_tools import MOST_TOOLS, ToolHints, ToolSize
from proxy.tools.listing import (
    MOST_LISTERS,
    MOST_LISTS,
    MOST_OPEN,
    LastLists,
    Listing,
    OpenListings,
)
from proxy.tools.page import ListedTool, ToolPage

SIZE = ToolSize(1, 2, 3, 4)


def page(*names: str, more: int = 0) -> ToolPage:
    tools = tuple(ListedTool(name, ToolHints(), SIZE, b"") for name in names)
    return ToolPage(tools, more, ToolSize(*(more * part for part in SIZE)))


def test_a_list_is_whole_with_its_last_page() -> None:
    listings = OpenListings()
    assert listings.add("a", "", "2", page("one", "two")) is None
    assert listings.add("a", "2", "3", page("three")) is None
    whole = listings.add("a", "3", "", page("four"))
    assert whole is not None
    assert whole.names == {"one", "two", "three", "four"}
    assert whole.consistent
    assert repr(listings) == "<OpenListings 0>"


def test_listers_do_not_mix_and_a_page_without_its_start_completes_nothing() -> None:
    listings = OpenListings()
    listings.add("a", "", "2", page("one"))
    assert listings.add("b", "2", "", page("two")) is None
    whole = listings.add("a", "2", "", page("two"))
    assert whole is not None
    assert whole.names == {"one", "two"}
    assert listings.add("a", "2", "", page("two")) is None


def test_two_lists_at_the_same_place_have_rather_too_many_names_than_too_few() -> None:
    listings = OpenListings()
    listings.add("a", "", "2", page("one", "two"))
    listings.add("a", "", "2", page("two", "three"))
    whole = listings.add("a", "2", "", page("four"))
    assert whole is not None
    assert whole.names == {"one", "two", "three", "four"}


def test_a_list_in_which_a_tool_comes_twice_is_not_consistent() -> None:
    listings = OpenListings()
    listings.add("a", "", "2", page("one", "two"))
    whole = listings.add("a", "2", "", page("two"))
    assert whole is not None
    assert not whole.consistent


def test_of_tools_beyond_those_that_are_named_number_and_size_are_known() -> None:
    listings, names = OpenListings(), [f"{number}" for number in range(MOST_TOOLS - 1)]
    listings.add("a", "", "2", page(*names))
    whole = listings.add("a", "2", "", page("last", "beyond", more=2))
    assert whole is not None
    assert (len(whole.names), whole.more, whole.consistent) == (MOST_TOOLS, 3, True)
    assert whole.more_size == ToolSize(*(3 * part for part in SIZE))


def test_open_lists_are_bounded() -> None:
    listings = OpenListings()
    for number in range(MOST_OPEN + 1):
        listings.add("a", "", f"{number}", page("one"))
    assert repr(listings) == f"<OpenListings {MOST_OPEN}>"
    assert listings.add("a", "0", "", page("two")) is None
    whole = listings.add("a", "1", "", page("two"))
    assert whole == Listing({"one": b"", "two": b""})


def test_the_last_list_of_each_lister_is_known() -> None:
    last, one, two = LastLists(), frozenset("a"), frozenset("ab")
    assert last.replace("x", one, 1.0) is None
    assert last.replace("y", two, 2.0) is None
    assert last.replace("x", two, 3.0) == (one, 1.0)
    assert last.replace("x", one, 4.0) == (two, 3.0)


def test_what_is_remembered_of_listers_is_bounded() -> None:
    last, same = LastLists(), frozenset("a")
    for number in range(MOST_LISTERS + 1):
        last.replace(number, same, 0.0)
    assert repr(last) == f"<LastLists of={MOST_LISTERS} different=1>"
    assert last.replace(0, same, 0.0) is None
    for number in range(MOST_LISTS):
        last.replace(number, frozenset((f"n{number}",)), 0.0)
    assert repr(last) == f"<LastLists of={MOST_LISTERS} different={MOST_LISTS}>"
    assert last.replace(500, same, 0.0) is None
