"""The faults that can be switched on in a running demo, or on a cluster. Pure."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.arguments import UsageError
from lab.faults.cluster.throttle import CPU
from lab.local.running_demo import DemoServer
from proxy.faults import levels, names
from proxy.faults.injections import MYSTERY, Injection
from proxy.faults.levels import LevelInvalid, LevelKind
from proxy.suggestions import did_you_mean
from stacks.servers import Transport

LEVEL, SERVER = "--level (make: LEVEL=)", "--server (make: SERVER=)"


class Target(StrEnum):
    """What a fault is of."""

    SERVER = "server"
    HTTP_SERVER = "HTTP server"
    PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True)
class LiveFault:
    """A fault, and how strong it can be; `level` is None and `default` "" where that is fixed.

    `part` is the process of the pipeline that it is of.
    """

    name: str
    what: str
    level: LevelKind | None = None
    default: str = ""
    target: Target = Target.SERVER
    part: str = ""

    def checked(self, level: str | None) -> str:
        """The level, or the default. Raises UsageError."""
        if level is None or level == self.default:
            return self.default
        if self.level is None:
            raise UsageError(f"{LEVEL} {level}: {self.name} has no level; leave it out")
        try:
            self.level.parse(level)
        except LevelInvalid as wrong:
            allowed = f"a {self.level.name}, such as {self.level.example}"
            raise UsageError(f"{LEVEL} {level}: {self.name} takes {allowed}") from wrong
        return level

    def affects(self, server: DemoServer) -> bool:
        """Whether a server can have the fault."""
        if self.target is Target.PIPELINE or not server.transport:
            return False
        return self.target is Target.SERVER or server.transport != Transport.STDIO.value

    def __str__(self) -> str:
        """One line of a list."""
        level = "no level"
        if self.level:
            level = f"level: {self.level.name} ({self.level.example}), by default {self.default}"
        return f"{self.name:<22}{self.what}; {level}"


CRASH, STOPPED, SLOW, REFUSING = "crash", "stopped", "slow", "refusing"
COLLECTOR, PROMETHEUS, JAEGER = "collector", "prometheus", "jaeger"
PARTS = (COLLECTOR, PROMETHEUS, JAEGER)
"""The processes of the pipeline, each of which has three faults: `<part>-stopped` and so on."""

_ANSWERS = (
    LiveFault(names.TOOL_ERRORS, "tool calls get a result with isError", levels.SHARE, "50%"),
    LiveFault(names.PROTOCOL_ERRORS, "tool calls get a JSON-RPC error", levels.SHARE, "50%"),
    LiveFault(names.LATENCY, "tool calls are answered later", levels.LATENCY, "1s"),
    LiveFault(names.HANG, "tool calls get no answer", levels.SHARE, "100%"),
    LiveFault(names.MALFORMED_FRAME, "answers to tool calls are not JSON", levels.SHARE, "50%"),
    LiveFault(
        names.OVERSIZE_ANSWER, "one tool call in ten has a very large answer", levels.SIZE, "20MiB"
    ),
    LiveFault(
        names.LIST_CHANGED_STORM,
        "each tool call is answered after so many list_changed notifications",
        levels.NUMBER,
        "20",
    ),
    LiveFault(
        names.LABEL_BOMB, "each list has so many more tools, of other names", levels.NUMBER, "1000"
    ),
    LiveFault(
        names.SESSION_EXPIRY_STORM,
        "requests end their session, with 404",
        levels.SHARE,
        "20%",
        Target.HTTP_SERVER,
    ),
    LiveFault(
        names.STREAM_CUT,
        "the connection closes within the answer to a tool call",
        levels.SHARE,
        "50%",
        Target.HTTP_SERVER,
    ),
)
_CRASH = LiveFault(CRASH, "the process is killed, and starts again", levels.INTERVAL, "10s")


def _of_part(part: str, slow: str, level: LevelKind, default: str) -> tuple[LiveFault, ...]:
    """The faults of a process of the pipeline, with what makes it slow."""
    name = "the collector" if part == COLLECTOR else part.capitalize()
    refused = "answers every request by 503 or UNAVAILABLE"
    of = Target.PIPELINE
    return (
        LiveFault(f"{part}-{STOPPED}", f"{name} is ended", target=of, part=part),
        LiveFault(f"{part}-{SLOW}", f"{name} {slow}", level, default, of, part),
        LiveFault(f"{part}-{REFUSING}", f"{name} {refused}", target=of, part=part),
    )


def _faults(slow: str, level: LevelKind, default: str) -> dict[str, LiveFault]:
    of_parts = (each for part in PARTS for each in _of_part(part, slow, level, default))
    return {each.name: each for each in (*_ANSWERS, _CRASH, *of_parts)}


LIVE_FAULTS = _faults("pauses again and again, for so long", levels.PAUSE, "2s")
"""Those of a running demo, by name."""

CLUSTER_FAULTS = _faults("runs with so little CPU", CPU, "20m")
"""The same of a stack on a cluster, where nothing can pause a process."""


def live_fault(name: str) -> LiveFault:
    """Raises UsageError for an unknown name."""
    if name not in LIVE_FAULTS:
        known = (*LIVE_FAULTS, MYSTERY)
        hint = did_you_mean(name, known)
        raise UsageError(f'"{name}" is not a fault; {hint}choose from {", ".join(known)}')
    return LIVE_FAULTS[name]


def affected_server(fault: LiveFault, servers: Sequence[DemoServer], name: str | None) -> str:
    """The server of the name, or the first that can have the fault; "" for the pipeline.

    Raises UsageError.
    """
    if fault.target is Target.PIPELINE:
        if name is not None:
            raise UsageError(f"{SERVER} {name}: {fault.name} is of the pipeline; leave it out")
        return ""
    able = [each.name for each in servers if fault.affects(each)]
    if name is None and able:
        return able[0]
    if name not in able:
        known = ", ".join(able) or "none here can have it"
        given = "" if name is None else f"{SERVER} {name}: {did_you_mean(name, able)}"
        raise UsageError(f"{given}{fault.name} is for {fault.target}s: {known}")
    return name


def mystery(
    seed: int, servers: Sequence[DemoServer], faults: Iterable[LiveFault]
) -> tuple[LiveFault, str]:
    """The one of the faults, and the server, that follow from the seed.

    A demo's own servers come first, since it calls only these. Raises UsageError if none is
    possible.
    """
    servers = [each for each in servers if not each.injects] or servers
    possible = [
        (fault, server)
        for fault in faults
        for server in (
            [""]
            if fault.target is Target.PIPELINE
            else [each.name for each in servers if fault.affects(each)]
        )
    ]
    if not possible:
        raise UsageError("no fault is possible here: there is neither a server nor a part for one")
    return random.Random(seed).choice(possible)


def conflicts(new: Injection, active: Injection) -> bool:
    """Whether a fault cannot be on beside another: two cannot break the same process."""
    ours, theirs = (LIVE_FAULTS[each.fault] for each in (new, active))
    return bool(ours.part) and ours.part == theirs.part and ours is not theirs
