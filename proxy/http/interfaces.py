"""Interfaces between clients' connections, request handlers and connections to a server.

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
    """Responds to a client's request, and is notified when the client is slow or gone."""

    def on_client_paused(self) -> None:
        """The client reads too slowly: stop reading for it."""

    def on_client_resumed(self) -> None:
        """Follows each `on_client_paused`: the client caught up, or its response is over."""

    def on_client_gone(self) -> None:
        """The client closed its connection before its response was complete."""


class ResponseWriter(Protocol):
    """Sends one response to a client."""

    def respond(self, head: bytes, body: bytes, status: int) -> None:
        """Send a complete response; `head` is as `http.response.start` makes it."""

    def start_response(self, head: bytes, length: int | None = None) -> None:
        """Start a response whose body follows by `write`; `length` is its size, if known."""

    def write(self, data: bytes) -> None:
        """Send a part of the body."""

    def end(self) -> None:
        """Complete a started response."""

    def abort(self) -> None:
        """Break off, so that the client does not take a started response for complete."""


class Client(ResponseWriter, Protocol):
    """A client's connection during one of its requests."""

    @property
    def principal(self) -> bytes:
        """The principal of the request's token; empty if unknown."""

    @property
    def address(self) -> bytes:
        """The client's IP address; for IPv6 its network."""

    def attach(self, observer: ClientObserver) -> None:
        """Set the observer of this client until the response is complete."""


class PendingClient(Protocol):
    """A client's connection whose request head is known, and not yet authenticated."""

    def accept(self, principal: bytes, holds: StillValid | None) -> None:
        """Accept the request as that of `principal`; its response ends once `holds` is False."""

    def reject(self, rejection: HttpRejection) -> None:
        """Respond instead of the upstream, and close."""


class TokenCheck(Protocol):
    """Verifies the token of a request before any of its body is read."""

    def check(self, client: PendingClient, info: RequestInfo) -> None:
        """Accept or reject the request, now or later."""


class RequestHandler(Protocol):
    """Receives the client's complete requests."""

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        """Respond to the request, now or later. `started` is when its last bytes arrived."""

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        """A request was rejected by its head or framing, and has its response."""


class UpstreamReader(Protocol):
    """An upstream's connection. Only the handler of the current response controls it."""

    def pause(self, handler: "ResponseHandler") -> None:
        """Stop reading for now."""

    def resume(self, handler: "ResponseHandler") -> None:
        """Continue to read."""

    def abort(self, handler: "ResponseHandler") -> None:
        """Close at once; the handler gets no more events."""


class ResponseHandler(Protocol):
    """Receives the response of an HTTP upstream. `arrived` is when the bytes came."""

    def connected(self, source: UpstreamReader) -> bool:
        """The request is about to be sent; False if the response is no longer wanted."""

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        """A complete response at once."""

    def on_headers(self, head: ResponseHead) -> None:
        """The head of a response that is forwarded in pieces."""

    def on_data(self, data: bytes, arrived: float) -> None:
        """A piece of the body."""

    def on_end(self, arrived: float) -> None:
        """The body is complete."""

    def on_error(self, reason: str) -> None:
        """The response is missing or incomplete; `reason` is one line."""
