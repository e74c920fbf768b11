"""What the relay asks of an upstream, whichever transport its server speaks."""

from collections import Counter
from typing import Protocol

from ..calls.client_request import Post
from ..outcome import Verdict
from ..telemetry.vocabulary import LinkState


class StreamHost(Protocol):
    """Who keeps the sessions of clients that speak HTTP+SSE, whatever the server speaks."""

    def open_stream(self, post: Post) -> None:
        """Take over a client's GET: the stream of a new session."""

    def take_message(self, post: Post) -> None:
        """Take over a message to a session: its answer goes to the session's stream."""

    def turn_away(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        """Answer the calls of a message in the server's place, on the session's stream."""


class Upstream(Protocol):
    """One MCP server."""

    def post(self, post: Post) -> None:
        """Take over a client's message: answer it, now or later."""

    def listen(self, post: Post) -> None:
        """Take over a client's GET: a stream of what the server says of its own accord."""

    def delete(self, post: Post) -> None:
        """Take over a client's DELETE: the end of its session."""

    def tick(self, now: float) -> None:
        """Look for what is overdue; called several times a second."""

    def count_links(self, counts: Counter[LinkState]) -> None:
        """Add the links to the server that there are now."""

    async def probe(self) -> str:
        """Why the server cannot be reached, or started, now, in one line; "" if it can."""

    def drain(self) -> None:
        """From now on new requests are turned away: give up what could not finish without one."""

    async def close(self) -> None:
        """Let go of every connection, session and process."""
