"""Placeholders that a schema does not allow are replaced."""

from typing import Any

import pytest

from lab.recording.calls import Call
from lab.replay.fitting_arguments import FittingArguments
from proxy.telemetry.catalogue import Outcome

SCHEMA = {
    "type": "object",
    "properties": {"zone": {"enum": ["UTC", "CET"]}, "text": {"type": "string"}},
    "required": ["zone"],
}
TOOLS: dict[str, dict[str, Any]] = {
    "time": {"inputSchema": SCHEMA},
    "odd": {"inputSchema": {"required": ["x"]}},
}


def sent(tool: str, arguments: Any, outcome: Outcome = Outcome.OK) -> Any:
    params = {"name": tool, "arguments": arguments, "_meta": {"a": 1}}
    call = Call("1", "tools/call", params, 0, outcome)
    made = FittingArguments(TOOLS).params_of(call)
    assert {**made, "arguments": arguments} == params
    return made["arguments"]


def test_arguments_that_do_not_fit_are_made_from_the_schema() -> None:
    assert sent("time", {"zone": "xxx", "text": "xxx"}) == {"zone": "UTC"}


@pytest.mark.parametrize(
    ("tool", "arguments", "outcome"),
    [
        ("time", {"zone": "CET", "text": "xxx"}, Outcome.OK),
        ("time", {"zone": "xxx"}, Outcome.TOOL_ERROR),
        ("absent", {"zone": "xxx"}, Outcome.OK),
        ("odd", {}, Outcome.OK),
    ],
)
def test_others_are_sent_as_recorded(tool: str, arguments: Any, outcome: Outcome) -> None:
    assert sent(tool, arguments, outcome) == arguments
