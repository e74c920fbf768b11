"""W3C Trace Context, level 2: `traceparent` and `tracestate`, in and out.

Both may come from a JSON body and go out as HTTP headers, so nothing passes that could not
stand in a header: ids are parsed to numbers and written again, a `tracestate` that does not
match the grammar is dropped, as the recommendation demands.
"""

import re
from typing import NamedTuple

_SAMPLED, _RANDOM = 1, 2

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?")

_KEY = r"[a-z0-9][a-z0-9_*/@-]{0,255}"
_VALUE = r"[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_MEMBER = re.compile(rf"[ \t]*(?:{_KEY}={_VALUE})?[ \t]*")

TRACESTATE_MEMBERS = 32
TRACESTATE_CHARACTERS = 512
"""What the recommendation asks every participant to propagate at least; more is dropped."""


class TraceContext(NamedTuple):
    """Where a caller stands in its trace; `random`: its id is notified to be random."""

    trace_id: int
    span_id: int
    sampled: bool
    tracestate: str
    random: bool = False


def parse(traceparent: str, tracestate: str) -> TraceContext | None:
    """The context, or None if `traceparent` is absent or not valid."""
    if not traceparent or len(traceparent) > TRACESTATE_CHARACTERS:
        return None
    match = _TRACEPARENT.fullmatch(traceparent.strip(" \t"))
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    # Version 00 has exactly four fields; a later one may append more; ff is forbidden.
    if version == "ff" or (version == "00" and rest is not None):
        return None
    flag_bits = int(flags, 16)
    context = TraceContext(
        int(trace_id, 16),
        int(span_id, 16),
        bool(flag_bits & _SAMPLED),
        state(tracestate),
        bool(flag_bits & _RANDOM),
    )
    return context if context.trace_id and context.span_id else None


def traceparent(trace_id: int, span_id: int, *, sampled: bool, random: bool = False) -> str:
    """The header (or `_meta` value) of version 00.

    Where a trace starts, `random` is set if its id is; elsewhere it is passed on; flags of no
    meaning yet are zero (3.2.2.5, trace-flags).
    """
    return f"00-{trace_id:032x}-{span_id:016x}-0{_SAMPLED * sampled + _RANDOM * random}"


def state(tracestate: str) -> str:
    """`tracestate` if it is valid, else an empty string."""
    if not tracestate or len(tracestate) > TRACESTATE_CHARACTERS:
        return ""
    members = tracestate.split(",")
    if len(members) > TRACESTATE_MEMBERS or not all(map(_MEMBER.fullmatch, members)):
        return ""
    return tracestate.strip(" \t")
