"""What a collector says of a request that it took: all accepted, or some items refused."""

import msgspec

from ...errors import MalformedMessage
from .. import protobuf
from .retry import ACCEPTED, ExportResult

_REMARK_CHARACTERS = 200
_HIGHEST = 1 << 63
"""From here on a varint of OTLP's signed integers is a negative number."""

NOT_OTLP = ExportResult("its answer is not OTLP")


class _PartialSuccess(msgspec.Struct, rename="camel"):
    rejected_spans: int | str = 0
    rejected_data_points: int | str = 0
    rejected_log_records: int | str = 0
    error_message: str = ""


class _Json(msgspec.Struct, rename="camel"):
    """An Export...Response in the JSON form of OTLP, which writes integers as text."""

    partial_success: _PartialSuccess | None = None


def read(body: bytes) -> ExportResult:
    """The reply in the body of a successful answer.

    Any other answer than an Export...ServiceResponse of one of the signals, in binary or JSON, is
    not a collector's: whether the request arrived is unknown, so it counts as lost.
    """
    try:
        return _read_binary(body)
    except MalformedMessage:
        pass
    try:
        partial = msgspec.json.decode(body, type=_Json).partial_success or _PartialSuccess()
        given = partial.rejected_spans, partial.rejected_data_points, partial.rejected_log_records
        rejected = next(filter(None, map(int, given)), 0)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return NOT_OTLP
    return _partial(rejected, partial.error_message)


def _read_binary(body: bytes) -> ExportResult:
    reply = ACCEPTED
    for field, value in protobuf.fields(body):
        if field != 1:
            continue
        if not isinstance(value, bytes):
            raise MalformedMessage("partial_success is no message")
        partial_success = dict(protobuf.fields(value))
        rejected, remark = partial_success.get(1, 0), partial_success.get(2, b"")
        if not isinstance(rejected, int) or not isinstance(remark, bytes):
            raise MalformedMessage("a partial success of other fields")
        reply = _partial(rejected if rejected < _HIGHEST else 0, remark.decode("utf-8", "replace"))
    return reply


def _partial(rejected: int, remark: str) -> ExportResult:
    return ExportResult(rejected=max(0, rejected), remark=remark[:_REMARK_CHARACTERS])
