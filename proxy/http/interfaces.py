"""What clients' connections, request handlers and connections to a server expect of each other.

Back-pressure has one owner at each step, and whatever closes releases what it paused:

- A client that reads too slowly pauses the observer that writes to it, and no other. Each
  `on_client_paused` is followed by `on_client_resumed`, at the latest when the response is complete
  or aborted, or the client is gone.
- A handler pauses the connection that carries its response. It names itself; once the response is
  over, the connection ignores it, and reads on for the next handler.
- The owner of a transport pauses the transport, and counts the clients it does so for.
"""

from collections.abc import Callable
from typing import Protocol

from .head import ResponseHead
from .rejection import HttpRejection
from .request_policy import RequestInfo

StillValid = Callable[[], bool]
"""Whether a client's credentials are still valid."""


class ClientObserver(Protocol):
    """What answers a client's request: notified when the client is slow, or gone."""

    def on_client_paused(self) -> None:
        """The client reads slower than it is written to: stop reading for it."""

    def on_client_resumed(self) -> None:
        """Follows each `on_client_paused`: the client caught up, or is written to no more."""

    def on_client_gone(self) -> None:
        """The client closed its connection before its answer was complete."""


class ResponseWriter(Protocol):
    """Sends one response to a client."""

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        """Send a complete response; `head` is as `http.response.start` makes it."""

    def start_response(self, head: bytes, length: int | None = None) -> None:
        """Start a response whose body follows by `write`, of `length` bytes if that is known."""

    def write(self, data: bytes) -> None:
        """Send a part of the body."""

    def end(self) -> None:
        """Complete a started response."""

    def abort(self) -> None:
        """Break off: the client must not mistake a started response for a complete one."""


class Client(ResponseWriter, Protocol):
    """A client's connection, while one of its requests is being answered."""

    @property
    def principal(self) -> bytes:
        """Whom the token of the request names; empty where that is not known."""

    @property
    def address(self) -> bytes:
        """Where the client is: its IP address, of IPv6 the network of it."""

    def attach(self, observer: ClientObserver) -> None:
        """Name the one who is notified of this client until the answer is complete."""


class PendingClient(Protocol):
    """A client's connection whose request head is known, and not yet authenticated."""

    def accept(self, principal: bytes, holds: StillValid | None) -> None:
        """Let the request in as that of `principal`; its answer ends once `holds` is False."""

    def reject(self, rejection: HttpRejection) -> None:
        """Answer in the place of the upstream, and close."""


class TokenCheck(Protocol):
    """Verifies the token of a request before any of its body is read."""

    def check(self, client: PendingClient, info: RequestInfo) -> None:
        """Accept or reject the request, now or later."""


class RequestHandler(Protocol):
    """Receives the client's complete requests."""

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        """Answer the request, now or later. `started` is when its last bytes came."""

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        """A request is refused by its head or its framing, and not to be answered any more."""


class UpstreamReader(Protocol):
    """An upstream's connection. Only the handler of the current response controls it."""

    def pause(self, handler: "ResponseHandler") -> None:
        """Read no more for now."""

    def resume(self, handler: "ResponseHandler") -> None:
        """Read on."""

    def abort(self, handler: "ResponseHandler") -> None:
        """Close at once; the handler gets no more events."""


class ResponseHandler(Protocol):
    """Receives the response of an HTTP upstream. `arrived` is when the bytes came."""

    def connected(self, source: UpstreamReader) -> bool:
        """The request is about to be sent; False if the response is no longer wanted."""

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        """A complete answer, in one go."""

    def on_headers(self, head: ResponseHead) -> None:
        """The head of an answer that is passed on in pieces."""

    def on_data(self, data: bytes, arrived: float) -> None:
        """A piece of the body."""

    def on_end(self, arrived: float) -> None:
        """The body is complete."""

    def on_error(self, reason: str) -> None:
        """No answer, or not all of it, will come; `reason` is one line."""
