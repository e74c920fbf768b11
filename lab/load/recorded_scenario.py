"""A load test that calls the tools of a recording as often, and in as many sessions. Pure."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.arguments import UsageError
from lab.load.protocol import VERSIONS
from lab.load.rate import Step
from lab.load.scenarios import Scenario
from lab.recording.calls import Call, calls
from lab.recording.recording_file import NotARecording, Recording, read
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import MODERN_VERSION, Era
from stacks.servers import Transport

PREFIX = "recording:"
"""What a scenario is called that is a recording, before the name of the file."""


def recorded_scenario(name: str) -> Scenario:
    """The scenario of PREFIX and a file. Raises UsageError."""
    path = Path(name.removeprefix(PREFIX))
    try:
        scenario = scenario_of(name, read(path))
    except NotARecording as wrong:
        raise UsageError(str(wrong)) from wrong
    if not scenario.tools:
        raise UsageError(f"{path}: has no call of a tool that succeeded")
    return scenario


def scenario_of(name: str, recording: Recording) -> Scenario:
    """The calls of tools that succeeded at least once, at their average rate.

    There are as many connections as sessions made them. Arguments are those of the first call of
    each tool that succeeded, unless they are redacted.
    """
    every = calls(recording.entries)
    working = {each.tool for each in every if each.outcome is Outcome.OK}
    made = [each for each in every if each.tool is not None and each.tool in working]
    times = [recording.entries[each.begun].time for each in made]
    seconds = max(times[-1] - times[0], 1.0) if times else 1.0
    rate = len(made) / seconds
    entries = [recording.entries[each.begun] for each in made]
    transports = Counter(each.transport for each in entries)
    is_modern = any(each.era is Era.MODERN for each in entries)
    return Scenario(
        name=name,
        what="of a recording",
        transport=max(transports, key=transports.__getitem__, default=Transport.STDIO),
        connections=len({each.session for each in made}),
        steps=(Step(rate, rate, seconds),),
        tools=Counter(each.tool for each in made if each.tool is not None),
        arguments={} if recording.header.redacted else _arguments(made),
        version=MODERN_VERSION if is_modern else VERSIONS[0],
    )


def _arguments(made: list[Call]) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for call in made:
        arguments = call.params.get("arguments", {})
        if call.tool is not None and call.outcome is Outcome.OK and isinstance(arguments, dict):
            found.setdefault(call.tool, arguments)
    return found
