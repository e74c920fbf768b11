"""Ids, tokens and what servers issue are mapped."""

import itertools
import json
from typing import Any

from lab.replay.mapped_values import MappedValues, answer_to, body


def test_a_request_has_its_new_id_as_progress_token() -> None:
    values = MappedValues()

    assert values.params({"_meta": {"progressToken": "old"}}, 7) == {"_meta": {"progressToken": 7}}
    assert values.params({"_meta": {"x": 1}}, 7) == {"_meta": {"x": 1}}
    assert values.params({"_meta": 3}, 7) == {"_meta": 3}


def test_a_cancellation_names_the_new_id() -> None:
    values = MappedValues()
    values.on_sent(b"1", 8)
    values.on_sent(b'"1"', 9)

    assert values.cancelled({"requestId": 1}) == 8
    assert values.cancelled({"requestId": "1"}) == 9
    assert values.cancelled({"requestId": 2}) is None


def test_what_the_server_issued_replaces_what_it_issued_then() -> None:
    values = MappedValues()
    old: dict[str, Any] = {"nextCursor": "c1", "resources": [{"uri": "u1"}, {"uri": "u2"}, {}]}
    new: dict[str, Any] = {"nextCursor": "c9", "resources": [{"uri": "u8"}, {"uri": "u9"}]}
    values.on_result(old, new)
    values.on_result({"task": {"taskId": "t1"}}, {"task": {"taskId": "t9"}})
    values.on_result(None, new)
    values.on_result({"a": [1]}, {"a": {"b": 1}})

    assert values.params({"cursor": "c1", "uri": "u2", "taskId": "t1", "name": "u1"}) == {
        "cursor": "c9", "uri": "u9", "taskId": "t9", "name": "u1"
    }  # fmt: skip
    assert values.params({"cursor": "unknown"}) == {"cursor": "unknown"}


def test_a_request_of_the_server_gets_the_recorded_answer() -> None:
    def answer(method: str, recorded: Any = None) -> Any:
        return json.loads(answer_to({"id": "s", "method": method}, recorded))

    assert answer("roots/list", {"id": 3, "result": {"roots": []}, "more": 1}) == {
        "jsonrpc": "2.0", "id": "s", "result": {"roots": []}
    }  # fmt: skip
    assert answer("ping")["result"] == {}
    assert answer("roots/list")["error"]["code"] == -32601


def test_messages_are_json_rpc() -> None:
    assert json.loads(body("a", None)) == {"jsonrpc": "2.0", "method": "a"}
    assert json.loads(body("a", {}, 3)) == {"jsonrpc": "2.0", "method": "a", "params": {}, "id": 3}


def test_of_two_replacements_of_a_value_that_of_the_first_member_is_taken() -> None:
    for names in itertools.permutations("abcd"):
        values = MappedValues()
        values.on_result(
            {each: {"uri": "u"} for each in names}, {each: {"uri": each} for each in names}
        )
        assert values.params({"uri": "u"}) == {"uri": names[0]}
