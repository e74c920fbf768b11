"""One request of a modern client, from its POST to its answer, at a server that others share."""

from time import perf_counter
from typing import Protocol

from ...calls.client_request import GONE_STATUS, Post
from ...calls.recorder import Books
from ...http.head import lines
from ...in_flight import Finished, given_up
from ...jsonrpc import codec, methods
from ...outcome import CANCELLED, OK, TIMED_OUT, Verdict, judge
from ...translation import headers, rules
from ...translation.request import Refused, Request
from ...translation.subscription import closure
from ..responses import Audience, Reply

SLOW_LIMIT = 8 * 1024 * 1024
"""Bytes kept for a client that does not read, while others wait for the same server."""

# Headers that differ from one request to the next of the same client.
_PASSING = frozenset(
    (b"accept", b"content-type", b"x-request-id", b"x-correlation-id", b"baggage", b"b3")
)


class Host(Protocol):
    """Where the request is being served."""

    def visit_over(self, visit: "Visit") -> None:
        """The client went away, or waited too long: nobody wants the answer."""

    def visit_slow(self, visit: "Visit") -> None:
        """The client began or ceased to read slower than it is written to."""


class Visit(Audience):
    """A modern client's request. `host` is set once a channel takes it."""

    __slots__ = (
        "_books", "_counted", "_deadline", "_held", "_looked", "_patience", "_reply",
        "_waits_since", "call", "host", "over", "post", "request", "slow",
    )  # fmt: skip

    def __init__(self, post: Post, request: Request, books: Books, patience: float) -> None:
        self.post = post
        self.request = request
        self.call = post.calls[0]
        self.host: Host | None = None
        self.slow = False
        self.over = False
        self._books = books
        self._patience = patience
        self._deadline = self.call.started + patience
        self.call.heard = self.call.started
        self._held = 0
        self._waits_since = 0.0
        self._looked = perf_counter()
        self._counted = False
        self._reply = Reply(post, self, ())

    def __repr__(self) -> str:
        return f"<Visit {self.call!r} over={self.over}>"

    @property
    def forward(self) -> bytes:
        """The client's end-to-end header lines that are not about this one message."""
        kept = (each for each in headers.split(self.post.arrival.forward) if not _is_mcp(each[0]))
        return lines(kept) + self.post.context

    @property
    def owner(self) -> tuple[bytes, bytes, bytes]:
        """What tells this client's sessions from those of others.

        A token that ends at the proxy is not among the headers that travel on, and yet tells; so
        does the query, in which some clients show their key.
        """
        given = headers.split(self.post.arrival.forward)
        kept = (each for each in given if not _is_mcp(each[0]) and each[0] not in _PASSING)
        meta = self.request.meta
        info, capabilities = (
            bytes(meta.get(name, b""))
            for name in (methods.CLIENT_INFO_KEY, methods.CAPABILITIES_KEY)
        )
        who = self.post.principal
        return b"%b%b %b" % (lines(sorted(kept)), who, self.post.arrival.query), info, capabilities

    @property
    def listening(self) -> bool:
        """Whether this is a subscription whose stream is open."""
        return self._counted and not self.over

    def waits(self) -> None:
        """It is held here until the server's session is open."""
        self._waits_since = perf_counter()

    def asked(self) -> None:
        """The server got the request."""
        now = self.call.asked = perf_counter()
        if self._waits_since:
            self.call.held += now - self._waits_since

    def push(self, message: bytes) -> None:
        """Send the client a message that comes before the answer."""
        self.call.heard = perf_counter()
        self._deadline = self.call.heard + self._patience
        if not self._reply.accepts_events:
            return
        if self._held > SLOW_LIMIT:
            self._leave(CANCELLED)
            self._reply.abort()
            return
        if self.slow:
            self._held += len(message)
        self._reply.push(message)
        if self.request.method == methods.LISTEN and not self._counted:
            self._count(OK, 200)

    def answer(self, message: bytes) -> None:
        """Send the client its answer."""
        answer = codec.decode(message)
        self.call.answer_size = len(message)
        if answer.result:
            self.call.note(answer.result)
        code = answer.error.code if answer.error else 0
        status = self._reply.answer(self.call, message, rules.STATUS.get(code, 200))
        self._end(judge(answer), status)

    def refuse(self, refused: Refused) -> None:
        """Answer with an error of the proxy's own."""
        self.answer(refused.answer(self.request.id))

    def fail(self, status: int, reason: str, verdict: Verdict) -> None:
        """Answer in the server's place; an open subscription just ends."""
        if self._counted:
            self._reply.end()
            self._end(verdict, status)
        else:
            self._end(verdict, self._reply.fail(self.call, status, reason))

    def close(self) -> None:
        """End a subscription as it should."""
        self.push(closure(self.request.id))
        if not self.over:
            self._reply.end()
            self._end(OK, 200)

    def tick(self, now: float) -> None:
        """Look whether the request is overdue; keep its answer alive."""
        if self.over:
            return
        since, self._looked = self._looked, now
        if self.slow:
            self._deadline += now - since
            self.call.heard += now - since
        else:
            self._reply.keep_alive(now)
        if not self._counted and now > self._deadline:
            self._leave()
            self.fail(504, "the server did not answer in time", TIMED_OUT)

    def pause(self, member: object) -> None:
        self._set_slow(slow=True)

    def resume(self, member: object) -> None:
        self._set_slow(slow=False)

    def reply_gone(self, reply: Reply) -> None:
        """Closing the stream is the cancel."""
        self._leave(given_up(self.call, perf_counter()))

    def listener_gone(self, listener: object) -> None:
        """A modern client has no GET stream."""

    def _set_slow(self, *, slow: bool) -> None:
        self.slow, self._held = slow, 0
        if self.host is not None and not self.over:
            self.host.visit_slow(self)

    def streams(self, more: int) -> None:
        self._books.ledger.streams += more

    def _leave(self, verdict: Verdict | None = None) -> None:
        host, self.host = self.host, None
        if host is not None:
            host.visit_over(self)
        if verdict is not None:
            self._end(verdict, GONE_STATUS)

    def _end(self, verdict: Verdict, status: int) -> None:
        self.over = True
        self.host = None
        if not self._counted:
            self._count(verdict, status)

    def _count(self, verdict: Verdict, status: int) -> None:
        self._counted = True
        since = self.call.asked or self._waits_since
        waited = perf_counter() - since if since else 0.0
        self._books.finished(Finished(self.call, verdict), status, waited)


def _is_mcp(name: bytes) -> bool:
    return name in headers.OF_MCP or name.startswith(headers.PARAMETER)
