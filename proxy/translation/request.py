"""A request parsed as far as translating needs, and the messages that the proxy makes."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from ..jsonrpc import methods
from ..jsonrpc.depth import DEEPEST, deeper_than
from ..jsonrpc.members import Fields, encode, members, members_or_empty, parse_members, raw
from ..jsonrpc.message import RequestId

NULL = raw(None)


class JsonRpcError(Struct, frozen=True, gc=False):
    """A JSON-RPC error by the proxy instead of the server."""

    code: int
    reason: str
    data: object = None

    def answer(self, request_id: Raw | None) -> bytes:
        """The error as a message."""
        error: dict[str, object] = {"code": self.code, "message": self.reason}
        if self.data is not None:
            error["data"] = self.data
        return encode({"jsonrpc": "2.0", "id": request_id, "error": error})


class Request:
    """One request or notification; its parts stay raw."""

    __slots__ = ("fields", "id", "meta", "method", "params")

    def __init__(self, data: bytes) -> None:
        """Raises MalformedMessage if the message, its params or its `_meta` is not an object."""
        self.fields = parse_members(data)
        self.params = members(self.fields, "params")
        self.meta = members(self.params, "_meta")
        self.id: Raw = self.fields.get("id", NULL)
        self.method = text(self.fields.get("method"))

    def __repr__(self) -> str:
        return f"<Request {self.method}>"

    def encoded(self, request_id: object, params: Fields, meta: Fields) -> bytes:
        """The message with that id, these params and this `_meta`."""
        inner = {name: value for name, value in params.items() if name != "_meta"}
        if meta:
            inner["_meta"] = raw(meta)
        fields: dict[str, object] = {**self.fields, "id": request_id}
        if inner or "params" in self.fields:
            fields["params"] = inner
        return encode(fields)


def text(value: Raw | None) -> str:
    """A string member's value; "" for any other."""
    found = plain(value)
    return found if isinstance(found, str) else ""


def plain(value: Raw | None) -> object:
    """A member's value; None if it is absent or cannot be read, or nests too deep to be written."""
    if value is None or deeper_than(bytes(value), DEEPEST):
        return None
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def identity(value: Raw | None) -> RequestId | None:
    """An id or token as a key; None for any other value."""
    found = plain(value)
    if isinstance(found, bool) or not isinstance(found, int | str | float):
        return None
    return found


def mapping(value: object) -> Mapping[str, object]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def request(request_id: object, method: str, params: object) -> bytes:
    """A request of the proxy itself."""
    return encode({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})


def notification(method: str, params: object = None) -> bytes:
    """A notification of the proxy itself."""
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
    return encode(message if params is None else {**message, "params": params})


def result(request_id: object, value: object) -> bytes:
    """A response of the proxy itself."""
    return encode({"jsonrpc": "2.0", "id": request_id, "result": value})


def cancellation(request_id: object) -> bytes:
    """A notification that cancels a request."""
    reason = "the client closed its stream, or waited too long"
    return notification(methods.CANCELLED, {"requestId": request_id, "reason": reason})


def with_meta(message: Fields, holder: str, key: str, value: Raw | None) -> bytes:
    """A message whose `holder` (params or result) has a `_meta` member set, or (None) removed."""
    inner = members_or_empty(message, holder)
    meta = members_or_empty(inner, "_meta")
    if value is None:
        meta.pop(key, None)
    else:
        meta[key] = value
    inner.pop("_meta", None)
    if meta:
        inner["_meta"] = raw(meta)
    return encode({**message, holder: inner})
