"""Each answer, and each status without one, has exactly one outcome."""

import pytest

from proxy.http.error_response import HttpError
from proxy.jsonrpc.message import Failure, Message, Result
from proxy.outcome import (
    INVALID_RESPONSE,
    OK,
    TOOL_ERROR,
    CallOutcome,
    classify,
    classify_http,
    classify_unanswered,
    with_http_status,
)
from proxy.telemetry.catalogue import Fault, Outcome


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (Message(id=1, result=Result()), OK),
        (Message(id=1, result=None), OK),
        (Message(id=1, result=Result(is_error=False)), OK),
        (Message(id=1, result=Result(is_error=True)), TOOL_ERROR),
        (Message(id=1, error=Failure(-32042)), OK),
        (Message(id=1, result=Result(), malformed=True), INVALID_RESPONSE),
        (Message(id=1, result=Result(is_error=True), malformed=True), TOOL_ERROR),
        *(
            (
                Message(id=1, error=Failure(code)),
                CallOutcome(Outcome.PROTOCOL_ERROR, fault, str(code)),
            )
            for code, fault in {
                -32700: Fault.CALLER,
                -32600: Fault.CALLER,
                -32601: Fault.CALLER,
                -32602: Fault.CALLER,
                -32002: Fault.CALLER,
                -32020: Fault.CALLER,
                -32021: Fault.CALLER,
                -32022: Fault.CALLER,
                -32603: Fault.SERVER,
                -32000: Fault.SERVER,
                0: Fault.SERVER,
            }.items()
        ),
    ],
)
def test_an_answer_has_one_verdict(message: Message, outcome: CallOutcome) -> None:
    assert classify(message) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (HttpError(200), INVALID_RESPONSE),
        (HttpError(302), INVALID_RESPONSE),
        (HttpError(401), CallOutcome(Outcome.TRANSPORT_ERROR, Fault.CALLER, "401")),
        (HttpError(404), CallOutcome(Outcome.TRANSPORT_ERROR, Fault.OPERATOR, "404")),
        (
            HttpError(404, in_session=True),
            CallOutcome(Outcome.TRANSPORT_ERROR, Fault.CALLER, "404"),
        ),
        (HttpError(200, sse=True), INVALID_RESPONSE._replace(fault=Fault.OPERATOR)),
        (HttpError(500), CallOutcome(Outcome.TRANSPORT_ERROR, Fault.SERVER, "500")),
    ],
)
def test_a_status_without_an_answer_has_one_verdict(error: HttpError, outcome: CallOutcome) -> None:
    assert classify_http(error) == outcome


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        (-32000, 200, Fault.SERVER),
        (-32000, 400, Fault.CALLER),
        (-32001, 404, Fault.OPERATOR),
        (-32601, 404, Fault.CALLER),
        (-32603, 500, Fault.SERVER),
    ],
)
def test_the_fault_of_an_error_in_a_refusal_follows_the_status(
    code: int, status: int, fault: Fault
) -> None:
    outcome = classify(Message(id=None, error=Failure(code)))
    judged = with_http_status(outcome, HttpError(status))
    assert (judged.outcome, judged.fault, judged.error_type) == (
        Outcome.PROTOCOL_ERROR, fault, str(code),
    )  # fmt: skip


def test_an_error_with_a_null_id_is_meant_for_every_call() -> None:
    error = Message(id=None, error=Failure(-32603))
    fine, gone = HttpError(200), HttpError(404)
    assert classify_unanswered(fine, (Message(id=1, result=Result()), error)) == classify(error)
    assert classify_unanswered(fine, ()) == INVALID_RESPONSE
    assert classify_unanswered(gone, (Message(id=None, result=Result()),)) == classify_http(gone)
