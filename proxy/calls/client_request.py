"""A client's message on its way: who sent it, what it says, and which calls it makes."""

from collections.abc import Sequence
from typing import Final

from ..http import response
from ..http.head import Header, lines
from ..http.interfaces import Client
from ..http.request_policy import RequestInfo
from ..in_flight import Call, Finished
from ..jsonrpc import codec
from ..jsonrpc.message import Message
from ..jsonrpc.methods import INITIALIZE
from ..outcome import CallOutcome
from .recorder import CallRecorder

NO_SESSION: Final = "no such session: initialize again"
CLIENT_CLOSED_REQUEST = 499
"""Counted, never sent: the client went away before its answer (nginx's number for it)."""


class ClientRequest:
    """One client request as the upstream's side takes it over.

    `messages` and `calls` are empty for GET and DELETE; `context` holds the header lines that
    carry the trace context onwards. Built once per request and never changed.
    """

    __slots__ = ("info", "body", "calls", "client", "context", "messages")

    def __init__(
        self,
        client: Client,
        info: RequestInfo,
        body: bytes,
        messages: tuple[Message, ...],
        calls: tuple[Call, ...],
        context: bytes,
    ) -> None:
        self.client = client
        self.info = info
        self.body = body
        self.messages = messages
        self.calls = calls
        self.context = context

    def __repr__(self) -> str:
        return f"<ClientRequest {self.info.method} calls={list(self.calls)}>"

    def since(self, now: float) -> float:
        """When its calls came, from which on their server may be silent for so long; else `now`.

        What they waited for meanwhile, such as the server's era, was for the server too.
        """
        return self.calls[0].started if self.calls else now

    @property
    def principal(self) -> bytes:
        """Who the client is, by its token; empty where clients need none."""
        return self.client.principal or self.info.token

    @property
    def caller(self) -> bytes:
        """What identifies the client: its token, else its address."""
        return self.principal or self.client.address

    @property
    def initialize(self) -> Call | None:
        """The call that opens a session, if there is one."""
        for call in self.calls:
            if call.method == INITIALIZE:
                return call
        return None

    @property
    def is_batch(self) -> bool:
        """Whether its answers belong into an array (JSON-RPC 2.0, section 6)."""
        return codec.is_batch(self.body)


def resumption_key(client_request: ClientRequest, last_event: str) -> str:
    """What names a stream that was cut: the MCP session, or without one its last event's id.

    Without a session the id is unique among one client's streams only.
    """
    return client_request.info.session or f"event {last_event} {client_request.principal!r}"


def error_response(
    calls: Sequence[Call], status: int, reason: str, *, batch: bool = False
) -> tuple[bytes, bytes]:
    """Head and body of an answer in the upstream's place: each call gets an error with its id."""
    if not calls:
        return response.start(status, response.TEXT), reason.encode() + b"\n"
    for call in calls:
        call.reason = reason
    code = codec.UPSTREAM_TIMEOUT if status == 504 else codec.UPSTREAM_LOST
    errors = [codec.error(call.id, code, reason) for call in calls]
    body = b"[%b]" % b",".join(errors) if batch else errors[0]
    return response.start(status, response.JSON), body


def reject(
    client_request: ClientRequest,
    recorder: CallRecorder,
    status: int,
    reason: str,
    outcome: CallOutcome,
    *headers: Header,
) -> None:
    """Answer a message in the upstream's place, and count its calls."""
    head, body = error_response(client_request.calls, status, reason, batch=client_request.is_batch)
    client_request.client.respond(head + lines(headers), body, status)
    for call in client_request.calls:
        recorder.finish(Finished(call, outcome), status, 0.0)
