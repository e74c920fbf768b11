"""Bytes -> Message, shallowly, and the few messages that the proxy writes itself."""

import msgspec
from msgspec import UNSET, Raw

from ..errors import MalformedMessage
from .message import Envelope, Failure, Message, RequestId, Result

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UPSTREAM_LOST = -32000
"""The official SDKs' code for "connection closed"."""
UPSTREAM_TIMEOUT = -32001
"""The official SDKs' code for "request timeout"."""


_decode_message = msgspec.json.Decoder(Message).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_failure = msgspec.json.Decoder(Failure).decode
_decode_batch = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.encode


def decode(data: bytes | Raw) -> Message:
    """The labels of one message. Raises MalformedMessage.

    Values of unusual types (a numeric `params.name`, an array of params) are legal JSON-RPC:
    they are left out rather than refused, because the proxy only labels with them.
    """
    try:
        return _decode_message(data)
    except msgspec.ValidationError:
        return _decode_leniently(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"not a JSON-RPC message: {error}") from error


def decode_all(data: bytes) -> tuple[Message, ...]:
    """The messages of a body: one, or those of a batch (2025-03-26). Raises MalformedMessage."""
    if not is_batch(data):
        return (decode(data),)
    return tuple(decode(each) for each in _batch(data))


def split(data: bytes) -> tuple[tuple[Message, bytes], ...]:
    """Each message of a line or body with its own bytes. Raises MalformedMessage."""
    if not is_batch(data):
        return ((decode(data), data),)
    return tuple((decode(each), bytes(each)) for each in _batch(data))


def parts(data: bytes) -> tuple[bytes, ...]:
    """The text of each message of a line or body. Raises MalformedMessage for an empty batch."""
    return tuple(map(bytes, _batch(data))) if is_batch(data) else (data,)


def is_batch(data: bytes) -> bool:
    """Whether a body that is JSON is an array of messages, if only of one (2025-03-26)."""
    return data.lstrip()[:1] == b"["


def is_text(data: bytes) -> bool:
    """Whether JSON that was decoded is UTF-8, as it must be (RFC 8259, section 8.1).

    The decoder looks at the strings only that it reads.
    """
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def error(request_id: RequestId | None, code: int, text: str) -> bytes:
    """A JSON-RPC error answer to `request_id`."""
    return _encode({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}})


def _batch(data: bytes) -> list[Raw]:
    try:
        batch = _decode_batch(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"not a JSON-RPC batch: {error}") from error
    if not batch:
        raise MalformedMessage("not a JSON-RPC batch: it is empty")
    return batch


def _decode_leniently(data: bytes | Raw) -> Message:
    try:
        envelope = _decode_envelope(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"not a JSON-RPC message: {error}") from error
    message = Message(id=envelope.id, method=envelope.method)
    if envelope.result is not UNSET:
        message.result = Result()
    if envelope.error is not UNSET and not (message.result and bytes(envelope.error) == b"null"):
        message.error = _failure(envelope.error)  # That of JSON-RPC 1.0 beside a result is null.
    return message


def _failure(raw: Raw) -> Failure:
    try:
        return _decode_failure(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Failure()
