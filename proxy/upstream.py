"""What the relay asks of an upstream, whichever transport its server speaks."""

from typing import Protocol

from proxy.post import Post


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

    async def probe(self) -> str:
        """Why the server cannot be reached, or started, now, in one line; "" if it can."""

    def drain(self) -> None:
        """From now on new requests are turned away: give up what could not finish without one."""

    async def close(self) -> None:
        """Let go of every connection, session and process."""
