"""The core: which calls are in flight, what answers them, what they came to. No I/O, no clock.

A session holds the calls that one party waits for: those of one HTTP exchange, or those of one
stdio server's process. Callers tell it what arrived and when; it returns what is to be done.
"""

from typing import NamedTuple

from proxy.errors import DuplicateRequest
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.tracing import UNTRACED, Trace
from proxy.telemetry.vocabulary import ErrorType
from proxy.wire.message import NO_META, NO_PARAMS, Message, RequestId

PROGRESS = "notifications/progress"
CANCELLED_METHOD = "notifications/cancelled"

# JSON-RPC 2.0 section 5.1 and MCP's "resource not found": the caller asked for the wrong thing
# (GenAI semantic conventions, MCP: these are no errors of the server).
CALLER_CODES = frozenset((-32700, -32600, -32601, -32602, -32002))


class Verdict(NamedTuple):
    """What a call came to, whose fault that is, and `error.type` ("" for none)."""

    outcome: Outcome
    fault: Fault
    error_type: str


OK = Verdict(Outcome.OK, Fault.NONE, "")
TOOL_ERROR = Verdict(Outcome.TOOL_ERROR, Fault.SERVER, ErrorType.TOOL_ERROR)
TIMED_OUT = Verdict(Outcome.TIMEOUT, Fault.SERVER, ErrorType.TIMEOUT)
CANCELLED = Verdict(Outcome.CANCELLED, Fault.CALLER, ErrorType.CANCELLED)
REJECTED = Verdict(Outcome.REJECTED, Fault.CALLER, ErrorType.REJECTED)
DRAINING = Verdict(Outcome.REJECTED, Fault.PROXY, ErrorType.REJECTED)
SATURATED = Verdict(Outcome.REJECTED, Fault.PROXY, "503")
UNREACHABLE = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.CONNECTION)
EXITED = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.UPSTREAM_EXITED)
GARBLED = Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, ErrorType.MALFORMED_ANSWER)


def judge(answer: Message) -> Verdict:
    """The verdict on a JSON-RPC answer."""
    if answer.error:
        code = answer.error.code
        fault = Fault.CALLER if code in CALLER_CODES else Fault.SERVER
        return Verdict(Outcome.PROTOCOL_ERROR, fault, str(code))
    return TOOL_ERROR if answer.result and answer.result.is_error else OK


def judge_status(status: int) -> Verdict:
    """The verdict on an HTTP answer that holds no JSON-RPC answer to the call."""
    if status < 400:
        return GARBLED
    fault = Fault.CALLER if status < 500 else Fault.SERVER
    return Verdict(Outcome.TRANSPORT_ERROR, fault, str(status))


class Call:
    """One request in flight; times are seconds of the caller's clock.

    `name` is the tool's or prompt's, `asked` when the upstream got the request (0 if never).
    """

    __slots__ = (
        "asked", "deadline", "id", "method", "name", "progress_token", "session", "started",
        "trace", "version",
    )  # fmt: skip

    def __init__(self, message: Message, started: float, version: str, session: str) -> None:
        params = message.params or NO_PARAMS
        self.id: RequestId = message.id  # type: ignore[assignment]  # a request has one
        self.method: str = message.method  # type: ignore[assignment]
        self.name = params.name
        self.asked = 0.0
        self.progress_token = (params.meta or NO_META).progress_token
        self.started = started
        self.deadline = 0.0
        self.version = version or params.protocol_version
        self.session = session
        self.trace: Trace = UNTRACED

    def __repr__(self) -> str:
        return f"<Call {self.id!r} {self.method} {self.name}>"


class Finished(NamedTuple):
    """Effect: the call is over; count it, and give its answer to whoever waits for it."""

    call: Call
    verdict: Verdict


class Related(NamedTuple):
    """Effect: the message belongs to the stream of a call that goes on."""

    call: Call


class Unrelated(NamedTuple):
    """Effect: a request or notification of the server's own accord."""


class Late(NamedTuple):
    """Effect: an answer that nobody waits for, or not any more; drop it."""


Effect = Finished | Related | Unrelated | Late

UNRELATED = Unrelated()
LATE = Late()


class Session:
    """Calls in flight, by request id. `patience` is how long a silent server is waited for."""

    __slots__ = ("_calls", "_patience", "_tokens")

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._calls: dict[RequestId, Call] = {}
        self._tokens: dict[RequestId, Call] = {}

    def __repr__(self) -> str:
        return f"<Session in_flight={list(self._calls.values())}>"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls in flight, oldest first."""
        return tuple(self._calls.values())

    @property
    def busy(self) -> bool:
        """Whether any call is in flight."""
        return bool(self._calls)

    def begin(self, call: Call, now: float) -> None:
        """Take up a call. Raises DuplicateRequest if its id is in flight already."""
        if call.id in self._calls:
            raise DuplicateRequest(f"request id {call.id!r} is still in flight")
        call.deadline = now + self._patience
        self._calls[call.id] = call
        if call.progress_token is not None:
            self._tokens[call.progress_token] = call

    def receive(self, message: Message, now: float) -> Effect:
        """Take a message of the server."""
        if message.is_answer:
            return self._answer(message)
        if message.method == PROGRESS:
            return self._progress(message, now)
        return UNRELATED

    def heard(self, now: float) -> None:
        """The server gave a sign of life for all calls: each may be silent anew."""
        for call in self._calls.values():
            call.deadline = now + self._patience

    def cancel(self, request_id: RequestId | None) -> Finished | None:
        """The caller cancels a call; None if it is not, or no longer, in flight."""
        call = self._calls.get(request_id) if request_id is not None else None
        return None if call is None else self._finish(call, CANCELLED)

    def drop(self, call: Call, verdict: Verdict) -> Finished:
        """End one call that is in flight."""
        return self._finish(call, verdict)

    def overdue(self, now: float) -> tuple[Finished, ...]:
        """End the calls whose server was silent for too long."""
        late = [call for call in self._calls.values() if call.deadline <= now]
        return tuple(self._finish(call, TIMED_OUT) for call in late)

    def end(self, verdict: Verdict) -> tuple[Finished, ...]:
        """End every call in flight with the same verdict."""
        return tuple(self._finish(call, verdict) for call in self.calls)

    def _answer(self, message: Message) -> Effect:
        call = self._calls.get(message.id)  # type: ignore[arg-type]  # a null id is never in
        return LATE if call is None else self._finish(call, judge(message))

    def _progress(self, message: Message, now: float) -> Effect:
        token = (message.params or NO_PARAMS).progress_token
        call = self._tokens.get(token) if token is not None else None
        if call is None:
            return UNRELATED
        call.deadline = now + self._patience
        return Related(call)

    def _finish(self, call: Call, verdict: Verdict) -> Finished:
        del self._calls[call.id]
        token = call.progress_token
        if token is not None and self._tokens.get(token) is call:
            del self._tokens[token]
        return Finished(call, verdict)
