"""What is held back of the answer to `initialize`, and for how long."""

import json

import pytest

from proxy.calls.client_request import ClientRequest
from proxy.http.head import ResponseHead, parse_response
from proxy.http.interfaces import UpstreamReader
from proxy.http.sse import encode
from proxy.upstreams.initialize_probe import HELD_LIMIT, InitializeProbe

EVENTS = parse_response(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
RESULT = json.dumps({"id": 0, "result": {}}).encode()
REFUSAL = json.dumps({"id": 0, "error": {"code": -32601, "message": "no"}}).encode()
NEWS = json.dumps({"method": "notifications/message", "params": {"data": "x" * 1000}}).encode()


class Recorder:
    """What is passed on to the exchange. Implements ProbedExchange."""

    request: ClientRequest

    def __init__(self) -> None:
        self.over = False
        self.passed: list[object] = []

    def connected(self, source: UpstreamReader) -> bool:
        return True

    def on_response(self, head: ResponseHead, body: bytes, arrived: float) -> None:
        self.passed.append(body)

    def on_headers(self, head: ResponseHead) -> None:
        self.passed.append(head.status)

    def on_data(self, data: bytes, arrived: float) -> None:
        self.passed.append(data)

    def on_end(self, arrived: float) -> None:
        self.passed.append("end")

    def on_error(self, reason: str) -> None:
        self.passed.append(reason)

    def abandon(self) -> None:
        self.over = True


class Harness:
    """A probe, and what it decided."""

    def __init__(self) -> None:
        self.decisions: list[str] = []
        self.exchange = Recorder()
        probe = InitializeProbe(
            lambda: self.decisions.append("taken"), lambda each: self.decisions.append("refused")
        )
        self.trial = probe.before(self.exchange)


def whole(status: int) -> ResponseHead:
    return parse_response(f"HTTP/1.1 {status} X\r\ncontent-length: 9\r\n\r\n".encode())


@pytest.mark.parametrize(
    ("status", "body", "decision"),
    [
        (200, RESULT, "taken"), (200, REFUSAL, "refused"), (400, b"", "refused"),
        (404, RESULT, "refused"), (401, REFUSAL, ""), (429, b"", ""), (503, b"", ""),
        (200, b"garbage", ""), (202, b"", ""),
    ],
)  # fmt: skip
def test_a_whole_answer_decides_by_status_and_content(
    status: int, body: bytes, decision: str
) -> None:
    harness = Harness()
    harness.trial.on_response(whole(status), body, 0.0)
    assert harness.decisions == ([decision] if decision else [])
    assert harness.exchange.passed == ([] if decision == "refused" else [body])
    harness.trial.resume_response()
    assert harness.exchange.passed == [body]


@pytest.mark.parametrize(("answer", "decision"), [(RESULT, "taken"), (REFUSAL, "refused")])
def test_a_stream_decides_by_its_first_answer(answer: bytes, decision: str) -> None:
    harness = Harness()
    harness.trial.on_headers(EVENTS)
    harness.trial.on_data(encode(NEWS), 0.0)
    assert harness.exchange.passed == harness.decisions == []
    harness.trial.on_data(encode(answer), 0.0)
    assert harness.decisions == [decision]
    harness.trial.on_end(0.0)
    harness.trial.resume_response()
    assert harness.exchange.passed == [200, encode(NEWS), encode(answer), "end"]


def test_a_stream_that_says_much_before_its_answer_is_held_back_no_longer() -> None:
    harness = Harness()
    harness.trial.on_headers(EVENTS)
    for _ in range(HELD_LIMIT // len(NEWS) + 1):
        harness.trial.on_data(encode(NEWS), 0.0)
    assert harness.exchange.passed[0] == 200
    assert harness.decisions == []


def test_what_breaks_off_is_passed_on() -> None:
    harness = Harness()
    harness.trial.on_headers(EVENTS)
    harness.trial.on_error("gone")
    assert (harness.exchange.passed, harness.decisions) == ([200, "gone"], [])


def test_an_exchange_that_is_over_gets_no_more_events() -> None:
    harness = Harness()
    harness.trial.on_response(whole(400), REFUSAL, 0.0)
    harness.exchange.abandon()
    harness.trial.resume_response()
    assert harness.exchange.passed == []
