"""One request of a modern client, from its POST to its response, at a shared server."""

from time import perf_counter
from typing import Protocol

from ...calls.client_request import CLIENT_CLOSED_REQUEST, ClientRequest
from ...calls.recorder import CallRecorder
from ...http.head import lines
from ...in_flight import Finished, outcome_of_cancellation
from ...jsonrpc import codec, methods
from ...outcome import CANCELLED, OK, TIMED_OUT, CallOutcome, classify
from ...translation import headers, rules
from ...translation.request import JsonRpcError, Request
from ...translation.subscription import closure
from ..responses import PostResponse

SLOW_LIMIT = 8 * 1024 * 1024
"""Bytes kept for a client that does not read, while others wait for the same server."""

# Headers that differ from one request to the next of the same client.
_PASSING = frozenset(
    (b"accept", b"content-type", b"x-request-id", b"x-correlation-id", b"baggage", b"b3")
)


class RequestOwner(Protocol):
    """The channel that serves the request."""

    def on_request_over(self, pending: "StatelessRequest") -> None:
        """The client left, or waited too long: the response is no longer needed."""

    def on_client_speed(self, pending: "StatelessRequest") -> None:
        """The client became too slow, or caught up."""


class StatelessRequest:
    """A modern client's request. `host` is set once a channel takes it.

    Implements ResponseListener.
    """

    __slots__ = (
        "_recorder", "_counted", "_deadline", "_held", "_checked_at", "_timeout", "_response",
        "_waits_since", "call", "host", "over", "client_request", "request", "slow",
    )  # fmt: skip

    def __init__(
        self,
        client_request: ClientRequest,
        request: Request,
        recorder: CallRecorder,
        timeout: float,
    ) -> None:
        self.client_request = client_request
        self.request = request
        self.call = client_request.calls[0]
        self.host: RequestOwner | None = None
        self.slow = False
        self.over = False
        self._recorder = recorder
        self._timeout = timeout
        self._deadline = self.call.started + timeout
        self.call.last_activity = self.call.started
        self._held = 0
        self._waits_since = 0.0
        self._checked_at = perf_counter()
        self._counted = False
        self._response = PostResponse(client_request, self, ())

    def __repr__(self) -> str:
        return f"<StatelessRequest {self.call!r} over={self.over}>"

    @property
    def forward(self) -> bytes:
        """The client's end-to-end header lines that are not about this one message."""
        kept = (
            each for each in headers.split(self.client_request.info.forward) if not _is_mcp(each[0])
        )
        return lines(kept) + self.client_request.context

    @property
    def owner(self) -> tuple[bytes, bytes, bytes]:
        """What identifies this client's sessions.

        A token that ends at the proxy is not among the headers that travel on, and yet counts; so
        does the query, in which some clients show their key.
        """
        given = headers.split(self.client_request.info.forward)
        kept = (each for each in given if not _is_mcp(each[0]) and each[0] not in _PASSING)
        meta = self.request.meta
        info, capabilities = (
            bytes(meta.get(name, b""))
            for name in (methods.CLIENT_INFO_KEY, methods.CAPABILITIES_KEY)
        )
        who = self.client_request.principal
        return (
            b"%b%b %b" % (lines(sorted(kept)), who, self.client_request.info.query),
            info,
            capabilities,
        )

    @property
    def listening(self) -> bool:
        """Whether this is a subscription whose stream is open."""
        return self._counted and not self.over

    def on_queued(self) -> None:
        """It waits until the server's session is open."""
        self._waits_since = perf_counter()

    def on_sent(self, asked: float) -> None:
        """The server got the request, and could act since `asked`."""
        self.call.sent_at = asked
        if self._waits_since:
            self.call.queued_seconds += asked - self._waits_since

    def push(self, message: bytes) -> None:
        """Send the client a message before the response."""
        self.call.last_activity = perf_counter()
        self._deadline = self.call.last_activity + self._timeout
        if not self._response.accepts_events:
            return
        if self._held > SLOW_LIMIT:
            self._detach(CANCELLED)
            self._response.abort()
            return
        if self.slow:
            self._held += len(message)
        self._response.push(message)
        if self.request.method == methods.LISTEN and not self._counted:
            self._count(OK, 200)

    def answer(self, message: bytes) -> None:
        """Send the client the response."""
        answer = codec.decode(message)
        self.call.answer_size = len(message)
        if answer.result:
            self.call.note(answer.result)
        code = answer.error.code if answer.error else 0
        status = self._response.answer(self.call, message, rules.STATUS.get(code, 200))
        self._end(classify(answer), status)

    def refuse(self, refused: JsonRpcError) -> None:
        """Respond with an error of the proxy."""
        self.answer(refused.answer(self.request.id))

    def fail(self, status: int, reason: str, outcome: CallOutcome) -> None:
        """Respond instead of the server; an open subscription just ends."""
        if self._counted:
            self._response.end()
            self._end(outcome, status)
        else:
            self._end(outcome, self._response.fail(self.call, status, reason))

    def close(self) -> None:
        """Close a subscription gracefully."""
        self.push(closure(self.request.id))
        if not self.over:
            self._response.end()
            self._end(OK, 200)

    def tick(self, now: float) -> None:
        """Time out an overdue request; keep its response stream alive."""
        if self.over:
            return
        since, self._checked_at = self._checked_at, now
        if self.slow:
            self._deadline += now - since
            self.call.last_activity += now - since
        else:
            self._response.keep_alive(now)
        if not self._counted and now > self._deadline:
            self._detach()
            self.fail(504, "the server did not answer in time", TIMED_OUT)

    def pause(self, member: object) -> None:
        self._set_slow(slow=True)

    def resume(self, member: object) -> None:
        self._set_slow(slow=False)

    def on_response_abandoned(self, reply: PostResponse) -> None:
        """Closing the stream is the cancel."""
        self._detach(outcome_of_cancellation(self.call, perf_counter()))

    def on_stream_closed(self, listener: object) -> None:
        """A modern client has no GET stream."""

    def _set_slow(self, *, slow: bool) -> None:
        self.slow, self._held = slow, 0
        if self.host is not None and not self.over:
            self.host.on_client_speed(self)

    def streams(self, more: int) -> None:
        self._recorder.ledger.streams += more

    def _detach(self, outcome: CallOutcome | None = None) -> None:
        host, self.host = self.host, None
        if host is not None:
            host.on_request_over(self)
        if outcome is not None:
            self._end(outcome, CLIENT_CLOSED_REQUEST)

    def _end(self, outcome: CallOutcome, status: int) -> None:
        self.over = True
        self.host = None
        if not self._counted:
            self._count(outcome, status)

    def _count(self, outcome: CallOutcome, status: int) -> None:
        self._counted = True
        since = self.call.sent_at or self._waits_since
        waited = perf_counter() - since if since else 0.0
        self._recorder.finish(Finished(self.call, outcome), status, waited)


def _is_mcp(name: bytes) -> bool:
    return name in headers.OF_MCP or name.startswith(headers.PARAMETER)
