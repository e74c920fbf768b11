"""What the ledger shows of a server's tools, as clients list them."""

import logging

import pytest

from proxy.telemetry.catalogue import Outcome
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.listed_tools import MOST_TOOLS
from proxy.telemetry.vocabulary import TOOL_BYTES
from proxy.tools.page_cache import LONGEST_PAGE
from proxy.tools.tool_lists import STALE_SECONDS
from tests.proxy.tools.lists import ScriptedLister, lister, text, tool

A, B, C = tool("a"), tool("b", description="x" * 100), tool("c")


def names(ledger: object) -> set[str]:
    return set(ledger.tools.sizes)  # type: ignore[attr-defined]


def test_the_list_is_complete_with_its_last_page() -> None:
    ledger, client = lister()
    assert (ledger.tools.complete, ledger.tools.total) == (False, 0)
    client.page([A, B], following="2")
    assert (ledger.tools.complete, names(ledger)) == (False, {"a", "b"})
    client.page([C], "2")
    assert (ledger.tools.complete, ledger.tools.total) == (True, 3)
    assert ledger.tools.sizes["b"].description == 100


def test_an_empty_list_is_one() -> None:
    ledger, client = lister()
    client.get([])
    assert (ledger.tools.complete, ledger.tools.total) == (True, 0)


def test_a_tool_that_is_listed_in_another_way_has_another_size() -> None:
    ledger, client = lister()
    client.get([A, B])
    client.get([A, {**B, "description": "y"}])
    assert ledger.tools.sizes["b"].description == 1


def test_nothing_is_published_for_a_list_that_did_not_change() -> None:
    ledger, client = lister()
    client.get([A, B], 1)
    before = ledger.tools
    client.get([A, B], 1)
    client.get([B, A], 2)
    assert ledger.tools is before


def test_a_tool_leaves_the_list_once_a_client_that_had_it_lists_without_it() -> None:
    ledger, client = lister()
    other = ScriptedLister(client.lists, "other")
    client.get([A, B, C], 2)
    other.get([A])
    assert names(ledger) == {"a", "b", "c"}
    client.get([A, B])
    assert names(ledger) == {"a", "b"}


def test_a_tool_that_nobody_lists_any_more_leaves_the_list_in_time() -> None:
    ledger, client = lister()
    client.get([A, B])
    other = ScriptedLister(client.lists, "other")
    other.now = STALE_SECONDS
    other.get([A])
    assert names(ledger) == {"a", "b"}
    other.now = STALE_SECONDS + 2.0
    other.get([A])
    assert names(ledger) == {"a"}


def test_pages_of_an_order_that_changes_between_them_remove_nothing() -> None:
    ledger, client = lister()
    client.get([A, B, C], 2)
    client.page([C, B], following="2")
    client.page([B], "2")
    assert names(ledger) == {"a", "b", "c"}


def test_tools_are_called_by_the_class_that_they_are_listed_with() -> None:
    ledger, client = lister()
    client.get([tool("x" * 1000, annotations={"readOnlyHint": True})])
    ledger.record_caller(ClientInfo("agent", ""), "", "x" * 1000, Outcome.OK)
    assert list(ledger.clients.rows) == [("agent", "", "read_only", "ok")]
    assert names(ledger) == {"x" * TOOL_BYTES}


def test_ten_thousand_tools_are_counted_and_some_are_named() -> None:
    ledger, client = lister()
    many = [tool(f"{number:05}") for number in range(10_000)]
    for size in (10_000, 70):
        client.get(many, size)
        listed = ledger.tools
        assert (listed.total, len(listed.sizes)) == (10_000, MOST_TOOLS)
        sizes = listed.more_size, *listed.sizes.values()
        assert sum(map(sum, sizes)) == sum(len(text([each])) - 2 for each in many)


def test_a_page_that_is_too_long_is_not_read_and_the_log_is_bounded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, client = lister()
    client.get([A])
    before = ledger.tools
    read = text([B])
    with caplog.at_level(logging.WARNING):
        for length in [LONGEST_PAGE + 1] * 1000:
            client.lists.take(read, length, client.lister, 1.0)
        client.lists.take(b"7", 1, client.lister, 2.0)
    assert ledger.tools is before
    assert [each.fields for each in caplog.records] == [  # type: ignore[attr-defined]
        {"server": "fetch", "bytes": LONGEST_PAGE + 1},
        {"server": "fetch", "bytes": 1, "left_out": 999},
    ]
