"""What is to be done about a message: the translators return these, their callers perform them.

`request_number` is the id that the server sees for a client's request.
"""

from typing import NamedTuple

from msgspec import Raw

from ..jsonrpc.members import Fields
from .versions import Era


class Send(NamedTuple):
    """Send a message to the server."""

    message: bytes


class Push(NamedTuple):
    """Send a message to the client of a request, before the answer."""

    request_number: int
    message: bytes


class Answer(NamedTuple):
    """Send a request's client the response. The request may continue: see `legacy_server`."""

    request_number: int
    message: bytes


class Close(NamedTuple):
    """End the client's stream without a response."""

    request_number: int


class Opened(NamedTuple):
    """The server is ready. `result` is that of `initialize`; None from a modern server."""

    era: Era
    result: Raw | None


class Failed(NamedTuple):
    """The server cannot be used; `reason` is one line."""

    reason: str


class Changed(NamedTuple):
    """The server announced a change: send it to all subscribers."""

    method: str
    fields: Fields


class SendToClient(NamedTuple):
    """Send a message to the session's client."""

    message: bytes


class Cancel(NamedTuple):
    """The client no longer waits for that request: cancel it as the server's transport requires."""

    request_number: int


class RetryAfter(NamedTuple):
    """Send that request again after a pause."""

    seconds: float
    request_number: int


class Resubscribe(NamedTuple):
    """The stream of changes ended: open another after a pause."""


Effect = Send | Push | Answer | Close | Opened | Failed | Changed
"""On a channel that modern clients share."""
Effects = list[Effect]

SessionEffect = Send | SendToClient | Cancel | RetryAfter | Resubscribe
"""In the session of a legacy client."""
SessionEffects = list[SessionEffect]
