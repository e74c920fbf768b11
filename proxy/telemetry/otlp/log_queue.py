"""Log records of OTLP, encoded at once, on a bounded queue."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from .. import protobuf
from ..batch_queue import BatchQueue

_RECORDS = 2
"""The field of ScopeLogs."""

_TIME, _SEVERITY_NUMBER, _SEVERITY_TEXT, _BODY, _ATTRIBUTES, _FLAGS = 1, 2, 3, 5, 6, 8
_TRACE_ID, _SPAN_ID, _OBSERVED_TIME, _EVENT_NAME = 9, 10, 11, 12
"""Fields of LogRecord."""

_SEVERITIES = {logging.DEBUG: 5, logging.INFO: 9, logging.WARNING: 13, logging.ERROR: 17}
"""Values of SeverityNumber by Python's levels (specification: logs data model, appendix B)."""


class TraceIds(NamedTuple):
    """The trace that a record belongs to, in hexadecimal; empty if there is none."""

    trace_id: str = ""
    span_id: str = ""
    trace_flags: str = ""


class LogQueue:
    """Takes records, which wait in a queue for their export."""

    def __init__(self, queue: BatchQueue) -> None:
        self._queue = queue

    def put(
        self,
        event: str,
        level: int,
        attributes: Mapping[str, str | int | float],
        ids: TraceIds,
        unix_nanoseconds: int,
    ) -> None:
        """Queue a record of that event and time; `level` is one of Python's."""
        if self._queue.admits(1):
            self._queue.append(1, _encoded(event, level, attributes, ids, unix_nanoseconds))


def _encoded(
    event: str,
    level: int,
    attributes: Mapping[str, str | int | float],
    ids: TraceIds,
    unix_nanoseconds: int,
) -> bytes:
    """A LogRecord in its field. The body is the event's name: back ends show it as the line."""
    content = (
        protobuf.fixed64(_TIME, unix_nanoseconds),
        protobuf.fixed64(_OBSERVED_TIME, unix_nanoseconds),
        protobuf.number(_SEVERITY_NUMBER, _SEVERITIES[level]),
        protobuf.text(_SEVERITY_TEXT, logging.getLevelName(level).lower()),
        protobuf.message(_BODY, protobuf.text(1, event)),
        protobuf.text(_EVENT_NAME, event),
        protobuf.attributes(_ATTRIBUTES, attributes.items()),
        _trace(ids) if ids.trace_id else b"",
    )
    return protobuf.message(_RECORDS, b"".join(content))


def _trace(ids: TraceIds) -> bytes:
    return (
        protobuf.fixed32(_FLAGS, int(ids.trace_flags, 16))
        + protobuf.message(_TRACE_ID, bytes.fromhex(ids.trace_id))
        + protobuf.message(_SPAN_ID, bytes.fromhex(ids.span_id))
    )
