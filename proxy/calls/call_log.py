"""The call log: one line for each call with its outcome and the ids of its trace.

The names of the ids are those of the OpenTelemetry specification, "Trace Context in non-OTLP Log
Formats". Never a payload: of what a server says only the words with which it refuses an HTTP
request, cut. At most so many lines a second, and what is left out is counted.
"""

import logging

from .. import logs
from ..http.rejection import HttpRejection
from ..in_flight import Finished
from ..telemetry.catalogue import Outcome
from ..telemetry.tracing.trace import Trace
from ..telemetry.vocabulary import cut
from ..values import Calls

LOG = logging.getLogger("proxy.call")

LINES_PER_SECOND = 20
"""Enough to read along, too few to fill a disk when every call fails."""

LONGEST_REASON = 300
"""Bytes of what is logged of a refusal, which may quote what the client sent."""

_FINE = frozenset({Outcome.OK, Outcome.CANCELLED})


class CallLog:
    """Writes a line for each call that is to be logged."""

    __slots__ = ("_calls", "_quota")

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._quota = logs.Quota(LINES_PER_SECOND)

    def note(self, finished: Finished, status: int, seconds: float, now: float) -> None:
        """A call is over; `now` is in seconds of any clock that does not go back."""
        call, (outcome, fault, error_type) = finished
        failed = outcome not in _FINE
        if (failed or self._calls is Calls.ALL) and self._quota.admits(now):
            self._write(
                "call failed" if failed else "call",
                logging.WARNING if failed else logging.INFO,
                method=cut(call.method),
                target=cut(call.name),
                client=call.client.name,
                client_version=call.client.version,
                principal=call.principal,
                outcome=outcome,
                fault=fault,
                error_type=error_type,
                reason=call.reason,
                status=status,
                seconds=round(seconds, 6),
                **_ids(call.trace),
            )

    def note_refusal(self, method: str, rejection: HttpRejection, now: float) -> None:
        """A request was refused unread, which only who wants every call is notified of."""
        if self._calls is Calls.ALL and self._quota.admits(now):
            self._write(
                "refused",
                logging.WARNING,
                http_method=method,
                status=rejection.status,
                error_type=rejection.cause,
                reason=cut(rejection.reason, LONGEST_REASON),
            )

    def _write(self, event: str, level: int, **fields: object) -> None:
        shown = {name: each for name, each in fields.items() if each != ""}
        logs.event(LOG, event, level, **shown, **self._quota.left_out())


def _ids(trace: Trace) -> dict[str, object]:
    """The ids of the SERVER span; without one, of the context that came from the caller."""
    if trace.sampled:
        return {
            "trace_id": f"{trace.trace_id:032x}",
            "span_id": f"{trace.server_span_id:016x}",
            "trace_flags": "01",
        }
    if not trace.traceparent:
        return {}
    _, trace_id, span_id, flags = trace.traceparent.split("-")
    return {"trace_id": trace_id, "span_id": span_id, "trace_flags": flags}
