"""What a server says, as messages that can be translated: the edge where their shape is judged.

Beyond it an id is a text or a number, or not there; an answer has a result, which is an object or
null, or an error, and never both. What a server answers instead becomes an error of the proxy's
own, so that who waits is told at once.
"""

from proxy.eras import keys
from proxy.eras.request import NULL, Refused, identity
from proxy.errors import MalformedMessage
from proxy.wire import jsonrpc
from proxy.wire.fields import Fields, members, take_apart

_NO_RESULT = Refused(keys.INTERNAL_ERROR, "the server gave no result that can be read")


def read(data: bytes) -> tuple[tuple[Fields, bytes], ...]:
    """Each message of a line, body or event, taken apart and as it came.

    There are many only in a batch (2025-03-26). Raises MalformedMessage.
    """
    return tuple((_fit(take_apart(part), part), part) for part in jsonrpc.parts(data))


def _fit(message: Fields, text: bytes) -> Fields:
    if identity(message.get("id")) is None:
        message.pop("id", None)
    if not jsonrpc.is_text(text):
        if "method" in message:
            raise MalformedMessage("not a JSON-RPC message: not UTF-8")
        message = {"id": message.get("id", NULL)}
    if bytes(message.get("error", b"")) == b"null":
        del message["error"]  # As JSON-RPC 1.0 has it, beside a result.
    if "error" in message:
        message.pop("result", None)
    elif "method" not in message and not _has_result(message):
        return take_apart(_NO_RESULT.answer(message.get("id")))
    return message


def _has_result(answer: Fields) -> bool:
    try:
        members(members(answer, "result"), "inputRequests")
    except MalformedMessage:
        return False
    return "result" in answer
