"""Each answer, and each status without one, has exactly one verdict."""

import pytest

from proxy.http.error_response import HttpError
from proxy.jsonrpc.message import Failure, Message, Result
from proxy.outcome import GARBLED, OK, TOOL_ERROR, Verdict, by_status, judge, judge_http, judge_rest
from proxy.telemetry.catalogue import Fault, Outcome


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (Message(id=1, result=Result()), OK),
        (Message(id=1, result=None), OK),
        (Message(id=1, result=Result(is_error=False)), OK),
        (Message(id=1, result=Result(is_error=True)), TOOL_ERROR),
        (Message(id=1, error=Failure(-32042)), OK),
        (Message(id=1, result=Result(), malformed=True), GARBLED),
        (Message(id=1, result=Result(is_error=True), malformed=True), TOOL_ERROR),
        *(
            (
                Message(id=1, error=Failure(code)),
                Verdict(Outcome.PROTOCOL_ERROR, fault, str(code)),
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
def test_an_answer_has_one_verdict(message: Message, verdict: Verdict) -> None:
    assert judge(message) == verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (HttpError(200), GARBLED),
        (HttpError(302), GARBLED),
        (HttpError(401), Verdict(Outcome.TRANSPORT_ERROR, Fault.CALLER, "401")),
        (HttpError(404), Verdict(Outcome.TRANSPORT_ERROR, Fault.OPERATOR, "404")),
        (
            HttpError(404, in_session=True),
            Verdict(Outcome.TRANSPORT_ERROR, Fault.CALLER, "404"),
        ),
        (HttpError(200, sse=True), GARBLED._replace(fault=Fault.OPERATOR)),
        (HttpError(500), Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, "500")),
    ],
)
def test_a_status_without_an_answer_has_one_verdict(error: HttpError, verdict: Verdict) -> None:
    assert judge_http(error) == verdict


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
def test_of_an_error_in_a_refusal_the_status_tells_whose_fault_it_is(
    code: int, status: int, fault: Fault
) -> None:
    verdict = judge(Message(id=None, error=Failure(code)))
    judged = by_status(verdict, HttpError(status))
    assert (judged.outcome, judged.fault, judged.error_type) == (
        Outcome.PROTOCOL_ERROR, fault, str(code),
    )  # fmt: skip


def test_an_error_with_a_null_id_is_meant_for_every_call() -> None:
    error = Message(id=None, error=Failure(-32603))
    fine, gone = HttpError(200), HttpError(404)
    assert judge_rest(fine, (Message(id=1, result=Result()), error)) == judge(error)
    assert judge_rest(fine, ()) == GARBLED
    assert judge_rest(gone, (Message(id=None, result=Result()),)) == judge_http(gone)
