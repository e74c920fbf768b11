"""The call log: one line for each call with its outcome and the ids of its trace.

The same record goes to a collector by OTLP where that is asked for.
The names of the ids are those of the OpenTelemetry specification, "Trace Context in non-OTLP Log
Formats". Never a payload: of what a server says only the words with which it refuses an HTTP
request, cut. At most so many lines a second, and what is left out is counted.
"""

import logging
import time
from typing import Final

from .. import logs
from ..http.rejection import HttpRejection
from ..in_flight import Finished
from ..telemetry.catalogue import Outcome
from ..telemetry.otlp.log_queue import LogQueue, TraceIds
from ..telemetry.tracing.trace import Trace
from ..telemetry.vocabulary import cut
from ..values import Calls

LOG = logging.getLogger("proxy.call")

LINES_PER_SECOND = 20
"""Enough to read along, too few to fill a disk when every call fails."""

LONGEST_REASON = 300
"""Bytes of what is logged of a refusal, which may quote what the client sent."""

LONGEST_FAILURE = 1024
"""Bytes of the reason of a failure: 200 characters of the server, and what the proxy adds."""

_FINE: Final = frozenset({Outcome.OK, Outcome.CANCELLED})
_NO_TRACE = TraceIds()


class CallLog:
    """Writes a line for each call that is to be logged; `server` is its MCP server's name.

    With `pushed`, each record is pushed, too.
    """

    __slots__ = ("_all", "_pushed", "_quota", "_server")

    def __init__(self, calls: Calls, server: str, pushed: LogQueue | None = None) -> None:
        self._all = calls is Calls.ALL
        self._server = server
        self._pushed = pushed
        self._quota = logs.Quota(LINES_PER_SECOND)

    def note(self, finished: Finished, status: int, seconds: float, now: float) -> None:
        """A call is over; `now` is in seconds of any clock that does not go back."""
        call = finished.call
        outcome, fault, error_type = finished.outcome
        failed = outcome not in _FINE
        if (failed or self._all) and self._quota.admits(now):
            self._write(
                "call failed" if failed else "call",
                logging.WARNING if failed else logging.INFO,
                _ids(call.trace),
                method=cut(call.method),
                target=cut(call.name),
                client=call.client.name,
                client_version=call.client.version,
                principal=call.principal,
                outcome=outcome,
                fault=fault,
                error_type=error_type,
                reason=cut(call.reason, LONGEST_FAILURE),
                status=status,
                seconds=round(seconds, 6),
            )

    def note_refusal(self, method: str, rejection: HttpRejection, now: float) -> None:
        """A request was refused unread, which only who wants every call is notified of."""
        if self._all and self._quota.admits(now):
            self._write(
                "refused",
                logging.WARNING,
                _NO_TRACE,
                http_method=method,
                status=rejection.status,
                error_type=rejection.cause,
                reason=cut(rejection.reason, LONGEST_REASON),
            )

    def _write(self, event: str, level: int, ids: TraceIds, **fields: str | int | float) -> None:
        given = {"server": self._server, **fields}
        shown = {name: each for name, each in given.items() if each != ""}
        shown.update(self._quota.left_out())
        logs.event(LOG, event, level, **shown, **(ids._asdict() if ids.trace_id else {}))
        if self._pushed is not None:
            self._pushed.put(event, level, shown, ids, time.time_ns())


def _ids(trace: Trace) -> TraceIds:
    """The ids of the SERVER span; without one, of the context that came from the caller."""
    if trace.sampled:
        return TraceIds(f"{trace.trace_id:032x}", f"{trace.server_span_id:016x}", "01")
    if not trace.traceparent:
        return _NO_TRACE
    _, *ids = trace.traceparent.split("-")
    return TraceIds(*ids)
