"""Calls in flight: what answers them, and their outcomes. No I/O, no clock.

A session holds the calls that one party waits for: those of one HTTP exchange, or those of one
stdio server's process. Callers pass what arrived and when; it returns what is to be done.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import UNSET

from .errors import DuplicateRequest, MalformedMessage
from .http.error_response import HttpError
from .jsonrpc import codec, ids
from .jsonrpc.depth import breaks_off
from .jsonrpc.message import NO_META, NO_PARAMS, Message, RequestId, Result
from .jsonrpc.methods import LISTEN, PROGRESS, TASKS_CANCEL, TASKS_GET, TOOLS_CALL, TOOLS_LIST
from .outcome import (
    CANCELLED,
    INVALID_RESPONSE,
    OK,
    TIMED_OUT,
    CallOutcome,
    classify,
    classify_http,
    classify_unanswered,
    with_http_status,
)
from .telemetry.client_info import UNKNOWN_CLIENT
from .telemetry.tracing.trace import UNTRACED, Trace

HUNG_SECONDS = 25.0
"""Giving up a call that was inactive for so long is not a cancellation: it hung. The
official SDKs wait for 30 s or 60 s, by the client.
"""
_OF_STATUS = (TASKS_GET, TASKS_CANCEL)
"""Methods whose result is a task."""


class Call:
    """One request in flight; times are seconds of the caller's clock.

    `name` is the tool's or prompt's, `asked` when the upstream got the request, `first_event` when
    the first event of a stream came back (0 if never). `held` is how many seconds it had waited for
    the upstream before that, such as for its era. `size` and `answer_size` are the bytes of the
    request and of the server's answer to it (0 if it gave none). `reason` says in one line why no
    answer to it came. `task` is the id of the task that it has become or is about ("" for none),
    `task_status` that task's status by the answer. `client` is who made it,
    `principal` the label of the principal it was made for ("" if that is not asked for). `lister`
    differs for clients that may get different lists; `listed` is a result that lists tools.
    `peer` is the client's address.
    """

    __slots__ = (
        "answer_size",
        "awaits_client",
        "client",
        "deadline",
        "first_event",
        "id",
        "last_activity",
        "listed",
        "lister",
        "method",
        "name",
        "params",
        "peer",
        "principal",
        "progress_token",
        "queued_seconds",
        "reason",
        "sent_at",
        "session",
        "size",
        "started",
        "task",
        "task_status",
        "trace",
        "version",
    )

    def __init__(self, message: Message, started: float, version: str, session: str) -> None:
        params = message.params or NO_PARAMS
        self.id: RequestId = message.id  # type: ignore[assignment]  # a request has one
        self.method: str = message.method  # type: ignore[assignment]
        self.name = params.name
        self.size = 0
        self.answer_size = 0
        self.sent_at = 0.0
        self.queued_seconds = 0.0
        self.reason = ""
        self.first_event = 0.0
        self.client = UNKNOWN_CLIENT
        self.principal = ""
        self.params = params
        self.peer = b""
        self.lister = 0
        self.listed: Result | None = None
        self.progress_token = (params.meta or NO_META).progress_token
        self.started = started
        self.deadline = 0.0
        self.last_activity = 0.0
        self.awaits_client = False
        self.version = version or params.protocol_version
        self.session = session
        about = UNSET if self.method == TOOLS_CALL else params.task_id
        self.task = "" if about is UNSET else codec.text(about)
        self.task_status = ""
        self.trace: Trace = UNTRACED

    def __repr__(self) -> str:
        return f"<Call {self.id!r} {self.method} {self.name}>"

    def note(self, result: Result) -> None:
        """Take in what the result says beside the outcome: which tools there are, or a task."""
        if self.method == TOOLS_LIST and result.tools is not UNSET:
            self.listed = result
        elif self.method == TOOLS_CALL and result.task is not UNSET:
            self.task, self.task_status = codec.task(result.task)
        elif self.method in _OF_STATUS and result.status is not UNSET:
            self.task_status = codec.text(result.status)


def postpone_deadlines(calls: Iterable[Call], seconds: float) -> None:
    """Wait so much longer: the server was not read meanwhile, since the caller read nothing."""
    for call in calls:
        call.deadline += seconds
        call.last_activity += seconds


def outcome_of_cancellation(call: Call, now: float) -> CallOutcome:
    """The outcome on a call that its caller waits for no more: it may have waited in vain.

    A server that asked the client something is not silent: it waits, too.
    """
    hung = now - call.last_activity >= HUNG_SECONDS and not call.awaits_client
    return TIMED_OUT if hung else CANCELLED


class Finished:
    """Effect: the call is over; count it, and deliver its answer."""

    __slots__ = ("call", "outcome")

    def __init__(self, call: Call, outcome: CallOutcome) -> None:
        self.call = call
        self.outcome = outcome

    def __repr__(self) -> str:
        return f"<Finished {self.call!r} {self.outcome!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Finished):
            return False
        return self.call is other.call and self.outcome == other.outcome


class Completed:
    """What became of the calls that one HTTP answer was to; `relay`: it is to be passed on.

    That is, a client with a lenient parser can read the outcomes of its calls from it.
    """

    __slots__ = ("finished", "relay")

    def __init__(self, finished: tuple[Finished, ...], *, relay: bool = True) -> None:
        self.finished = finished
        self.relay = relay

    def __repr__(self) -> str:
        return f"<Completed {self.finished!r} relay={self.relay}>"


class Related(NamedTuple):
    """Effect: the message belongs to the stream of a call that goes on."""

    call: Call


class Unrelated(NamedTuple):
    """Effect: a request or notification of the server's own accord."""


class Unmatched(NamedTuple):
    """Effect: an answer to no call in flight; drop it."""


_NO_ERROR: Final = HttpError(200)

Effect = Finished | Related | Unrelated | Unmatched

UNRELATED: Final = Unrelated()
UNMATCHED: Final = Unmatched()


class InFlightCalls:
    """Calls in flight, by request id. `timeout` is how long a silent server is waited for."""

    __slots__ = ("_calls", "_timeout", "_tokens", "_unanswered")

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._calls: dict[RequestId, Call] = {}
        self._tokens: dict[RequestId, Call] = {}
        self._unanswered: ids.UnansweredIds | None = None

    def __repr__(self) -> str:
        return f"<InFlightCalls in_flight={list(self._calls.values())}>"

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls in flight, oldest first."""
        return tuple(self._calls.values())

    @property
    def busy(self) -> bool:
        """Whether any call is in flight."""
        return bool(self._calls)

    def begin(self, calls: tuple[Call, ...], now: float) -> None:
        """Take up the calls of one message, all or none.

        Raises DuplicateRequest if an id is in flight already, or is given twice.
        """
        for place, call in enumerate(calls):
            if call.id in self._calls:
                for begun in calls[:place]:
                    self._finish(begun, CANCELLED)
                raise DuplicateRequest(f"request id {call.id!r} is still in flight")
            call.deadline = now + self._timeout
            call.last_activity = now
            self._calls[call.id] = call
            if call.progress_token is not None:
                self._tokens[call.progress_token] = call

    def receive(self, message: Message, now: float) -> Effect:
        """Take a message of the server."""
        if message.is_answer:
            return self._answer(message)
        if message.method == PROGRESS:
            return self._progress(message, now)
        if message.is_request:
            for call in self._calls.values():
                call.awaits_client = True
        return UNRELATED

    def extend_deadlines(self, now: float) -> None:
        """The server gave a sign of life for all calls: each may be silent again."""
        for call in self._calls.values():
            call.deadline = now + self._timeout

    def cancel(self, request_id: RequestId | None, now: float) -> Finished | None:
        """The caller cancels a call; None if it is not, or no longer, in flight."""
        call = self._calls.get(request_id) if request_id is not None else None
        return None if call is None else self.drop(call, outcome_of_cancellation(call, now))

    def give_up(self, calls: Iterable[Call], now: float) -> tuple[Finished, ...]:
        """The caller waits for these calls no more."""
        return tuple(self.drop(call, outcome_of_cancellation(call, now)) for call in calls)

    def abandon(self, request_id: RequestId | None, outcome: CallOutcome) -> Finished | None:
        """End a call without an answer; None if it is not, or no longer, in flight."""
        call = self._calls.get(request_id) if request_id is not None else None
        return None if call is None else self.drop(call, outcome)

    def acknowledge(self) -> Finished | None:
        """The server opened a subscription: the call for it is served, and its stream lives on."""
        for call in self._calls.values():
            if call.method == LISTEN:
                return self._finish(call, OK)
        return None

    def complete(self, status: int, body: bytes, now: float) -> Completed:
        """Take a complete HTTP answer: every call ends, by its own answer or by the status."""
        error = _NO_ERROR
        if status >= 400:
            error = HttpError(status, body, in_session=any(each.session for each in self.calls))
        if status >= 500:
            return Completed(self.end(classify_http(error)))
        try:
            messages = codec.decode_all(body)
        except MalformedMessage:
            readable = codec.may_be_read(body) and not breaks_off(body)
            relay = status >= 400 or readable
            return Completed(self.end(classify_http(error)), relay=relay)
        effects = [self.receive(message, now) for message in messages]
        finished = tuple([effect for effect in effects if isinstance(effect, Finished)])
        if status >= 400:
            finished = tuple(
                [Finished(each.call, with_http_status(each.outcome, error)) for each in finished]
            )
        rest = self.end(classify_unanswered(error, messages)) if self._calls else ()
        garbled = rest and not finished and rest[0].outcome is INVALID_RESPONSE
        return Completed(finished + rest, relay=not garbled)

    def unreadable(self, data: bytes) -> Finished | None:
        """Take a message that cannot be read: the answer to the one call that waits, or nothing."""
        if len(self._calls) != 1 or not codec.may_be_read(data):
            return None
        return self.drop(next(iter(self._calls.values())), INVALID_RESPONSE)

    def hand_over(self, other: "InFlightCalls", now: float) -> tuple[Finished, ...]:
        """Let `other` wait for the calls in flight; those whose id it waits for already end."""
        ended = []
        for finished in self.end(INVALID_RESPONSE):
            try:
                other.begin((finished.call,), now)
            except DuplicateRequest:
                ended.append(finished)
        return tuple(ended)

    def drop(self, call: Call, outcome: CallOutcome) -> Finished:
        """End one call that is in flight, and take no late answer to it for one to another."""
        if self._unanswered is None:
            self._unanswered = ids.UnansweredIds()
        self._unanswered.add(call.id)
        return self._finish(call, outcome)

    def overdue(self, now: float) -> tuple[Finished, ...]:
        """End the calls whose server was silent for too long."""
        late = [call for call in self._calls.values() if call.deadline <= now]
        return tuple(self.drop(call, TIMED_OUT) for call in late)

    def end(self, outcome: CallOutcome) -> tuple[Finished, ...]:
        """End every call in flight with the same outcome."""
        return tuple(self.drop(call, outcome) for call in self.calls)

    def _answer(self, message: Message) -> Effect:
        call = self._calls.get(message.id) or self._match(message)  # type: ignore[arg-type]
        if call is None:
            return UNMATCHED
        result = message.result
        if result and not (result.tools is result.task is result.status):
            call.note(result)
        return self._finish(call, classify(message))

    def _match(self, message: Message) -> Call | None:
        """The call that an answer under another id is to: one of another JSON type, or, with an
        error, one that is not known, such as null (JSON-RPC 2.0, section 5), while one call waits.
        """
        unanswered = self._unanswered
        if unanswered is not None and unanswered.has(message.id):
            return None
        known = ids.match_id(message.id, self._calls)
        if known is not None:
            return self._calls[known]
        late = unanswered is not None and any(map(unanswered.has, ids.spellings(message.id)))
        if message.error and len(self._calls) == 1 and not late:
            return next(iter(self._calls.values()))
        return None

    def _progress(self, message: Message, now: float) -> Effect:
        token = (message.params or NO_PARAMS).progress_token
        call = self._tokens.get(token) if token is not None else None
        if call is None:
            return UNRELATED
        call.deadline = max(call.deadline, now + self._timeout)  # It may have been held up.
        call.last_activity = max(call.last_activity, now)
        return Related(call)

    def _finish(self, call: Call, outcome: CallOutcome) -> Finished:
        del self._calls[call.id]
        token = call.progress_token
        if token is not None and self._tokens.get(token) is call:
            del self._tokens[token]
        return Finished(call, outcome)
