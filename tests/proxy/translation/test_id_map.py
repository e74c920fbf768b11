"""Ids and progress tokens that each have on one connection, and those that clients know."""

import json

import pytest

from proxy.jsonrpc.members import raw
from proxy.translation.effects import Push
from proxy.translation.id_map import IdMap, MappedRequest, TranslatedRequest, progress
from tests.proxy.translation.messages import fields, modern


def test_numbers_are_never_used_twice() -> None:
    id_map = IdMap[MappedRequest]()
    first, second = MappedRequest(raw("a")), MappedRequest(raw("a"))
    assert [id_map.add(first), id_map.next_number(), id_map.add(second)] == [1, 2, 3]
    assert id_map.pop(first.number) is first
    assert id_map.pop(first.number) is None
    assert id_map.add(first) == first.number == 4
    assert [id_map.was_used(each) for each in (0, 1, 4, 5, "4", None)] == [
        *(False, True, True, False, True, False)
    ]


@pytest.mark.parametrize("spelling", [1, "1", 1.0])
def test_a_request_is_found_by_any_spelling_of_its_number(spelling: object) -> None:
    id_map = IdMap[MappedRequest]()
    mapped = MappedRequest(raw("a"))
    id_map.add(mapped)
    assert id_map.get(spelling) is mapped


def test_only_an_error_may_leave_its_id_out_while_one_request_waits() -> None:
    id_map = IdMap[MappedRequest]()
    mapped = MappedRequest(raw("a"))
    id_map.add(mapped)
    error = fields(id=None, error={"code": 1, "message": "m"})
    assert id_map.answered(error) is mapped
    assert id_map.answered(fields(id=None, result={})) is None
    id_map.add(MappedRequest(raw("b")))
    assert id_map.answered(error) is None


@pytest.mark.parametrize(("token", "count"), [("t", 1), (None, 0)])
def test_progress_comes_under_the_clients_token_if_it_has_one(
    token: str | None, count: int
) -> None:
    id_map = IdMap[TranslatedRequest]()
    more_meta = {} if token is None else {"progressToken": token}
    number = id_map.add(TranslatedRequest(modern(more_meta=more_meta)))
    message = fields(
        method="notifications/progress", params={"progressToken": number, "progress": 1}
    )
    effects = progress(id_map, message)
    assert [each.request_number for each in effects if isinstance(each, Push)] == [number] * count
    for each in effects:
        assert isinstance(each, Push)
        assert json.loads(each.message)["params"] == {"progressToken": token, "progress": 1}
