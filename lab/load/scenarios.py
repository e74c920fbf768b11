"""Load tests by name: those of the posts that this project follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lab.load.protocol import VERSIONS
from lab.load.rate import Step
from stacks.servers import Transport


class Sessions(StrEnum):
    """What a connection does between calls: it stays, or each call has a session of its own."""

    SHARED = "shared"
    UNIQUE = "unique"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load test but for its target. `transport` is that of the server.

    `tools` and their `arguments` are those of a recording, `version` is its protocol's.
    """

    name: str
    what: str
    transport: Transport
    connections: int
    steps: tuple[Step, ...]
    sessions: Sessions = Sessions.SHARED
    tools: Mapping[str, float] = field(default_factory=dict)
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    version: str = VERSIONS[0]


def _minute(rate: float) -> tuple[Step, ...]:
    return (Step(rate, rate, 60),)


_STREAMABLE = Transport.STREAMABLE_HTTP

SCENARIOS = {
    each.name: each
    for each in (
        Scenario("stdio-20", "a stdio server", Transport.STDIO, 20, _minute(50)),
        Scenario("sse-20", "HTTP+SSE", Transport.SSE, 20, _minute(50)),
        *(
            Scenario(
                f"streamable-{number}", "sessions that stay", _STREAMABLE, number, _minute(500)
            )
            for number in (20, 50, 200, 400, 1000)
        ),
        *(
            Scenario(
                f"unique-{number}",
                "a session for each call",
                _STREAMABLE,
                number,
                _minute(50),
                Sessions.UNIQUE,
            )
            for number in (20, 50)
        ),
    )
}
