"""The calls of a recording, each with its outcome."""

from typing import Any

import msgspec

from lab.recording.calls import calls
from lab.recording.recording_file import Entry
from tests.lab.recording.entries import entry


def request(number: Any, session: str = "1", tool: str = "echo") -> Entry:
    message = {"id": number, "method": "tools/call", "params": {"name": tool}}
    return entry("client", message, session=session)


def response(number: Any, session: str = "1", status: int = 0, **content: Any) -> Entry:
    return entry("server", {"id": number, **content}, session=session, status=status)


def outcomes(*entries: Entry) -> list[str]:
    return [each.outcome.value for each in calls(entries)]


def test_each_kind_of_answer_has_its_outcome() -> None:
    error = {"code": -32602, "message": "xxx"}
    found = outcomes(
        *map(request, range(8)),
        response(0, result={"content": []}),
        response(1, result={"isError": True}),
        response(2, error=error),
        response(3, error=error, status=404),
        response(4, error=error, status=502),
        entry("server", status=401, id=msgspec.Raw(b"5"), bytes=3),
        response(6, error="not an object"),
    )
    assert found == [
        "ok", "tool_error", "protocol_error", "protocol_error", "transport_error", "rejected",
        "transport_error", "timeout",
    ]  # fmt: skip


def test_a_cancelled_call_without_an_answer_is_cancelled() -> None:
    cancel = {"method": "notifications/cancelled", "params": {"requestId": 1}}
    assert outcomes(request(1), request("1"), entry("client", cancel)) == ["cancelled", "timeout"]
    answered = response(1, result={})
    assert outcomes(request(1), entry("client", cancel), answered) == ["ok"]


def test_ids_are_those_of_one_session_and_one_type() -> None:
    entries = (
        *(request(1, "1"), request(1, "2"), request("1", "1")),
        *(response(1, "2", result={}), response("1", "1", result={"isError": True})),
    )
    found = calls(entries)
    assert [(each.session, each.outcome.value) for each in found] == [
        ("1", "timeout"), ("2", "ok"), ("1", "tool_error")
    ]  # fmt: skip
    assert [(each.begun, each.ended) for each in found] == [(0, None), (1, 3), (2, 4)]


def test_requests_of_the_server_and_notifications_are_not_calls() -> None:
    asked = {"id": 1, "method": "sampling/createMessage"}
    entries = (
        *(entry("server", asked), entry("client", {"id": 1, "result": {}})),
        *(entry("client", {"method": "notifications/initialized"}), entry("client", bytes=5)),
    )
    assert outcomes(*entries) == []
