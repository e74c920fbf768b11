"""What a replay reports."""

from lab.recording.calls import Call
from lab.replay.comparison import MOST_SHOWN, text
from lab.replay.session_replay import Replayed
from proxy.telemetry.catalogue import Outcome


def replayed(tool: str, outcome: Outcome, reason: str = "") -> Replayed:
    call = Call("1", "tools/call", {"name": tool}, 0, Outcome.OK)
    return Replayed(call, outcome, reason)


def test_calls_are_counted_by_name_and_differences_are_listed() -> None:
    calls = [replayed("a", Outcome.OK), replayed("long\nname", Outcome.TIMEOUT, "no answer")]

    assert text(calls, 2).splitlines() == [
        "call                  calls  as recorded  different",
        "tools/call a              1            1          0",
        "tools/call long name      1            0          1",
        "session 1, tools/call long name: ok in the recording, now timeout: no answer",
        "2 calls, 1 with another outcome",
    ]


def test_an_interrupted_replay_without_calls_is_reported() -> None:
    lines = text([], 3).splitlines()
    assert lines[1:] == ["0 calls; interrupted, of 3, 0 with another outcome"]


def test_many_differences_are_not_all_listed() -> None:
    lines = text([replayed("a", Outcome.TIMEOUT)] * (MOST_SHOWN + 5), 25).splitlines()
    assert lines[-2] == "... and 5 more"
    assert len(lines) == MOST_SHOWN + 4
