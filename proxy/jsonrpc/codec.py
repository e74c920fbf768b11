"""Shallow decoding of messages, and the few messages that the proxy writes itself."""

from typing import Final

import msgspec
from msgspec import UNSET, Raw

from ..errors import MalformedMessage, TooManyMessages
from .members import parse_members
from .message import (
    AnyObject,
    Envelope,
    Failure,
    Implementation,
    Message,
    RequestId,
    Result,
    Task,
)
from .repair import BOM, LONGEST, is_utf8, mended, without_halves
from .truncated import truncated_json

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UPSTREAM_LOST = -32000
"""The official SDKs' code for "connection closed"."""
UPSTREAM_TIMEOUT = -32001
"""The official SDKs' code for "request timeout"."""

MOST_MESSAGES = 1000
"""Of a batch: each takes some microseconds, in which no other call is served."""
_MOST_OBJECTS = 100_000
"""Of a batch, also within its messages: so many are counted in 10 ms."""


_BEFORE: Final = b" \t\r\n" + BOM

_decode_message: Final = msgspec.json.Decoder(Message).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_failure = msgspec.json.Decoder(Failure).decode
_decode_objects = msgspec.json.Decoder(list[AnyObject]).decode
_decode_implementation = msgspec.json.Decoder(Implementation).decode
_decode_task = msgspec.json.Decoder(Task).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_batch = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.encode


def decode(data: bytes | Raw) -> Message:
    """The labels of one message. Raises MalformedMessage.

    Values of unusual types (a numeric `params.name`, an array of params) are legal JSON-RPC:
    they are left out rather than refused, because the proxy only labels with them. What many
    parsers read although it is not JSON is read here too (`repair`), and is `malformed`.
    """
    try:
        message = _decode_message(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_unusual(bytes(data))
    text = data if isinstance(data, bytes) else bytes(data)
    if not (text.isascii() or is_utf8(text)):
        message.malformed = True
    return message


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
    return data.lstrip(_BEFORE)[:1] == b"["


def implementation(found: bytes) -> tuple[str, str]:
    """Name and version of `clientInfo`; "" for what is missing or not a string."""
    try:
        read = _decode_implementation(found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    name, version = read.name, read.version
    return ("" if name is UNSET else text(name)), ("" if version is UNSET else text(version))


def task(found: Raw) -> tuple[str, str]:
    """Id and status of a task; empty if it is not a task."""
    try:
        read = _decode_task(found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    return read.task_id, read.status


def text(found: Raw) -> str:
    """A string; empty for any other value."""
    try:
        return _decode_text(found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def is_jsonrpc(line: bytes) -> bool:
    """Whether a line is meant as JSON-RPC: what a server logs on its stdout is not, even as JSON.

    Every message says its version (JSON-RPC 2.0, section 4), and no SDK takes one that does not.
    """
    return may_be_read(line) and b'"jsonrpc"' in line


def may_be_read(data: bytes) -> bool:
    """Whether a lenient parser may read a text that is not JSON as a message."""
    return data.lstrip(_BEFORE)[:1] in (b"{", b"[")


def has_answer(data: bytes) -> bool:
    """Whether a text contains a response, possibly after progress notifications."""
    try:
        return any(each.is_answer for each in decode_all(data))
    except MalformedMessage:
        return False


def with_id(data: bytes, request_id: RequestId) -> bytes:
    """The message with another id. Raises MalformedMessage if it is not an object."""
    return _encode({**parse_members(data), "id": request_id})


def error(request_id: RequestId | None, code: int, text: str) -> bytes:
    """A JSON-RPC error answer to `request_id`."""
    return _encode({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}})


def _batch(data: bytes) -> list[Raw]:
    try:
        if data.count(b",") >= MOST_MESSAGES:
            _bound(data)
        batch = _decode_batch(data)
    except RecursionError as error:
        raise MalformedMessage(f"not a JSON-RPC batch: {error}") from error
    except msgspec.DecodeError as error:
        text = mended(data)
        if text == data:
            raise MalformedMessage(f"not a JSON-RPC batch: {error}") from error
        return _batch(text)
    if not batch:
        raise MalformedMessage("not a JSON-RPC batch: it is empty")
    return batch


def _bound(data: bytes) -> None:
    """Refuse a batch of too many messages, and one that takes long to count. Raises DecodeError."""
    if data.count(b"{") > _MOST_OBJECTS or len(_decode_objects(data)) > MOST_MESSAGES:
        raise TooManyMessages(f"a batch of more than {MOST_MESSAGES} messages: send several")


def _decode_unusual(data: bytes) -> Message:
    """A message with labels of unusual types, or one that is hardly JSON."""
    try:
        message = _decode(data)
    except MalformedMessage:
        found = _decode_mended(data)
        if found is None:
            raise
        return found
    message.malformed = not is_utf8(data)
    return message


def _decode_mended(data: bytes) -> Message | None:
    """Long messages are read without their long strings."""
    text = truncated_json(data) if len(data) > LONGEST else data
    legal = without_halves(text)
    whole = mended(legal)
    if whole == data:
        return None
    message = _decode(whole)
    message.malformed = whole != legal
    return message


def _decode(data: bytes) -> Message:
    try:
        return _decode_message(data)
    except msgspec.ValidationError:
        return _decode_leniently(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(f"not a JSON-RPC message: {error}") from error


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
