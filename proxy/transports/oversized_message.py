"""A message of a server that is longer than the limit: the waiting calls get an error."""

import logging

from .. import logs
from ..errors import MalformedMessage
from ..jsonrpc import codec
from ..jsonrpc.message import Message, RequestId
from ..outcome import INVALID_RESPONSE
from .base import Transport, TransportListener

LOG = logging.getLogger("proxy.messages")


def too_long(limit: int, length: int = 0) -> str:
    """Why it is refused."""
    size = f"of {length} bytes" if length else f"of more than {limit} bytes"
    return f"the server sent a message {size}: --message-limit is {limit}"


def labels(text: bytes) -> tuple[Message, ...]:
    """What is known of it by its truncated text; empty if that is not a message."""
    try:
        return codec.decode_all(text)
    except MalformedMessage:
        return ()


def refuse(
    transport: Transport, owner: TransportListener, text: bytes, length: int, limit: int
) -> None:
    """Fail the request that a message answers, as read from its truncated text."""
    reason = too_long(limit, length)
    messages = labels(text)
    for each in messages:
        if each.is_request:
            request_id: RequestId = each.id  # type: ignore[assignment]  # a request has one
            transport.send(codec.error(request_id, codec.INVALID_REQUEST, reason))
    answers = [each.id for each in messages if each.is_answer]
    if answers or not messages:
        ids = [each for each in answers if isinstance(each, RequestId)]
        owner.on_undelivered(ids or None, INVALID_RESPONSE, reason)
    else:
        logs.event(LOG, "message dropped", logging.WARNING, reason=reason)
