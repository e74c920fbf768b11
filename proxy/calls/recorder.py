"""Records the outcome of each call in ledger, traces and log, and counts calls in flight."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from msgspec import UNSET

from ..http.rejection import HttpRejection
from ..in_flight import Call, Finished
from ..jsonrpc import codec
from ..jsonrpc.message import Result
from ..jsonrpc.methods import INITIALIZE, PROMPTS_GET, RESOURCES_READ, TASKS_RESULT, TOOLS_CALL
from ..outcome import OK
from ..telemetry.caller_counts import Tally
from ..telemetry.catalogue import Outcome
from ..telemetry.ledger import Ledger
from ..telemetry.tracing.spans import SpanRecord as TraceRecord
from ..telemetry.tracing.tracer import Tracer
from ..tools.argument_check import ArgumentCheck
from ..tools.tool_lists import Lister, ToolLists
from .call_log import CallLog
from .session_clients import SessionClients
from .session_owners import SessionOwners
from .tasks import Tasks
from .wasted_requests import WastedRequests

_TARGETED: Final = (TOOLS_CALL, PROMPTS_GET)
_NAMED: Final = (RESOURCES_READ, PROMPTS_GET, TASKS_RESULT)
_RESULTS: Final = (Outcome.OK, Outcome.TOOL_ERROR)
_FAILED: Final = (
    Outcome.TOOL_ERROR, Outcome.PROTOCOL_ERROR, Outcome.TRANSPORT_ERROR, Outcome.TIMEOUT,
)  # fmt: skip


class CallRecorder:
    """Counts, traces and logs. `on_quiet` is called when the last call in flight has ended.

    `session_owners` says whose each session is, `session_clients` by which client, `tasks` are the
    calls that became tasks, `tool_lists` the tools that the server lists.
    """

    __slots__ = (
        "_call_log",
        "_in_flight",
        "_tracer",
        "_wasted",
        "ledger",
        "on_quiet",
        "session_clients",
        "session_owners",
        "tasks",
        "tool_lists",
    )

    def __init__(
        self,
        ledger: Ledger,
        tracer: Tracer,
        call_log: CallLog | None = None,
        tool_lists: ToolLists | None = None,
    ) -> None:
        self._call_log = call_log
        self.ledger = ledger
        self.session_owners = SessionOwners()
        self.session_clients = SessionClients()
        self.tasks = Tasks(ledger)
        self.tool_lists = tool_lists or ToolLists(ledger)
        self._wasted = WastedRequests(ledger, ArgumentCheck(self.tool_lists.input_schema))
        self.on_quiet: Callable[[], None] = lambda: None
        self._in_flight: dict[str, int] = {}
        self._tracer = tracer

    def __repr__(self) -> str:
        return f"<CallRecorder in_flight={self.ledger.in_flight}>"

    def in_flight(self, session: str) -> int:
        """How many calls of a session are in flight; without one, each request is its own."""
        return self._in_flight.get(session, 0)

    def start(self, session: str, count: int) -> None:
        """As many calls of a session begin; each is to be `finished`, or all are `undone`."""
        self.ledger.in_flight += count
        if session and count:
            self._in_flight[session] = self._in_flight.get(session, 0) + count

    def rollback(self, session: str, count: int) -> None:
        """The calls did not begin after all, and count as nothing."""
        self.ledger.in_flight -= count
        if session and count:
            self._release(session, count)

    def finish(self, finished: Finished, status: int, waited: float) -> None:
        """A call is over; `waited` is how many seconds the upstream took once it was asked."""
        call = finished.call
        now = perf_counter()
        seconds = now - call.started
        overhead = seconds - waited - call.queued_seconds
        trace = call.trace
        ledger = self.ledger
        counted = False
        if call.task:
            if call.method == TOOLS_CALL and finished.outcome == OK:
                counted = self.tasks.add(call, status, seconds, overhead, now)
            else:
                finished = self.tasks.follow(finished, now)
        if not counted:
            tally = self._count(finished, status, seconds, overhead)
            if call.answer_size and finished.outcome.outcome in _RESULTS:
                tally.received += self._note_result(call, now)
        ledger.sized(call.size, call.answer_size)
        if call.first_event:
            ledger.first_events.observe(call.first_event - call.started)
        if trace.sampled:
            self._tracer.finish(trace, _record(finished, status, seconds, waited))
        if self._call_log is not None:
            self._call_log.note(finished, status, seconds, now)
        ledger.in_flight -= 1
        if call.session:
            self._release(call.session, 1)
        if not ledger.in_flight:
            self.on_quiet()

    def _count(self, finished: Finished, status: int, seconds: float, overhead: float) -> Tally:
        call = finished.call
        outcome, fault, error_type = finished.outcome
        trace_id, span_id = call.trace.exemplar
        tool = call.name if call.method == TOOLS_CALL else ""
        self.ledger.record(
            call.method,
            tool,
            "POST",
            status,
            outcome,
            fault,
            error_type,
            call.version,
            seconds,
            overhead,
            trace_id,
            span_id,
        )
        tally = self.ledger.record_caller(call.client, call.principal, tool, outcome)
        if tool and outcome in _FAILED:
            self._wasted.call_failed(call, error_type)
        if call.method == INITIALIZE and call.session and outcome is Outcome.OK:
            self.session_clients.set(call.session, call.client)
        return tally

    def _note_result(self, call: Call, now: float) -> int:
        """Count how long a result is that has a name, and take note of the tools in it.

        Returns the bytes that count for its client: those of such a result, 0 for another.
        """
        method, size = call.method, call.answer_size
        if method == TOOLS_CALL:
            if call.task:
                return 0
            self.ledger.result_sized(method, call.name, size)
        elif call.listed is not None:
            self._note_list(call, call.listed, now)
        elif method in _NAMED:
            return self._size_named_result(call, method)
        else:
            return 0
        return size

    def _note_list(self, call: Call, listed: Result, now: float) -> None:
        lister = Lister(call.client, call.version, call.principal, call.lister)
        cursors = (call.params.cursor, listed.next_cursor)
        cursor, following = ["" if each is UNSET else codec.text(each) for each in cursors]
        tools = b"" if listed.tools is UNSET else bytes(listed.tools)
        self._wasted.tools_listed(call, cursor, tools)
        self.tool_lists.take(tools, call.answer_size, lister, now, cursor, following)

    def _size_named_result(self, call: Call, method: str) -> int:
        name, uri = call.name, call.params.uri
        if method == RESOURCES_READ:
            name = "" if uri is UNSET else codec.text(uri)
        elif method == TASKS_RESULT:
            method, name = TOOLS_CALL, self.tasks.tool(call)
        if not name:
            return 0
        self.ledger.result_sized(method, name, call.answer_size)
        return call.answer_size

    def reject(self, method: str, rejection: HttpRejection) -> None:
        """An HTTP request was refused unread; `method` is HTTP's, "" if it is not known."""
        self.ledger.refusals[rejection.cause] += 1
        if self._call_log is not None:
            self._call_log.note_refusal(method, rejection, perf_counter())

    def session_opened(self, session: str, principal: bytes, initialize: Call | None) -> None:
        """A session is there; `initialize` is the call that opened it, if it came before."""
        self.session_owners.claim(session, principal)
        if initialize is not None:
            self.session_clients.set(session, initialize.client)

    def forget_session(self, session: str) -> None:
        """The server has no such session any more: whose it was no longer matters."""
        self.session_owners.release(session)
        self.session_clients.forget(session)
        self._wasted.forget(session)

    def session_ended(self, seconds: float, error_type: str) -> None:
        """A session of that length is over; `error_type` is "" if it ended as it should."""
        self.ledger.sessions -= 1
        self.ledger.session_ended(seconds, error_type)

    def _release(self, session: str, count: int) -> None:
        left = self._in_flight.get(session, count) - count
        if left:
            self._in_flight[session] = left
        else:
            self._in_flight.pop(session, None)


def _record(finished: Finished, status: int, seconds: float, waited: float) -> TraceRecord:
    call, outcome = finished.call, finished.outcome
    asked = call.sent_at - call.started
    return TraceRecord(
        method=call.method,
        target=call.name if call.method in _TARGETED else "",
        request_id=str(call.id),
        session_id=call.session,
        client=call.client,
        principal=call.principal,
        protocol_version=call.version,
        outcome=outcome.outcome,
        fault=outcome.fault,
        error_type=outcome.error_type,
        rpc_code=outcome.error_type if outcome.outcome is Outcome.PROTOCOL_ERROR else "",
        status_code=status,
        seconds=seconds,
        upstream=(asked, asked + waited) if call.sent_at else None,
    )
