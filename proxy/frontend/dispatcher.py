"""The joint: a client's request comes in, is read as far as needed, and the upstream gets it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from ..calls.client_request import NO_SESSION, Post, turn_away
from ..calls.recorder import Books
from ..errors import DuplicateRequest, MalformedMessage
from ..http import response
from ..http.interfaces import Client
from ..http.rejection import Refusal
from ..http.request_policy import METADATA, OPEN_STREAM, TAKE_MESSAGE, Arrival
from ..in_flight import Call
from ..jsonrpc import codec, trace_meta
from ..jsonrpc.message import NO_META, NO_PARAMS, Message
from ..outcome import CROWDED, DRAINING, REJECTED, SATURATED, Verdict
from ..telemetry.tracing.trace import Trace
from ..telemetry.tracing.tracer import Tracer
from ..telemetry.vocabulary import Cause
from ..upstreams.base import StreamHost, Upstream
from ..upstreams.oauth_metadata import MetadataUpstream
from .body_reader import LONG, Messages, Unfit, in_steps, read

_Taker = Callable[[Client, Arrival, bytes, float], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep a message may nest, and how many calls one session may have in flight."""

    depth: int
    in_flight: int


class _Reading:
    """The visitor of a client whose message is being read. Implements Visitor."""

    def __init__(self, client: Client) -> None:
        self.abandoned = False
        client.attach(self)

    def client_paused(self) -> None:
        pass

    def client_resumed(self) -> None:
        pass

    def client_gone(self) -> None:
        self.abandoned = True


class Relay:
    """Receives the client side's requests. Implements Receiver."""

    def __init__(
        self,
        upstream: Upstream,
        streams: StreamHost,
        books: Books,
        tracer: Tracer,
        limits: Limits,
        spawn: Callable[[Coroutine[None, None, None]], object],
        metadata: MetadataUpstream | None = None,
    ) -> None:
        self._upstream = upstream
        self._streams = streams
        self._books = books
        self._tracer = tracer
        self._limits = limits
        self._spawn = spawn
        self._takers: dict[str, _Taker] = {
            "POST": partial(self._post, upstream.post),
            "GET": self._listen,
            "DELETE": self._delete,
            OPEN_STREAM: self._open_stream,
            TAKE_MESSAGE: partial(self._post, streams.take_message),
        }
        if metadata is not None:
            self._takers[METADATA] = partial(self._describe, metadata)
        self.draining = False

    def __repr__(self) -> str:
        return f"<Relay {self._upstream!r} {self._books!r} draining={self.draining}>"

    def request(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        self._takers[arrival.errand](client, arrival, body, started)

    def refuse(self, arrival: Arrival | None, refusal: Refusal) -> None:
        """A stray GET is not an MCP request, so it has no outcome."""
        method = "" if arrival is None else arrival.method
        self._books.refused(method, refusal)
        if method == "POST":
            status = refusal.status
            self._count_refusal(SATURATED if status == 503 else REJECTED, status, "")

    def _post(
        self,
        take: Callable[[Post], None],
        client: Client,
        arrival: Arrival,
        body: bytes,
        started: float,
    ) -> None:
        if len(body) > LONG:
            self._spawn(self._post_long(take, client, arrival, body, started))
            return
        try:
            messages = read(body, self._limits.depth)
        except Unfit as error:
            self._turn_away(client, error)
            return
        self._pass_on(take, client, arrival, body, messages, started)

    async def _post_long(
        self,
        take: Callable[[Post], None],
        client: Client,
        arrival: Arrival,
        body: bytes,
        started: float,
    ) -> None:
        reading = _Reading(client)
        messages: Messages = ()
        try:
            steps = in_steps(body, self._limits.depth)
            while (found := next(steps, None)) is not None:
                messages = found
                await asyncio.sleep(0)
                if reading.abandoned:
                    return
        except Unfit as error:
            if not reading.abandoned:
                self._turn_away(client, error)
            return
        self._pass_on(take, client, arrival, body, messages, started)

    def _pass_on(
        self,
        take: Callable[[Post], None],
        client: Client,
        arrival: Arrival,
        body: bytes,
        messages: Messages,
        started: float,
    ) -> None:
        version, session = arrival.version, arrival.session
        calls = tuple(
            [Call(each, started, version, session) for each in messages if each.is_request]
        )
        if self._is_foreign(client, arrival):
            self._hide(Post(client, arrival, body, messages, calls, b""), NO_SESSION)
            return
        if self.draining and calls:
            reason = "the proxy is shutting down: try again"
            self._refuse(Post(client, arrival, body, messages, calls, b""), 503, reason, DRAINING)
            return
        limits = self._limits
        if len(calls) + self._books.in_flight(session) > limits.in_flight:
            reason = f"a session may have {limits.in_flight} calls in flight: wait for answers"
            self._refuse(Post(client, arrival, body, messages, calls, b""), 429, reason, CROWDED)
            return
        context = arrival.context_lines
        if calls:
            for call in calls:
                call.size = len(body) // len(calls)
            body, context = self._trace(arrival, messages, calls, body)
        self._books.begun(session, len(calls))
        try:
            take(Post(client, arrival, body, messages, calls, context))
        except DuplicateRequest as error:
            self._books.undone(session, len(calls))
            self._turn_away(client, Unfit(codec.INVALID_REQUEST, str(error)))

    def _listen(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        post = Post(client, arrival, body, (), (), arrival.context_lines)
        self._open(self._upstream.listen, post)

    def _open_stream(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        post = Post(client, arrival, body, (), (), arrival.context_lines)
        self._open(self._streams.open_stream, post)

    def _describe(
        self,
        metadata: MetadataUpstream,
        client: Client,
        arrival: Arrival,
        body: bytes,
        started: float,
    ) -> None:
        metadata.fetch(Post(client, arrival, body, (), (), arrival.context_lines))

    def _open(self, take: Callable[[Post], None], post: Post) -> None:
        if self.draining:
            self._refuse(post, 503, "the proxy is shutting down: try again", DRAINING)
        elif self._is_foreign(post.client, post.arrival):
            self._hide(post, "no such session")
        else:
            take(post)

    def _delete(self, client: Client, arrival: Arrival, body: bytes, started: float) -> None:
        post = Post(client, arrival, body, (), (), arrival.context_lines)
        if self._is_foreign(client, arrival):
            self._hide(post, "no such session")
        else:
            self._upstream.delete(post)

    def _is_foreign(self, client: Client, arrival: Arrival) -> bool:
        """Whether the session that a request names is another principal's."""
        principal = client.principal or arrival.token
        return not (principal == b"" or self._books.owners.allows(arrival.session, principal))

    def _hide(self, post: Post, reason: str) -> None:
        """Answer as if there were no such session."""
        for call in post.calls:
            self._books.begun(call.session, 1)
        turn_away(post, self._books, 404, reason, REJECTED)

    def _trace(
        self,
        arrival: Arrival,
        messages: tuple[Message, ...],
        calls: tuple[Call, ...],
        body: bytes,
    ) -> tuple[bytes, bytes]:
        """Begin the calls' traces; the body and the context header lines to send on.

        A message that needs no other context than it has travels on untouched, and so does a
        batch, which has one header for several calls.
        """
        header = (arrival.traceparent, arrival.tracestate)
        begin = self._tracer.begin
        if len(messages) > 1:
            for call in calls:
                call.trace = begin(("", ""), header)
            return body, arrival.context_lines
        meta = (messages[0].params or NO_PARAMS).meta or NO_META
        trace = calls[0].trace = begin((meta.traceparent, meta.tracestate), header)
        if not trace.traceparent:
            return body, arrival.context_lines
        if trace.sampled or (arrival.traceparent and not meta.traceparent):
            body = _with_context(body, trace)
        if trace.sampled or not arrival.traceparent:
            return body, _context_lines(trace)
        return body, arrival.context_lines

    def _turn_away(self, client: Client, unfit: Unfit) -> None:
        """Answer a body that is no message, or one that may not be; its id, if it has one."""
        reason = str(unfit)
        answer = codec.error(unfit.id, unfit.code, reason)
        client.answer(response.start(400, response.JSON), answer, 400)
        self._books.refused("POST", Refusal(Cause.MESSAGE, 400, reason))
        self._count_refusal(REJECTED, 400, str(unfit.code))

    def _refuse(self, post: Post, status: int, reason: str, verdict: Verdict) -> None:
        """Ask to come back later: each call gets an error with its own id, and is counted."""
        for call in post.calls:
            self._books.begun(call.session, 1)
        if post.arrival.errand == TAKE_MESSAGE:
            self._streams.turn_away(post, status, reason, verdict)
            return
        turn_away(post, self._books, status, reason, verdict, response.RETRY_AFTER)

    def _count_refusal(self, verdict: Verdict, status: int, error_type: str) -> None:
        outcome, fault, fallback = verdict
        self._books.ledger.record(
            "", "", "POST", status, outcome, fault, error_type or fallback, "", 0.0, 0.0
        )


def _with_context(body: bytes, trace: Trace) -> bytes:
    try:
        return trace_meta.with_context(body, trace.traceparent, trace.tracestate)
    except MalformedMessage:
        return body  # Params that are an array have no `_meta`; the header still tells.


def _context_lines(trace: Trace) -> bytes:
    context = b"traceparent: %b\r\n" % trace.traceparent.encode()
    if trace.tracestate:
        context += b"tracestate: %b\r\n" % trace.tracestate.encode()
    return context
