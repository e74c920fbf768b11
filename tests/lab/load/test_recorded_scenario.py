"""A load test that calls as recorded."""

from pathlib import Path

import pytest

from lab.arguments import UsageError
from lab.load.options import parse
from lab.load.recorded_scenario import scenario_of
from lab.recording.recording_file import Header, line
from stacks.servers import Transport
from tests.lab.recording.entries import OPENED, answered, asked, entry, recording

EVERYTHING = Path(__file__).parents[3] / "docs/examples/recordings/everything.jsonl"
CALLS = (
    *OPENED,
    *(asked(1, time=1.0, arguments={"text": "bad"}), answered(1, result={"isError": True})),
    *(asked(2, time=2.0, arguments={"text": "good"}), answered(2)),
    *(asked(3, time=3.0, arguments={"text": "better"}), answered(3)),
    *(asked(4, time=5.0, name="fetch"), answered(4)),
    *(asked(5, time=9.0, name="absent"), answered(5, error={"code": -32602, "message": ""})),
    entry("client", {"id": 1, "method": "ping"}, session="2"),
)


def test_tools_that_worked_are_called_as_often_as_recorded() -> None:
    scenario = scenario_of("recording:a", recording(*CALLS))

    assert scenario.tools == {"echo": 3, "fetch": 1}
    assert scenario.arguments == {"echo": {"text": "good"}, "fetch": {}}
    assert (scenario.connections, scenario.transport) == (1, Transport.STREAMABLE_HTTP)
    assert [str(each) for each in scenario.steps] == ["1x4"]


def test_redacted_arguments_are_not_used() -> None:
    assert scenario_of("recording:a", recording(*CALLS, redacted=True)).arguments == {}


def test_the_transport_is_that_of_the_target_and_options_win() -> None:
    options = ("--tool", "mine", "--steps", "5x1", "--connections", "3")
    names = f"recording:{EVERYTHING}"

    [test] = parse([names, "--", "python"]).tests
    [changed] = parse([names, *options, "--url", "http://a/sse"]).tests

    assert (test.target.transport, test.connections, test.name) == (Transport.STDIO, 1, names)
    assert dict(test.mix.weights)["get-sum"] == 2
    assert (changed.target.transport, changed.connections) == (Transport.SSE, 3)
    assert (dict(changed.mix.weights), str(changed.steps[0])) == ({"mine": 1.0}, "5x1")


def test_a_file_without_calls_or_that_is_not_a_recording_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    for content, why in ((b"{}", "is not a recording"), (line(Header()), "has no call of a tool")):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=why):
            parse([f"recording:{file}", "--", "python"])
