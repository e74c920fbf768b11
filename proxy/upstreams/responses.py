"""Responses to the clients of a session: to their POSTs, and streams to their GETs."""

from time import perf_counter
from typing import Protocol

from ..calls.client_request import ClientRequest, error_response
from ..http import response
from ..http.error_response import UNAUTHORIZED
from ..http.head import Header, lines
from ..http.interfaces import ClientObserver
from ..http.sse import COMMENT, ENDPOINT, KEEP_ALIVE_SECONDS, encode
from ..in_flight import Call
from .oauth_metadata import asking_for_token


class ResponseListener(Protocol):
    """Is notified of the clients of one session: those of POSTs and those of GET streams."""

    def pause(self, member: object) -> None:
        """A client reads too slowly."""

    def resume(self, member: object) -> None:
        """Follows each `pause`: the client caught up, or its response is over."""

    def streams(self, more: int) -> None:
        """The number of streams changed by `more`."""

    def on_response_abandoned(self, reply: "PostResponse") -> None:
        """The client left before its calls were complete."""

    def on_stream_closed(self, listener: "EventStreamResponse") -> None:
        """The client closed its stream."""


class CallResponse(Protocol):
    """The destination of responses to the calls of one client's message."""

    @property
    def accepts_events(self) -> bool:
        """Whether related messages may be sent with the response."""

    def push(self, message: bytes) -> None:
        """Send a message before the response."""

    def answer(self, call: Call, message: bytes) -> int:
        """Send the response to one of the calls; its HTTP status."""

    def fail(self, call: Call, status: int, reason: str) -> int:
        """Respond to a call with an error of the proxy; its HTTP status."""

    def drop(self, call: Call) -> None:
        """A call was cancelled, and gets no response."""

    def keep_alive(self, now: float) -> None:
        """Send something now and then while a response takes long."""


class EventStreamResponse(ClientObserver):
    """A client's GET stream, to which the server's own messages go."""

    __slots__ = ("_audience", "_kept_alive", "_request")

    def __init__(self, client_request: ClientRequest, audience: ResponseListener) -> None:
        self._request = client_request
        self._audience = audience
        self._kept_alive = perf_counter()
        client_request.client.attach(self)
        client_request.client.start_response(
            response.start(200, response.EVENTS, *response.EVENT_HEADERS)
        )

    def push(self, message: bytes) -> None:
        """Send a message."""
        self._request.client.write(encode(message))

    def name_endpoint(self, target: bytes) -> None:
        """Send a client of HTTP+SSE the address for its messages."""
        self._request.client.write(encode(target, ENDPOINT))

    def keep_alive(self, now: float) -> None:
        """Send a comment now and then, so that either side detects a dead connection."""
        if now - self._kept_alive > KEEP_ALIVE_SECONDS:
            self._kept_alive = now
            self._request.client.write(COMMENT)

    def end(self) -> None:
        """Complete the stream."""
        self._request.client.end()

    def abort(self) -> None:
        """Break the stream off."""
        self._request.client.abort()

    def on_client_paused(self) -> None:
        self._audience.pause(self)

    def on_client_resumed(self) -> None:
        self._audience.resume(self)

    def on_client_gone(self) -> None:
        self._audience.on_stream_closed(self)


class AcceptedResponse(CallResponse):
    """The response to a POST of HTTP+SSE: 202 at once, the rest on the stream."""

    __slots__ = ("_stream",)

    STATUS = 202
    accepts_events = True

    def __init__(self, client_request: ClientRequest, stream: EventStreamResponse) -> None:
        self._stream = stream
        client_request.client.respond(response.start(self.STATUS), b"", self.STATUS)

    def push(self, message: bytes) -> None:
        self._stream.push(message)

    def answer(self, call: Call, message: bytes) -> int:
        self._stream.push(message)
        return self.STATUS

    def fail(self, call: Call, status: int, reason: str) -> int:
        return self.answer(call, error_response((call,), status, reason)[1])

    def drop(self, call: Call) -> None:
        pass

    def keep_alive(self, now: float) -> None:
        """The stream is kept alive elsewhere."""


class PostResponse(CallResponse, ClientObserver):
    """What the client of one POST gets. It becomes a stream when a related message comes first.

    It does so as well when the answer takes long, so that comments keep it alive; a client that
    takes no stream has to wait in silence. `headers` go with the head of the
    answer; `calls` are those still without an answer.
    """

    __slots__ = (
        "_answers", "_audience", "_headers", "_kept_alive", "_request", "calls", "streaming",
    )  # fmt: skip

    def __init__(
        self, client_request: ClientRequest, audience: ResponseListener, headers: tuple[Header, ...]
    ) -> None:
        self._request = client_request
        self._audience = audience
        self._headers = headers
        self._answers: list[bytes] = []
        self._kept_alive = perf_counter()
        self.calls: set[Call] = set(client_request.calls)
        self.streaming = False
        client_request.client.attach(self)

    def __repr__(self) -> str:
        return f"<PostResponse calls={self.calls} streaming={self.streaming}>"

    @property
    def accepts_events(self) -> bool:
        """Whether related messages may be sent with this response."""
        return self._request.info.accepts_events

    def push(self, message: bytes) -> None:
        """Send a message before the response."""
        self._stream()
        now = perf_counter()
        for call in self.calls:
            call.first_event = call.first_event or now
        self._request.client.write(encode(message))

    def answer(self, call: Call, message: bytes, status: int = 200) -> int:
        """Send the answer to one of the calls, if not on a stream by `status`; the one it got."""
        self.calls.discard(call)
        if self.streaming:
            self._request.client.write(encode(message))
            self._end_if_complete()
            return 200
        self._answers.append(message)
        if not self.calls:
            self._answer_whole(status)
            return status
        return 200

    def fail(self, call: Call, status: int, reason: str) -> int:
        """Respond to a call with an error of the proxy; its HTTP status."""
        head, message = error_response((call,), status, reason)
        if status == UNAUTHORIZED:
            head += lines(asking_for_token(self._request.info))
        if self.streaming or self._answers or len(self.calls) > 1:
            return self.answer(call, message)
        self.calls.discard(call)
        body = b"[%b]" % message if self._request.is_batch else message
        self._request.client.respond(head, body, status)
        return status

    def keep_alive(self, now: float) -> None:
        if self.accepts_events and now - self._kept_alive > KEEP_ALIVE_SECONDS:
            self._kept_alive = now
            self._stream()
            self._request.client.write(COMMENT)

    def end(self) -> None:
        """Complete the stream without, or with another, response to the calls."""
        self.calls.clear()
        self._end_if_complete()

    def abort(self) -> None:
        """Break the stream off."""
        self.calls.clear()
        self._end_stream()
        self._request.client.abort()

    def drop(self, call: Call) -> None:
        """A call was cancelled, and gets no response."""
        self.calls.discard(call)
        if self.streaming:
            self._end_if_complete()
        elif not self.calls:
            self._answer_whole(200)

    def on_client_paused(self) -> None:
        self._audience.pause(self)

    def on_client_resumed(self) -> None:
        self._audience.resume(self)

    def on_client_gone(self) -> None:
        self._end_stream()
        self._audience.on_response_abandoned(self)

    def _stream(self) -> None:
        """Become a stream; responses so far are sent first."""
        if self.streaming:
            return
        self.streaming = True
        head = response.start(200, response.EVENTS, *response.EVENT_HEADERS, *self._headers)
        self._request.client.start_response(head)
        self._request.client.write(b"".join(map(encode, self._answers)))
        self._audience.streams(1)

    def _answer_whole(self, status: int) -> None:
        """Send all responses at once: as events if there are none, or if nothing else is accepted.

        An error is JSON whatever the client accepts (RFC 9110, section 12.4.1).
        """
        client_request, answers = self._request, self._answers
        only_events = client_request.info.accepts_events and not client_request.info.accepts_json
        if not answers or (only_events and status < 400):
            kind, body = response.EVENTS, b"".join(map(encode, answers))
        else:
            kind = response.JSON
            body = b"[%b]" % b",".join(answers) if client_request.is_batch else answers[-1]
        client_request.client.respond(response.start(status, kind, *self._headers), body, status)

    def _end_if_complete(self) -> None:
        if not self.calls:
            self._end_stream()
            self._request.client.end()

    def _end_stream(self) -> None:
        if self.streaming:
            self.streaming = False
            self._audience.streams(-1)
