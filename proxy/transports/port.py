"""What the sides of the relay expect of each other: no class here holds a socket."""

from typing import Protocol

from proxy.gate import Arrival
from proxy.wire.head import ResponseHead


class Visitor(Protocol):
    """Whoever answers a client's request: told when the client is slow, or gone."""

    def client_paused(self) -> None:
        """The client reads slower than it is written to: stop reading for it."""

    def client_resumed(self) -> None:
        """The client caught up."""

    def client_gone(self) -> None:
        """The client closed its connection before its answer was complete."""


class Client(Protocol):
    """A client's connection, while one of its requests is being answered."""

    def attach(self, visitor: Visitor) -> None:
        """Name the one who is told of this client until the answer is complete."""

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


class Receiver(Protocol):
    """Who takes in the client's complete requests."""

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        """Answer the request, now or later. `started` is when its last bytes came."""

    def refuse(self, arrival: Arrival | None, status: int) -> None:
        """A request was refused for its head or its framing, and is answered already."""


class Source(Protocol):
    """An upstream's connection, while it answers."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read on."""

    def abort(self) -> None:
        """Close at once; nothing more is heard of it."""


class Sink(Protocol):
    """Who takes in the answer of an HTTP upstream. `arrived` is when the bytes came."""

    def connected(self, source: Source) -> bool:
        """A new connection is there; False if nobody wants the answer any more."""

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
