"""What the sides of the relay expect of each other: no class here holds a socket.

Back-pressure has one owner at each step, and whoever leaves releases what it paused:

- A client that reads too slowly pauses the visitor that writes to it, and nobody else. Each
  `client_paused` is followed by `client_resumed`, at the latest when the answer is complete or
  broken off, or the client is gone.
- A sink pauses the connection that carries its answer. It names itself; once the answer is over
  the connection obeys it no more, and is read on for whoever is next.
- The owner of a link pauses the link, and keeps count of the clients it does so for.
"""

from collections.abc import Callable
from typing import Protocol

from .head import ResponseHead
from .rejection import Refusal
from .request_policy import Arrival

Holds = Callable[[], bool]
"""Whether what a client was let in by is still good."""


class Visitor(Protocol):
    """Whoever answers a client's request: told when the client is slow, or gone."""

    def client_paused(self) -> None:
        """The client reads slower than it is written to: stop reading for it."""

    def client_resumed(self) -> None:
        """Follows each `client_paused`: the client caught up, or is written to no more."""

    def client_gone(self) -> None:
        """The client closed its connection before its answer was complete."""


class Writer(Protocol):
    """Takes one answer for a client."""

    def answer(self, head: bytes, body: bytes, status: int) -> None:
        """Send a whole answer; `head` is as `wire.response.start` makes it."""

    def begin(self, head: bytes, length: int | None = None) -> None:
        """Start an answer that comes in pieces, of `length` bytes in all if that is known."""

    def piece(self, data: bytes) -> None:
        """Send a part of a begun answer."""

    def end(self) -> None:
        """Complete a begun answer."""

    def abort(self) -> None:
        """Break off: the client must not take a begun answer for a complete one."""


class Client(Writer, Protocol):
    """A client's connection, while one of its requests is being answered."""

    @property
    def principal(self) -> bytes:
        """Whom the token of the request names; empty where that is not known."""

    @property
    def address(self) -> bytes:
        """Where the client is: its IP address, of IPv6 the network of it."""

    def attach(self, visitor: Visitor) -> None:
        """Name the one who is told of this client until the answer is complete."""


class Applicant(Protocol):
    """A client's connection whose request is known by its head, and not let in yet."""

    def accept(self, principal: bytes, holds: Holds | None) -> None:
        """Let the request in as that of `principal`; its answer ends once `holds` is False."""

    def reject(self, refusal: Refusal) -> None:
        """Answer in the place of the upstream, and close."""


class TokenCheck(Protocol):
    """Who judges the token that came with a request, before any of its body is read."""

    def check(self, applicant: Applicant, arrival: Arrival) -> None:
        """Accept or reject the request, now or later."""


class Receiver(Protocol):
    """Who takes in the client's complete requests."""

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        """Answer the request, now or later. `started` is when its last bytes came."""

    def refuse(self, arrival: Arrival | None, refusal: Refusal) -> None:
        """A request is refused by its head or its framing, and not to be answered any more."""


class Source(Protocol):
    """An upstream's connection. It obeys the sink whose answer it carries, and no other."""

    def pause(self, sink: "Sink") -> None:
        """Read no more for now."""

    def resume(self, sink: "Sink") -> None:
        """Read on."""

    def abort(self, sink: "Sink") -> None:
        """Close at once; nothing more is heard of it."""


class Sink(Protocol):
    """Who takes in the answer of an HTTP upstream. `arrived` is when the bytes came."""

    def connected(self, source: Source) -> bool:
        """The request is about to be sent; False if nobody wants the answer any more."""

    def answer_whole(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        """A complete answer, in one go."""

    def answer_begins(self, head: ResponseHead) -> None:
        """The head of an answer that is passed on in pieces."""

    def answer_piece(self, data: bytes, arrived: float) -> None:
        """A piece of the body."""

    def answer_ends(self, arrived: float) -> None:
        """The body is complete."""

    def answer_lost(self, reason: str) -> None:
        """No answer, or not all of it, will come; `reason` is one line."""
