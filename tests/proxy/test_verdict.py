"""Each answer, and each status without one, has exactly one verdict."""

import pytest

from proxy.telemetry.catalogue import Fault, Outcome
from proxy.verdict import GARBLED, OK, TOOL_ERROR, Verdict, judge, judge_rest, judge_status
from proxy.wire.message import Failure, Message, Result


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (Message(id=1, result=Result()), OK),
        (Message(id=1, result=None), OK),
        (Message(id=1, result=Result(is_error=False)), OK),
        (Message(id=1, result=Result(is_error=True)), TOOL_ERROR),
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
    ("status", "verdict"),
    [
        (200, GARBLED),
        (302, GARBLED),
        (404, Verdict(Outcome.TRANSPORT_ERROR, Fault.CALLER, "404")),
        (500, Verdict(Outcome.TRANSPORT_ERROR, Fault.SERVER, "500")),
    ],
)
def test_a_status_without_an_answer_has_one_verdict(status: int, verdict: Verdict) -> None:
    assert judge_status(status) == verdict


def test_an_error_with_a_null_id_is_meant_for_every_call() -> None:
    error = Message(id=None, error=Failure(-32603))
    assert judge_rest(200, (Message(id=1, result=Result()), error)) == judge(error)
    assert judge_rest(200, ()) == GARBLED
    assert judge_rest(404, (Message(id=None, result=Result()),)) == judge_status(404)
