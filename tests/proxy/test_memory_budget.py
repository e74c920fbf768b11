"""Accounts of buffers: one budget for all, a small part of each free."""

from math import inf

import pytest

from proxy.memory_budget import FREE_BYTES, MemoryBudget

BIG = FREE_BYTES + 100


def test_all_accounts_share_what_there_is_beyond_the_free_part_of_each() -> None:
    memory = MemoryBudget(250)
    first, second, third = (memory.account(name) for name in (b"a", b"b", b"c"))
    assert first.hold(BIG)
    assert second.hold(BIG)
    assert not third.hold(BIG)
    assert third.hold(FREE_BYTES + 50)
    assert not third.hold(FREE_BYTES + 51)
    first.close()
    assert third.hold(BIG)
    assert second.hold(0)
    assert memory.cap.used == 100


@pytest.mark.parametrize(("idle_since", "gives_way"), [(1.0, True), (inf, False)])
def test_a_buffer_that_its_client_leaves_alone_is_emptied_for_another(
    idle_since: float, gives_way: bool
) -> None:
    memory = MemoryBudget(150)
    emptied: list[str] = []
    first = memory.account(b"a", lambda: emptied.append("first"))
    second = memory.account(b"b")
    first.hold(BIG, idle_since)
    assert second.hold(BIG) is gives_way
    assert emptied == ["first"] * gives_way
    first.close()
    second.close()
    assert memory.cap.used == 0


def test_small_buffers_need_no_room() -> None:
    memory = MemoryBudget(0)
    assert all(memory.account().hold(FREE_BYTES) for _ in range(3))
    assert not memory.account().hold(FREE_BYTES + 1)
