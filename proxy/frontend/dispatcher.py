"""The joint: a client's request comes in, is read as far as needed, and the upstream gets it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial

from ..calls.client_request import NO_SESSION, ClientRequest, reject
from ..calls.recorder import CallRecorder
from ..errors import DuplicateRequest, MalformedMessage
from ..http import response
from ..http.interfaces import Client
from ..http.rejection import HttpRejection
from ..http.request_policy import METADATA, OPEN_STREAM, POST_MESSAGE, RequestInfo
from ..in_flight import Call
from ..jsonrpc import codec, trace_meta
from ..jsonrpc.message import NO_META, NO_PARAMS, Message
from ..jsonrpc.methods import TOOLS_LIST
from ..outcome import DRAINING, OVERLOADED, REJECTED, TOO_MANY_IN_FLIGHT, CallOutcome
from ..telemetry.tracing.trace import Trace
from ..telemetry.tracing.tracer import Tracer
from ..telemetry.vocabulary import RejectionCause
from ..upstreams.base import SseSessions, Upstream
from ..upstreams.oauth_metadata import MetadataUpstream
from .body_reader import LONG, InvalidBody, Messages, read, read_in_steps
from .client_identifier import ClientIdentifier, shown_keys

_Handler = Callable[[Client, RequestInfo, bytes, float], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How deep a message may nest, and how many calls one session may have in flight."""

    depth: int
    in_flight: int


class _PendingBody:
    """The observer of a client whose message is being read. Implements ClientObserver."""

    def __init__(self, client: Client) -> None:
        self.abandoned = False
        client.attach(self)

    def on_client_paused(self) -> None:
        pass

    def on_client_resumed(self) -> None:
        pass

    def on_client_gone(self) -> None:
        self.abandoned = True


class Dispatcher:
    """Receives the client side's requests. Implements RequestHandler."""

    def __init__(
        self,
        upstream: Upstream,
        streams: SseSessions,
        recorder: CallRecorder,
        tracer: Tracer,
        limits: Limits,
        spawn: Callable[[Coroutine[None, None, None]], object],
        metadata: MetadataUpstream | None = None,
        principal_of: Callable[[RequestInfo], str] | None = None,
    ) -> None:
        self._upstream = upstream
        self._streams = streams
        self._recorder = recorder
        self._clients = ClientIdentifier(recorder.session_clients)
        self._principal_of = principal_of
        self._tracer = tracer
        self._limits = limits
        self._spawn = spawn
        self._handlers: dict[str, _Handler] = {
            "POST": partial(self._post, upstream.post),
            "GET": self._listen,
            "DELETE": self._delete,
            OPEN_STREAM: self._open_stream,
            POST_MESSAGE: partial(self._post, streams.post_message),
        }
        if metadata is not None:
            self._handlers[METADATA] = partial(self._metadata, metadata)
        self.draining = False

    def __repr__(self) -> str:
        return f"<Dispatcher {self._upstream!r} {self._recorder!r} draining={self.draining}>"

    def request(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        self._handlers[info.route](client, info, body, started)

    def refuse(self, info: RequestInfo | None, rejection: HttpRejection) -> None:
        """A stray GET is not an MCP request, so it has no outcome."""
        method = "" if info is None else info.method
        self._recorder.reject(method, rejection)
        if method == "POST":
            status = rejection.status
            self._count_refusal(OVERLOADED if status == 503 else REJECTED, status, "")

    def _post(
        self,
        handle: Callable[[ClientRequest], None],
        client: Client,
        info: RequestInfo,
        body: bytes,
        started: float,
    ) -> None:
        if len(body) > LONG:
            self._spawn(self._post_long(handle, client, info, body, started))
            return
        try:
            messages = read(body, self._limits.depth)
        except InvalidBody as error:
            self._reject(client, error)
            return
        self._forward(handle, client, info, body, messages, started)

    async def _post_long(
        self,
        handle: Callable[[ClientRequest], None],
        client: Client,
        info: RequestInfo,
        body: bytes,
        started: float,
    ) -> None:
        reading = _PendingBody(client)
        messages: Messages = ()
        try:
            steps = read_in_steps(body, self._limits.depth)
            while (found := next(steps, None)) is not None:
                messages = found
                await asyncio.sleep(0)
                if reading.abandoned:
                    return
        except InvalidBody as error:
            if not reading.abandoned:
                self._reject(client, error)
            return
        self._forward(handle, client, info, body, messages, started)

    def _forward(
        self,
        handle: Callable[[ClientRequest], None],
        client: Client,
        info: RequestInfo,
        body: bytes,
        messages: Messages,
        started: float,
    ) -> None:
        session = info.session
        calls = tuple(
            [self._call(each, client, info, started) for each in messages if each.is_request]
        )
        if self._is_foreign(client, info):
            self._reject_unknown(
                ClientRequest(client, info, body, messages, calls, b""), NO_SESSION
            )
            return
        if self.draining and calls:
            reason = "the proxy is shutting down: try again"
            self._refuse(
                ClientRequest(client, info, body, messages, calls, b""), 503, reason, DRAINING
            )
            return
        limits = self._limits
        if len(calls) + self._recorder.in_flight(session) > limits.in_flight:
            reason = f"a session may have {limits.in_flight} calls in flight: wait for answers"
            self._refuse(
                ClientRequest(client, info, body, messages, calls, b""),
                429,
                reason,
                TOO_MANY_IN_FLIGHT,
            )
            return
        context = info.context_lines
        if calls:
            for call in calls:
                call.size = len(body) // len(calls)
                call.peer = client.address
            body, context = self._trace(info, messages, calls, body)
        self._recorder.start(session, len(calls))
        try:
            handle(ClientRequest(client, info, body, messages, calls, context))
        except DuplicateRequest as error:
            self._recorder.rollback(session, len(calls))
            self._reject(client, InvalidBody(codec.INVALID_REQUEST, str(error)))

    def _call(self, message: Message, client: Client, info: RequestInfo, started: float) -> Call:
        call = Call(message, started, info.version, info.session)
        call.client = self._clients.identify(call, info)
        principal_of = self._principal_of
        call.principal = info.principal if principal_of is None else principal_of(info)
        if call.method == TOOLS_LIST:
            call.lister = hash((client.principal, info.token, info.query, *shown_keys(info)))
        return call

    def _listen(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        client_request = ClientRequest(client, info, body, (), (), info.context_lines)
        self._open(self._upstream.listen, client_request)

    def _open_stream(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        client_request = ClientRequest(client, info, body, (), (), info.context_lines)
        self._open(self._streams.open_stream, client_request)

    def _metadata(
        self,
        metadata: MetadataUpstream,
        client: Client,
        info: RequestInfo,
        body: bytes,
        started: float,
    ) -> None:
        metadata.fetch(ClientRequest(client, info, body, (), (), info.context_lines))

    def _open(self, handle: Callable[[ClientRequest], None], client_request: ClientRequest) -> None:
        if self.draining:
            self._refuse(client_request, 503, "the proxy is shutting down: try again", DRAINING)
        elif self._is_foreign(client_request.client, client_request.info):
            self._reject_unknown(client_request, "no such session")
        else:
            handle(client_request)

    def _delete(self, client: Client, info: RequestInfo, body: bytes, started: float) -> None:
        client_request = ClientRequest(client, info, body, (), (), info.context_lines)
        if self._is_foreign(client, info):
            self._reject_unknown(client_request, "no such session")
        else:
            self._upstream.delete(client_request)

    def _is_foreign(self, client: Client, info: RequestInfo) -> bool:
        """Whether the session that a request names is another principal's."""
        principal = client.principal or info.token
        return not (
            principal == b"" or self._recorder.session_owners.allows(info.session, principal)
        )

    def _reject_unknown(self, client_request: ClientRequest, reason: str) -> None:
        """Answer as if there were no such session."""
        for call in client_request.calls:
            self._recorder.start(call.session, 1)
        reject(client_request, self._recorder, 404, reason, REJECTED)

    def _trace(
        self,
        info: RequestInfo,
        messages: tuple[Message, ...],
        calls: tuple[Call, ...],
        body: bytes,
    ) -> tuple[bytes, bytes]:
        """Begin the calls' traces; the body and the context header lines to send on.

        A message that needs no other context than it has travels on untouched, and so does a
        batch, which has one header for several calls.
        """
        header = (info.traceparent, info.tracestate)
        begin = self._tracer.begin
        if len(messages) > 1:
            for call in calls:
                call.trace = begin(("", ""), header)
            return body, info.context_lines
        meta = (messages[0].params or NO_PARAMS).meta or NO_META
        trace = calls[0].trace = begin((meta.traceparent, meta.tracestate), header)
        if not trace.traceparent:
            return body, info.context_lines
        if trace.sampled or (info.traceparent and not meta.traceparent):
            body = _with_context(body, trace)
        if trace.sampled or not info.traceparent:
            return body, _context_lines(trace)
        return body, info.context_lines

    def _reject(self, client: Client, unfit: InvalidBody) -> None:
        """Answer an invalid body, with the id of its request if it has one."""
        reason = str(unfit)
        answer = codec.error(unfit.id, unfit.code, reason)
        client.respond(response.start(400, response.JSON), answer, 400)
        self._recorder.reject("POST", HttpRejection(RejectionCause.MESSAGE, 400, reason))
        self._count_refusal(REJECTED, 400, str(unfit.code))

    def _refuse(
        self, client_request: ClientRequest, status: int, reason: str, outcome: CallOutcome
    ) -> None:
        """Ask to come back later: each call gets an error with its own id, and is counted."""
        for call in client_request.calls:
            self._recorder.start(call.session, 1)
        if client_request.info.route == POST_MESSAGE:
            self._streams.reject(client_request, status, reason, outcome)
            return
        reject(client_request, self._recorder, status, reason, outcome, response.RETRY_AFTER)

    def _count_refusal(self, outcome: CallOutcome, status: int, error_type: str) -> None:
        kind, fault, fallback = outcome
        self._recorder.ledger.record(
            "", "", "POST", status, kind, fault, error_type or fallback, "", 0.0, 0.0
        )


def _with_context(body: bytes, trace: Trace) -> bytes:
    try:
        return trace_meta.with_context(body, trace.traceparent, trace.tracestate)
    except MalformedMessage:
        return body  # Params that are an array have no `_meta`; the header still has it.


def _context_lines(trace: Trace) -> bytes:
    context = b"traceparent: %b\r\n" % trace.traceparent.encode()
    if trace.tracestate:
        context += b"tracestate: %b\r\n" % trace.tracestate.encode()
    return context
