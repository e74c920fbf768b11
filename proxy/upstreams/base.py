"""What the dispatcher asks of an upstream, whichever transport its server speaks."""

from collections import Counter
from typing import Protocol

from ..calls.client_request import ClientRequest
from ..outcome import CallOutcome
from ..telemetry.vocabulary import TransportState


class SseSessions(Protocol):
    """Keeps the sessions of clients that speak HTTP+SSE, whatever the server speaks."""

    def open_stream(self, client_request: ClientRequest) -> None:
        """Take over a client's GET: the stream of a new session."""

    def post_message(self, client_request: ClientRequest) -> None:
        """Take over a message to a session: its answer goes to the session's stream."""

    def reject(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        """Answer the calls of a message in the server's place, on the session's stream."""


class Upstream(Protocol):
    """One MCP server."""

    def post(self, client_request: ClientRequest) -> None:
        """Take over a client's message: answer it, now or later."""

    def listen(self, client_request: ClientRequest) -> None:
        """Take over a client's GET: a stream of what the server says of its own accord."""

    def delete(self, client_request: ClientRequest) -> None:
        """Take over a client's DELETE: the end of its session."""

    def tick(self, now: float) -> None:
        """Look for what is overdue; called several times a second."""

    def count_transports(self, counts: Counter[TransportState]) -> None:
        """Add the transports to the server that there are now."""

    async def probe(self) -> str:
        """Why the server cannot be reached, or started, now, in one line; "" if it can."""

    def drain(self) -> None:
        """From now on new requests are rejected: give up what could not finish without one."""

    async def close(self) -> None:
        """Let go of every connection, session and process."""
