"""Reads a client's body as far as needed, and rejects invalid ones; no I/O.

A long body is read in steps, so that other calls are served between them: each step takes less than
10 ms.
"""

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from ..errors import MalformedMessage, ProxyError, TooManyMessages
from ..jsonrpc import codec
from ..jsonrpc.ambiguity import ambiguous, is_plain
from ..jsonrpc.depth import deeper_than, depths
from ..jsonrpc.message import Message, RequestId

LONG: Final = 256 * 1024
"""Bytes from which on a body is read in steps."""
NOTIFICATIONS = "notifications/"
"""How the methods of notifications begin; some clients give these an id of null."""

Messages = tuple[Message, ...]


class InvalidBody(ProxyError):
    """A rejected body: the JSON-RPC error, and the id of its response."""

    def __init__(self, code: int, reason: str, messages: Messages = ()) -> None:
        super().__init__(reason)
        self.code = code
        [first] = messages if len(messages) == 1 else [Message()]
        self.id: RequestId | None = first.id if first.is_request else None  # type: ignore[assignment]


def read(body: bytes, depth: int) -> Messages:
    """The messages of a body, which may nest so deep. Raises InvalidBody."""
    messages = _decoded(body)
    if len(messages) > 1 or not is_plain(body, messages[0]):
        _judge(body, messages)
    if deeper_than(body, depth):
        raise _too_deep(depth, messages)
    return messages


def read_in_steps(body: bytes, depth: int) -> Iterator[Messages]:
    """The same for a long body, step by step: its messages again and again. Raises InvalidBody."""
    messages = _decoded(body)
    yield messages
    _judge(body, messages)
    for reached in depths(body):
        yield messages
        if reached > depth:
            raise _too_deep(depth, messages)


def _decoded(body: bytes) -> Messages:
    try:
        return codec.decode_all(body)
    except TooManyMessages as error:
        raise InvalidBody(codec.INVALID_REQUEST, str(error)) from error
    except MalformedMessage as error:
        raise InvalidBody(codec.PARSE_ERROR, str(error)) from error


def _judge(body: bytes, messages: Messages) -> None:
    """Reject a body that the server may read as another call than the counted one."""
    parts = codec.parts(body) if codec.is_batch(body) else (body,)
    for part, message in zip(parts, messages, strict=True):
        try:
            member = ambiguous(part)
        except MalformedMessage as error:
            raise InvalidBody(codec.PARSE_ERROR, str(error)) from error
        if member:
            reason = f"{member!r} may be read in two ways: give each member once, in its own case"
            raise InvalidBody(codec.INVALID_REQUEST, reason, messages)
        if message.id is None and not _notifies(message):
            raise InvalidBody(codec.INVALID_REQUEST, "the id of a request must not be null")


def _notifies(message: Message) -> bool:
    return message.method is UNSET or message.method.startswith(NOTIFICATIONS)


def _too_deep(depth: int, messages: Messages) -> InvalidBody:
    reason = f"arrays and objects nest more than {depth} levels deep"
    return InvalidBody(codec.INVALID_REQUEST, reason, messages)
