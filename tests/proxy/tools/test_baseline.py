"""How a list differs from the approved tools."""

import logging
import random
from typing import Any

import pytest

from proxy.telemetry.catalogue import ToolChange
from proxy.telemetry.ledger import Ledger
from proxy.tools.definition import Definition
from proxy.tools.tool_lists import ToolLists
from tests.proxy.tools.lists import ScriptedLister, tool
from tests.proxy.tools.test_changes import definition

DIFFERS = "tool differs from the approved one"
A, B, C = tool("a", description="x"), tool("b", inputSchema={"const": 1}), tool("c")


def approved(*tools: dict[str, Any]) -> tuple[Ledger, ScriptedLister]:
    """A lister at a server of which these tools are approved."""
    ledger = Ledger("fetch", "stdio")
    known: dict[str, Definition] = {each["name"]: definition(**each) for each in tools}
    return ledger, ScriptedLister(ToolLists(ledger, known))


def differing(ledger: Ledger) -> dict[str, int]:
    return {kind.value: count for kind, count in ledger.baseline_differences.items() if count}


def test_the_list_that_was_approved_has_no_differences_and_all_kinds_are_at_zero() -> None:
    ledger, client = approved(A, B)
    assert ledger.baseline_differences == {}
    client.page([B], following="2")
    assert ledger.baseline_differences == {}
    client.page([A], "2")
    assert ledger.baseline_differences == dict.fromkeys(ToolChange, 0)


def test_differences_are_those_of_the_latest_list() -> None:
    ledger, client = approved(A, B)
    client.get([{**A, "description": "y"}, {**B, "name": "renamed"}, C])
    assert differing(ledger) == {"description_changed": 1, "tool_renamed": 1, "tool_added": 1}
    client.get([{**A, "description": "y"}])
    assert differing(ledger) == {"description_changed": 1, "tool_removed": 1}
    client.get([A, B])
    assert differing(ledger) == {}


def test_replicas_that_answer_in_turn_differ_once_in_the_log_and_all_the_time_in_the_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, client = approved(A, B)
    after = [{**A, "description": "y"}, B, C]
    with caplog.at_level(logging.WARNING, "proxy.tools"):
        client.get(after)
        client.get([A, B])
        for number in range(100):
            client.get([A, B] if number % 2 else after)
            assert differing(ledger) == {"description_changed": 1, "tool_added": 1}
    lines = [each for each in caplog.records if each.msg == DIFFERS]
    kinds = [each.fields["change"] for each in lines]  # type: ignore[attr-defined]
    assert sorted(kinds) == ["description_changed", "tool_added"]
    client.now += 1000.0
    client.get([A, B])
    assert differing(ledger) == {}


def test_pages_in_an_order_of_their_own_differ_in_nothing() -> None:
    tools = [tool(f"t{number}") for number in range(20)]
    ledger, client = approved(*tools)
    chance = random.Random(13)
    for number in range(500):
        client.now += 1.0
        for start in (0, 7, 14):
            page = chance.sample(tools, len(tools))[start : start + 7]
            client.page(page, str(start or ""), str(start + 7) if start < 14 else "")
        assert differing(ledger) == {}, number
    client.get(tools[1:])
    assert differing(ledger) == {"tool_removed": 1}


def test_nothing_is_approved_of_an_unknown_server() -> None:
    ledger, client = approved()
    client.get([A, B], 1)
    assert differing(ledger) == {"tool_added": 2}


def test_without_approved_tools_there_are_no_differences() -> None:
    ledger = Ledger("fetch", "stdio")
    ScriptedLister(ToolLists(ledger)).get([A])
    assert ledger.baseline_differences == {}


def test_what_is_too_much_to_compare_at_once_is_a_difference_until_it_is_compared() -> None:
    names = [f"{number}" for number in range(6)]
    long = "x" * 100_000
    ledger, client = approved(*(tool(name, description=long) for name in names))
    listed = [tool(name, description=long, annotations={"title": "y"}) for name in names]
    client.get(listed)
    assert sum(differing(ledger).values()) == 6
    for _ in range(3):
        client.get(listed)
    assert differing(ledger) == {"annotations_changed": 6}


def test_a_definition_that_cannot_be_read_differs() -> None:
    ledger, client = approved(A)
    client.get([{**A, "description": "x" * 300_000}])
    assert differing(ledger) == {"description_changed": 1}


def test_of_more_new_tools_than_can_be_read_at_once_the_first_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only a tool that was read is found to be one of the approved under another name."""
    long = [letter * 100_000 for letter in "abcdefghi"]
    _, client = approved(*(tool(f"old {each[0]}", description=each) for each in long))
    with caplog.at_level(logging.WARNING, "proxy.tools"):
        client.get(tool(f"new {each[0]}", description=each) for each in long)
    fields = [each.fields for each in caplog.records if each.msg == DIFFERS]  # type: ignore[attr-defined]
    renamed = [each["tool"] for each in fields if each["change"] == "tool_renamed"]
    assert renamed == [f"new {letter}" for letter in "abcde"]
