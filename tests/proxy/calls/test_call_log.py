"""Calls in the log: what a line says, which calls get one, and that there are not too many."""

import json
import logging

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ScopeLogs

from proxy.calls.call_log import LINES_PER_SECOND, CallLog
from proxy.http.rejection import HttpRejection
from proxy.in_flight import Call, Finished
from proxy.jsonrpc.message import Message, Params
from proxy.logs import JsonLines
from proxy.outcome import CANCELLED, OK, TIMED_OUT, TOOL_ERROR, CallOutcome
from proxy.telemetry.batch_queue import BatchQueue
from proxy.telemetry.client_info import ClientInfo
from proxy.telemetry.otlp.log_queue import LogQueue
from proxy.telemetry.tracing import context
from proxy.telemetry.tracing.trace import UNTRACED, Trace
from proxy.telemetry.vocabulary import RejectionCause
from proxy.values import Calls

SAMPLED = Trace(0xA, 0xB, 0xC, True, "00-a-c-01", "", None, None)
TOLD = Trace(0, 0, 0, False, context.traceparent(0xD, 0xE, sampled=False), "", None, None)


def finished(outcome: CallOutcome, trace: Trace = UNTRACED, name: str = "t") -> Finished:
    call = Call(Message(id=7, method="tools/call", params=Params(name=name)), 0.0, "", "s")
    call.trace = trace
    call.client, call.principal = ClientInfo("agent", "2.1"), "alice"
    return Finished(call, outcome)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "proxy.call")
    return caplog


def logged(lines: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """The lines as they are written, without their time."""
    written = [json.loads(JsonLines().format(record)) for record in lines.records]
    return [{name: each[name] for name in each if name != "time"} for each in written]


def test_a_failed_call_is_logged_with_its_trace(lines: pytest.LogCaptureFixture) -> None:
    CallLog(Calls.FAILED, "fetch").note(finished(TOOL_ERROR, SAMPLED), 200, 0.25, 1.0)
    assert logged(lines) == [
        {
            "level": "warning",
            "event": "call failed",
            "server": "fetch",
            "method": "tools/call",
            "target": "t",
            "client": "agent",
            "client_version": "2.1",
            "principal": "alice",
            "outcome": "tool_error",
            "fault": "server",
            "error_type": "tool_error",
            "status": 200,
            "seconds": 0.25,
            "trace_id": f"{0xA:032x}",
            "span_id": f"{0xB:016x}",
            "trace_flags": "01",
        }
    ]


def test_a_call_that_is_not_sampled_is_logged_with_the_callers_context(
    lines: pytest.LogCaptureFixture,
) -> None:
    CallLog(Calls.FAILED, "fetch").note(finished(TIMED_OUT, TOLD), 504, 60.0, 1.0)
    (line,) = logged(lines)
    assert (line["trace_id"], line["trace_flags"]) == (f"{0xD:032x}", "00")


def test_a_call_without_a_trace_is_logged_without_ids(lines: pytest.LogCaptureFixture) -> None:
    CallLog(Calls.FAILED, "fetch").note(finished(TIMED_OUT), 504, 60.0, 1.0)
    assert not logged(lines)[0].keys() & {"trace_id", "span_id", "trace_flags"}


@pytest.mark.parametrize(("calls", "events"), [(Calls.FAILED, []), (Calls.ALL, ["call", "call"])])
def test_successful_calls_are_logged_if_all_are(
    lines: pytest.LogCaptureFixture, calls: Calls, events: list[str]
) -> None:
    log = CallLog(calls, "fetch")
    for outcome in (OK, CANCELLED):
        log.note(finished(outcome), 200, 0.1, 1.0)
    assert [line["event"] for line in logged(lines)] == events


@pytest.mark.parametrize(("calls", "lines_each"), [(Calls.FAILED, 0), (Calls.ALL, 1)])
def test_rejections_are_logged_if_all_calls_are(
    lines: pytest.LogCaptureFixture, calls: Calls, lines_each: int
) -> None:
    rejection = HttpRejection(RejectionCause.HOST, 403, "Host 'x' is not known here" + "x" * 9_000)
    CallLog(calls, "fetch").note_refusal("GET", rejection, 1.0)
    line = {
        "level": "warning",
        "event": "refused",
        "server": "fetch",
        "http_method": "GET",
        "status": 403,
        "error_type": "host",
        "reason": rejection.reason[:300],
    }
    assert logged(lines) == [line] * lines_each


def test_lines_are_few_and_what_is_left_out_is_counted(lines: pytest.LogCaptureFixture) -> None:
    log = CallLog(Calls.FAILED, "fetch")
    for _ in range(LINES_PER_SECOND + 30):
        log.note(finished(TOOL_ERROR), 200, 0.1, 5.5)
    assert len(logged(lines)) == LINES_PER_SECOND
    log.note(finished(TOOL_ERROR), 200, 0.1, 6.0)
    log.note(finished(TOOL_ERROR), 200, 0.1, 6.1)
    assert [line.get("left_out") for line in logged(lines)[-2:]] == [30, None]


def test_a_name_that_a_caller_invents_is_cut(lines: pytest.LogCaptureFixture) -> None:
    CallLog(Calls.FAILED, "fetch").note(
        finished(TOOL_ERROR, name="x" * 9_000 + "\n"), 200, 0.1, 1.0
    )
    assert logged(lines)[0]["target"] == "x" * 128


def test_what_a_client_makes_the_proxy_quote_is_cut(lines: pytest.LogCaptureFixture) -> None:
    failed = finished(TIMED_OUT)
    failed.call.reason = "no session " + "x" * 9_000
    CallLog(Calls.FAILED, "fetch").note(failed, 404, 0.1, 1.0)
    assert logged(lines)[0]["reason"] == failed.call.reason[:1024]


def as_line(record: LogRecord) -> dict[str, object]:
    """A record of OTLP as the line would have it."""
    values = {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "")
        for each in record.attributes
    }
    ids = {
        "trace_id": record.trace_id.hex(),
        "span_id": record.span_id.hex(),
        "trace_flags": f"{record.flags:02x}",
    }
    head = {"level": record.severity_text, "event": record.event_name}
    return {**head, **values, **(ids if record.trace_id else {})}


def test_what_is_pushed_is_what_is_logged(lines: pytest.LogCaptureFixture) -> None:
    queue = BatchQueue(1000, 1000, lambda count: None)
    log = CallLog(Calls.ALL, "fetch", LogQueue(queue))
    for number, trace in enumerate((SAMPLED, TOLD, UNTRACED)):
        log.note(finished(TOOL_ERROR, trace, "\ud800" + "x" * 200), 200, 0.25, number)
    log.note(finished(OK), 200, 0.1, 4.0)
    log.note_refusal("GET", HttpRejection(RejectionCause.HOST, 403, "x" * 9_000), 4.0)
    for _ in range(LINES_PER_SECOND + 7):
        log.note(finished(TIMED_OUT), 504, 0.1, 5.5)
    log.note(finished(TIMED_OUT), 504, 0.1, 6.5)
    drained = queue.drain()
    assert drained is not None
    records = ScopeLogs.FromString(b"".join(drained[1])).log_records
    assert [as_line(each) for each in records] == logged(lines)
    times = [each.created for each in lines.records]
    assert [each.time_unix_nano / 1e9 for each in records] == pytest.approx(times, abs=60.0)


def test_what_is_not_logged_is_not_pushed() -> None:
    queue = BatchQueue(1000, 1000, lambda count: None)
    log = CallLog(Calls.FAILED, "fetch", LogQueue(queue))
    log.note(finished(OK), 200, 0.1, 1.0)
    assert len(queue) == 0
