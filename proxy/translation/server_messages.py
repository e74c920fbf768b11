"""What a server says, as messages that can be translated: the edge where their shape is judged.

Beyond it an id is a text or a number, or not there; an answer that is parsed has a result,
which is an object or null, or an error, and never both. (The text beside it is as it came, and may
have both.) What a server answers instead becomes an error of the proxy's own, so that callers
get an answer at once.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import UNSET

from ..errors import MalformedMessage
from ..jsonrpc import codec, methods
from ..jsonrpc.members import Fields, members, parse_members, raw
from ..jsonrpc.message import Message
from ..jsonrpc.repair import as_utf8
from .request import JsonRpcError, identity

T = TypeVar("T")
_ANSWER = frozenset(("id", "result", "error"))
_NO_RESULT = JsonRpcError(methods.INTERNAL_ERROR, "the server gave no result that can be read")


def read(data: bytes) -> tuple[tuple[Fields, bytes], ...]:
    """Each message of a line, body or event, parsed and as it came.

    Raises MalformedMessage.
    """
    return each_of(data, lambda part: _fit(members_of(as_utf8(part))))


def each_of(data: bytes, read_one: Callable[[bytes], T]) -> tuple[tuple[T, bytes], ...]:
    """What `read_one` makes of each message of a line, body or event, and the message as it came.

    There are many only in a batch (2025-03-26), which loses what is malformed, and nothing else.
    Raises MalformedMessage if nothing is left.
    """
    found: list[tuple[T, bytes]] = []
    for part in codec.parts(data):
        try:
            found.append((read_one(part), part))
        except MalformedMessage as error:
            last = error
    if not found:
        raise last
    return tuple(found)


def labels(text: bytes) -> Message:
    """The labels of a message. Raises MalformedMessage, also for other objects."""
    message = codec.decode(text)
    if not message.is_message:
        raise MalformedMessage("not a JSON-RPC message: no method, result or error")
    return message


def members_of(text: bytes) -> Fields:
    """The members of a message; an error in place of an answer of which only the id can be read.

    Raises MalformedMessage.
    """
    try:
        return parse_members(text)
    except MalformedMessage:
        message = codec.decode(text)
        if not message.is_answer or message.id is UNSET:
            raise
        return parse_members(_NO_RESULT.answer(raw(message.id)))


def _fit(message: Fields) -> Fields:
    if identity(message.get("id")) is None:
        message.pop("id", None)
    if bytes(message.get("error", b"")) == b"null":
        del message["error"]  # As JSON-RPC 1.0 has it, beside a result.
    if "error" in message:
        message.pop("result", None)
    elif "method" not in message and not _has_result(message):
        if not message.keys() & _ANSWER:
            raise MalformedMessage("not a JSON-RPC message: no method, id, result or error")
        return parse_members(_NO_RESULT.answer(message.get("id")))
    return message


def _has_result(answer: Fields) -> bool:
    try:
        members(members(answer, "result"), "inputRequests")
    except MalformedMessage:
        return False
    return "result" in answer
