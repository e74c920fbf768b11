"""The recorded server answers as it did."""

from typing import Any

import msgspec

from lab.echo.messages import Cancel, DelayedReply, NoReply, Reply
from lab.replay.stand_in import HANG_SECONDS, StandIn
from tests.lab.recording.entries import answered, asked, entry, notified, recording


def ask(stand_in: StandIn, number: Any, method: str = "tools/call", **params: Any) -> Any:
    action = stand_in({"jsonrpc": "2.0", "id": number, "method": method, "params": params}, {})
    if isinstance(action, Reply):
        assert action.message["id"] == number
        return action.message.get("result", action.message.get("error", {}).get("code"))
    return action


def test_the_same_params_get_the_same_answer_in_turn_whatever_the_meta() -> None:
    stand_in = StandIn(
        recording(
            *(asked(1, arguments={"q": "a"}), answered(1, result={"n": 1})),
            *(asked(2, arguments={"q": "b"}), answered(2, result={"n": 2})),
            *(asked(3, arguments={"q": "a"}), answered(3, result={"n": 3})),
        ),
        speed=0,
    )
    given = [
        ask(stand_in, number, name="echo", arguments={"q": q}, _meta={"x": number})
        for number, q in enumerate(("b", "a", "a", "a", "other"))
    ]
    assert given == [{"n": 2}, {"n": 1}, {"n": 3}, {"n": 3}, {"n": 1}]


def test_what_is_not_recorded_is_an_error() -> None:
    read = (asked(2, "resources/read", uri="a"), answered(2))
    stand_in = StandIn(recording(asked(1), answered(1), *read), speed=0)

    assert ask(stand_in, 1, name="absent") == -32602
    assert ask(stand_in, 1, "resources/read", uri="b") == -32602
    assert ask(stand_in, 1, "prompts/get", name="echo") == -32601
    assert ask(stand_in, 1, "ping") == {}
    assert stand_in([], {}) == Reply(
        {"jsonrpc": "2.0", "id": None,
         "error": {"code": -32600, "message": "not a JSON-RPC 2.0 message"}}
    )  # fmt: skip
    assert stand_in({"id": 1, "result": {}}, {}) == NoReply()


def test_any_params_are_answered_where_none_names_anything() -> None:
    stand_in = StandIn(
        recording(asked(1, "tools/list"), answered(1, result={"tools": []})), speed=0
    )

    assert ask(stand_in, 1, "tools/list", cursor="x") == {"tools": []}


def test_progress_goes_to_the_token_of_the_client_that_asks_for_it() -> None:
    progress = {"method": "notifications/progress", "params": {"progressToken": 7, "progress": 1}}
    stand_in = StandIn(
        recording(
            asked(1, time=1.0, _meta={"progressToken": 7}),
            asked(2, time=1.5, arguments={"later": True}),
            notified("server", "notifications/progress", progressToken=7, progress=1),
            notified("server", "notifications/message", level="info"),
            answered(2, time=2.0),
            answered(1, time=3.0),
        ),
        speed=2,
    )

    first = ask(stand_in, "a", name="echo", _meta={"progressToken": "mine"})
    assert isinstance(first, DelayedReply)
    assert (first.request_id, first.seconds, first.reply["id"]) == ("a", 1.0, "a")
    assert first.first == ({**progress, "params": {"progressToken": "mine", "progress": 1}},)
    without = ask(stand_in, "b", name="echo")
    assert without.first == ()
    second = ask(stand_in, "c", name="echo", arguments={"later": True})
    assert [each["method"] for each in second.first] == ["notifications/message"]


def test_a_call_without_an_answer_hangs_until_it_is_cancelled() -> None:
    stand_in = StandIn(recording(asked(1)), speed=0)

    assert ask(stand_in, 5, name="echo").seconds == HANG_SECONDS
    cancel = {"method": "notifications/cancelled", "params": {"requestId": 5}}
    assert stand_in(cancel, {}) == Cancel(5)


def test_an_http_error_becomes_a_json_rpc_error() -> None:
    failed = entry("server", status=502, id=msgspec.Raw(b"1"))
    assert ask(StandIn(recording(asked(1), failed), speed=0), 1, name="echo") == -32000
