"""Each change of a tool is counted once, and none is where nothing changed."""

import logging
import random
from typing import Any

import pytest

from proxy.telemetry.catalogue import ToolChange
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.ledger import Ledger
from proxy.tools.history import COMPARED_BYTES_PER_SECOND, MOST_AUDIENCES, UNUSED_SECONDS
from proxy.tools.tool_lists import LINES_PER_SECOND
from tests.proxy.tools.lists import ScriptedLister, lister, text, tool

A, B, C = (
    tool("a", description="x"),
    tool("b", inputSchema={"const": 1}),
    tool("c", outputSchema={}),
)
CHANGED = {**A, "description": "y"}
SAME_SCHEMA = {**B, "name": "renamed"}


def counted(ledger: Ledger) -> dict[str, int]:
    return {kind.value: count for kind, count in ledger.tool_changes.items() if count}


def another(client: ScriptedLister, name: str = "other") -> ScriptedLister:
    """Another lister, of the same kind of client."""
    found = ScriptedLister(client.lists, name)
    found.now = client.now
    return found


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([CHANGED, B], {"description_changed": 1}),
        ([A, B, C], {"tool_added": 1}),
        ([A], {"tool_removed": 1}),
        ([A, SAME_SCHEMA], {"tool_renamed": 1}),
        ([A, C], {"tool_added": 1, "tool_removed": 1}),
        ([], {"tool_removed": 2}),
        ([{**B, "title": "x"}, {**A, "_meta": {"now": 1}}], {}),
        ([{**A, "annotations": {"destructiveHint": True}}, B], {"annotations_changed": 1}),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_change_is_counted_once(
    after: list[dict[str, Any]], expected: dict[str, int], size: int
) -> None:
    ledger, client = lister()
    client.get([A, B], 100)
    assert counted(ledger) == {}
    for _ in range(3):
        client.get(after, size)
    assert counted(ledger) == expected


def test_all_kinds_are_there_at_zero() -> None:
    ledger, _ = lister()
    assert list(ledger.tool_changes.values()) == [0] * len(ToolChange)


@pytest.mark.parametrize(
    "after", [[CHANGED, B, C], [B, C], [A, B, C, tool("d")], [A, C, SAME_SCHEMA]]
)
def test_a_change_is_counted_once_while_old_and_new_replicas_answer_in_turn(
    after: list[dict[str, Any]],
) -> None:
    ledger, one = lister()
    clients = [one, another(one), another(one, "third")]
    for client in clients:
        client.get([A, B, C])
    chance = random.Random(1)
    for number in range(200):
        client = chance.choice(clients)
        client.get(
            chance.choice([[A, B, C], after]) if number < 150 else after, chance.choice((1, 9))
        )
    assert sum(counted(ledger).values()) == 1


def test_a_soak_of_shuffled_lists_in_pages_of_two_replicas_raises_no_alarm() -> None:
    """The worst: an order of each page's own, places as cursors, and clients that page at once."""
    ledger, one = lister()
    clients = [one, *(another(one, f"{number}") for number in range(4)), another(one)]
    tools = [tool(f"t{number}", description="x" * number) for number in range(30)]
    chance = random.Random(13)
    cursors = dict.fromkeys(range(len(clients)), 0)
    for number in range(20_000):
        place = chance.randrange(len(clients))
        clients[place].now = number / 3
        start, size = cursors[place], chance.choice((7, 10))
        listed = [shuffled(each, chance) for each in chance.sample(tools, len(tools))]
        end = start + size
        following = str(end) if end < len(tools) else ""
        clients[place].page(listed[start:end], str(start or ""), following)
        cursors[place] = end if following else 0
    assert counted(ledger) == {}
    assert ledger.tools.complete
    assert ledger.tools.total == len(tools)


def shuffled(of: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return dict(chance.sample(list(of.items()), len(of)))


def test_what_a_token_may_not_use_was_neither_removed_nor_added() -> None:
    ledger, admin = lister()
    guest = another(admin)
    for _ in range(3):
        admin.get([A, B, C])
        guest.get([A])
    assert counted(ledger) == {}
    guest.get([A, B])  # It may use more now; the server has had that tool all along.
    assert counted(ledger) == {}
    admin.get([A, B])
    assert counted(ledger) == {"tool_removed": 1}


def test_a_tool_that_a_new_token_lists_first_is_not_added_and_its_change_is_one() -> None:
    ledger, client = lister()
    client.get([A])
    another(client).get([A, B])
    assert counted(ledger) == {}
    another(client, "third").get([CHANGED])
    assert counted(ledger) == {"description_changed": 1}


def test_clients_that_get_other_definitions_make_no_change() -> None:
    ledger, client = lister()
    old = another(client)
    old.lister = old.lister._replace(version="2024-11-05")
    for _ in range(3):
        client.get([A])
        old.get([CHANGED])
    assert counted(ledger) == {}
    client.get([{**A, "description": "z"}])
    assert counted(ledger) == {"description_changed": 1}


def test_a_definition_that_comes_back_after_long_has_changed_again() -> None:
    ledger, client = lister()
    client.get([A])
    client.get([CHANGED])
    for _ in range(25):
        client.now += 3000.0
        client.get([CHANGED])
    client.get([A])
    assert counted(ledger) == {"description_changed": 2}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_two_tools_of_one_name_are_no_change(size: int) -> None:
    ledger, client = lister()
    for _ in range(30):
        client.get([A, CHANGED, B], size)
    assert counted(ledger) == {}
    assert set(ledger.tools.sizes) == {"a", "b"}


def test_two_tools_of_one_name_in_any_order_are_no_change() -> None:
    ledger, client = lister()
    chance = random.Random(13)
    for _ in range(50):
        client.get(chance.sample([A, CHANGED, B], 3))
    assert counted(ledger) == {}


def test_a_second_tool_of_a_name_is_a_change_of_it() -> None:
    ledger, client = lister()
    client.get([A, B])
    for _ in range(3):
        client.get([A, CHANGED, B])
    assert counted(ledger) == {"description_changed": 1}


def test_a_server_that_is_rolled_back_at_once_has_changed_again_in_an_hour() -> None:
    ledger, client = lister()
    other = another(client)
    for of in ([A], [CHANGED], [A]):
        client.get(of)
        other.get(of)
    assert counted(ledger) == {"description_changed": 1}
    for _ in range(30):
        client.now += 150.0
        client.get([A])
        other.now = client.now
        other.get([A])
    assert counted(ledger) == {"description_changed": 2}
    client.get([CHANGED])
    assert counted(ledger) == {"description_changed": 3}


def test_a_server_is_not_rolled_back_while_one_replica_answers_as_the_new_one() -> None:
    ledger, client = lister()
    other = another(client)
    for of in ([A], [CHANGED], [A]):
        client.get(of)
    for number in range(300):
        client.now += 60.0
        client.get([A])
        other.now = client.now
        other.get([CHANGED] if number % 10 == 0 else [A])
    assert counted(ledger) == {"description_changed": 1}


def test_clients_that_always_got_the_earlier_definition_do_not_make_it_a_rollback() -> None:
    ledger, client = lister()
    old = another(client)
    old.lister = old.lister._replace(version="2024-11-05")
    old.get([A])
    client.get([A])
    client.get([CHANGED])
    for _ in range(100):
        old.now += 600.0
        old.get([A])
    assert counted(ledger) == {"description_changed": 1}


def test_each_change_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    ledger, client = lister()
    client.get([A, B, tool("evil\n\u202e")])
    with caplog.at_level(logging.WARNING):
        client.get([CHANGED, SAME_SCHEMA, tool("evil\n\u202e", description="a\nb")])
    fields = [each.fields for each in caplog.records]  # type: ignore[attr-defined]
    shared = {"server": "fetch"}
    assert fields == [
        {**shared, "change": "description_changed", "tool": "a", "before": "x", "after": "y"},
        {**shared, "change": "description_changed", "tool": "evil\\n\\u202e", "after": "a\\nb"},
        {**shared, "change": "tool_renamed", "tool": "renamed", "before": "b", "after": "renamed"},
    ]
    assert counted(ledger) == {"description_changed": 2, "tool_renamed": 1}


def test_a_list_that_is_another_each_time_is_counted_and_its_lines_are_few(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, client = lister()
    with caplog.at_level(logging.WARNING):
        for number in range(1000):
            client.page([tool("a", description=f"{number}")])
    assert counted(ledger) == {"description_changed": 999}
    assert len(caplog.records) == LINES_PER_SECOND


def test_what_is_too_much_to_compare_in_a_second_is_found_by_a_later_list() -> None:
    ledger, client = lister()
    long = "x" * (COMPARED_BYTES_PER_SECOND // 4)
    names = [f"{number}" for number in range(4)]
    client.get([tool(name, description=f"a{long}") for name in names])
    after = [tool(name, description=f"b{long}") for name in names]
    client.get(after)
    assert 0 < counted(ledger)["description_changed"] < 4
    for _ in range(4):
        client.get(after)
    assert counted(ledger) == {"description_changed": 4}


def test_of_more_tools_than_can_be_compared_in_a_second_the_first_are_renamed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, client = lister()
    long = [letter * (COMPARED_BYTES_PER_SECOND // 13) for letter in "abcdefghi"]
    client.get(tool(f"old {each[0]}", description=each) for each in long)
    with caplog.at_level(logging.WARNING):
        client.get(tool(f"new {each[0]}", description=each) for each in long)
    fields = [each.fields for each in caplog.records if each.msg == "tool changed"]  # type: ignore[attr-defined]
    renamed = [each["tool"] for each in fields if each["change"] == "tool_renamed"]
    assert renamed == ["new a", "new b", "new c"]


def test_a_definition_that_cannot_be_compared_has_changed_in_its_description() -> None:
    ledger, client = lister()
    client.get([tool("a", description="x" * 300_000)])
    client.get([tool("a", description="y" * 300_000)])
    assert counted(ledger) == {"description_changed": 1}


def test_clients_of_many_names_do_not_hide_a_change() -> None:
    ledger, client = lister()
    client.get([A])
    hostile = another(client)
    for number in range(10 * MOST_AUDIENCES):
        hostile.lister = hostile.lister._replace(client=ClientInfo(f"{number}", ""))
        hostile.get([A])
    assert f"audiences={MOST_AUDIENCES}" in repr(client.lists._history)
    client.get([CHANGED])
    hostile.get([CHANGED])
    assert counted(ledger) == {"description_changed": 1}


def test_clients_without_a_place_of_their_own_notice_a_change_together() -> None:
    ledger, client = lister()
    for number in range(MOST_AUDIENCES + 9):
        client.lister = client.lister._replace(client=ClientInfo(f"{number}", ""))
        client.get([A])
    client.lister = client.lister._replace(client=ClientInfo("one more", ""))
    client.get([CHANGED])
    assert counted(ledger) == {"description_changed": 1}


def test_kinds_of_clients_that_are_gone_give_way() -> None:
    ledger, client = lister()
    for number in range(MOST_AUDIENCES + 9):
        client.now += 2 * UNUSED_SECONDS
        client.lister = client.lister._replace(client=ClientInfo(f"{number}", ""))
        client.get([tool("a", description=f"{number}")])
    assert counted(ledger) == {}
    assert f"audiences={MOST_AUDIENCES}" in repr(client.lists._history)


def test_a_page_that_cannot_be_read_changes_nothing() -> None:
    ledger, client = lister()
    client.get([A, B])
    for broken in (b"7", b"", b'[{"name":7}', text([A])[:-1]):
        client.lists.take(broken, len(broken), client.lister, 5.0)
    client.get([A, B])
    assert counted(ledger) == {}
