"""Puts a trace context into a message's `params._meta` (SEP-414), leaving all other values alone.

Objects on the way down to `_meta` are parsed into raw values and encoded again, so
that arguments keep their very bytes, whatever their size, and unknown fields survive.
"""

from .members import encode, members, parse_exact, raw


def with_context(data: bytes, traceparent: str, tracestate: str) -> bytes:
    """The message with the context in place of any that it carried; makes `params` if missing.

    Raises MalformedMessage if the message, its params or its `_meta` is not an object.
    """
    message = parse_exact(data)
    params = members(message, "params")
    meta = members(params, "_meta")
    meta.pop("tracestate", None)
    meta["traceparent"] = raw(traceparent)
    if tracestate:
        meta["tracestate"] = raw(tracestate)
    params["_meta"] = raw(meta)
    message["params"] = raw(params)
    return encode(message)
