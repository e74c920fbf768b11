"""What the faults of answers do to a request: decided by method, level and chance. Pure.

All but two concern tool calls, so that sessions open and tools are listed as ever.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import levels, names
from .levels import LevelKind

TEXT = "failed, by an injected fault"
ERROR_CODE = -32603
BROKEN = b'{"jsonrpc": "2.0", "id": '
"""A frame that is not JSON."""
LIST_CHANGED: Mapping[str, str] = {
    "jsonrpc": "2.0",
    "method": "notifications/tools/list_changed",
}


@dataclass(frozen=True, slots=True)
class ToolError:
    """A result with isError, with TEXT."""


@dataclass(frozen=True, slots=True)
class ProtocolError:
    """A JSON-RPC error of ERROR_CODE, with TEXT."""


@dataclass(frozen=True, slots=True)
class Later:
    """The answer comes so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer comes."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """BROKEN comes instead of the answer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection closes within the answer."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The request ends its session."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """The result is a text of so many characters."""

    length: int


@dataclass(frozen=True, slots=True)
class Preceded:
    """LIST_CHANGED comes so many times before the answer."""

    count: int


@dataclass(frozen=True, slots=True)
class MoreTools:
    """The list has so many more tools."""

    count: int


Effect = (
    ToolError
    | ProtocolError
    | Later
    | Unanswered
    | Malformed
    | Cut
    | Expired
    | Oversize
    | Preceded
    | MoreTools
)


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """The methods that a fault concerns, and what its level is.

    `effect` takes a level that `level` has parsed, and a chance from 0 to 1.
    """

    methods: tuple[str, ...]
    level: LevelKind
    effect: Callable[[Any, float], Effect | None]


def _for_share(effect: Effect) -> Callable[[float, float], Effect | None]:
    """The effect on the share of requests that the level says."""
    return lambda share, chance: effect if chance < share else None


def _oversize(size: int, chance: float) -> Effect | None:
    return Oversize(size) if chance < levels.OF_OVERSIZE_ANSWERS else None


_CALLS = ("tools/call",)
_LISTS = ("tools/list",)
_IN_SESSIONS = ("tools/call", "tools/list", "ping", "logging/setLevel")
ANSWER_FAULTS: Mapping[str, AnswerFault] = {
    names.TOOL_ERRORS: AnswerFault(_CALLS, levels.SHARE, _for_share(ToolError())),
    names.PROTOCOL_ERRORS: AnswerFault(_CALLS, levels.SHARE, _for_share(ProtocolError())),
    names.LATENCY: AnswerFault(
        _CALLS, levels.LATENCY, lambda latency, chance: Later(latency.at(chance))
    ),
    names.HANG: AnswerFault(_CALLS, levels.SHARE, _for_share(Unanswered())),
    names.SESSION_EXPIRY_STORM: AnswerFault(_IN_SESSIONS, levels.SHARE, _for_share(Expired())),
    names.STREAM_CUT: AnswerFault(_CALLS, levels.SHARE, _for_share(Cut())),
    names.MALFORMED_FRAME: AnswerFault(_CALLS, levels.SHARE, _for_share(Malformed())),
    names.OVERSIZE_ANSWER: AnswerFault(_CALLS, levels.SIZE, _oversize),
    names.LIST_CHANGED_STORM: AnswerFault(
        _CALLS, levels.NUMBER, lambda number, _: Preceded(number)
    ),
    names.LABEL_BOMB: AnswerFault(_LISTS, levels.NUMBER, lambda number, _: MoreTools(number)),
}
HTTP_ONLY = frozenset((names.SESSION_EXPIRY_STORM, names.STREAM_CUT))
"""The faults that only a server which is reached by HTTP has."""
LEVELS: Mapping[str, LevelKind] = {
    **{name: fault.level for name, fault in ANSWER_FAULTS.items()},
    names.CRASH: levels.INTERVAL,
}
"""What the level of each fault of a server is."""


def effect(name: str, level: str, method: object, chance: float) -> Effect | None:
    """What a fault does to one request; None for another method or fault.

    Raises LevelInvalid.
    """
    fault = ANSWER_FAULTS.get(name)
    if fault is None or method not in fault.methods:
        return None
    return fault.effect(fault.level.parse(level), chance)


def more_tools(count: int) -> list[dict[str, object]]:
    """So many tools, of other names each time."""
    schema = {"type": "object"}
    return [
        {"name": f"tool-{secrets.token_hex(8)}", "description": "Injected.", "inputSchema": schema}
        for _ in range(count)
    ]
