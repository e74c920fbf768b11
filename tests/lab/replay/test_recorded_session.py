"""What is replayed of a recording, session by session."""

from lab.recording.recording_file import Event
from lab.replay.recorded_session import sessions
from tests.lab.recording.entries import answered, asked, entry, recording


def test_entries_and_calls_belong_to_their_sessions() -> None:
    other = entry("client", {"id": 1, "method": "ping"}, session="2", time=0.5)
    found = sessions(recording(asked(1), other, answered(1), asked(1, time=2.0)))

    assert [(each.name, each.start) for each in found] == [("1", 0.0), ("2", 0.5)]
    assert [number for number, _ in found[0].entries] == [0, 2, 3]
    assert {key: call.name for key, call in found[0].begun.items()} == {
        0: "tools/call echo", 3: "tools/call echo"
    }  # fmt: skip
    assert {key: call.begun for key, call in found[0].ended.items()} == {2: 0}
    assert (list(found[1].begun), found[1].ended) == ([1], {})


def test_a_session_in_which_no_client_sent_anything_is_left_out() -> None:
    entries = (
        entry("server", {"method": "notifications/message"}),
        entry("client", event=Event.STREAM, session="2"),
        entry("client", bytes=5, session="3"),
    )
    assert sessions(recording(*entries)) == []


def test_answers_of_the_client_are_known_by_the_method_that_was_asked() -> None:
    entries = (
        *(asked(7), answered(7)),
        entry("server", {"id": 7, "method": "roots/list"}),
        entry("server", {"id": "7", "method": "elicitation/create"}),
        entry("client", {"id": "7", "result": {"action": "decline"}}),
        entry("client", {"id": 7, "error": {"code": 1, "message": ""}}),
        entry("client", {"id": 7, "result": {"twice": True}}),
    )
    [session] = sessions(recording(*entries))

    assert session.answers() == {
        "elicitation/create": [{"id": "7", "result": {"action": "decline"}}],
        "roots/list": [{"id": 7, "error": {"code": 1, "message": ""}}],
    }
