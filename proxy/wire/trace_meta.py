"""Puts a trace context into a message's `params._meta` (SEP-414), leaving all other values alone.

Objects on the way down to `_meta` are taken apart into raw values and put together again, so
that arguments keep their very bytes, whatever their size, and unknown fields survive.
"""

import msgspec
from msgspec import Raw

from proxy.errors import MalformedMessage

_Fields = dict[str, Raw]

_decode = msgspec.json.Decoder(_Fields).decode
_encode = msgspec.json.encode


def with_context(data: bytes, traceparent: str, tracestate: str) -> bytes:
    """The message with the context in place of any that it carried; makes `params` if missing.

    Raises MalformedMessage if the message, its params or its `_meta` is not an object.
    """
    try:
        message = _decode(data)
        params = _members(message, "params")
        meta = _members(params, "_meta")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"no place for a trace context: {error}") from error
    meta.pop("tracestate", None)
    meta["traceparent"] = Raw(_encode(traceparent))
    if tracestate:
        meta["tracestate"] = Raw(_encode(tracestate))
    params["_meta"] = Raw(_encode(meta))
    message["params"] = Raw(_encode(params))
    return _encode(message)


def _members(parent: _Fields, name: str) -> _Fields:
    raw = parent.get(name)
    return {} if raw is None or bytes(raw) == b"null" else _decode(raw)
