"""Calls of known outcomes come to these outcomes; what is not an answer is named."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from lab.load import (
    BURSTS,
    HUNDRED,
    ROUND,
    Call,
    Client,
    LoadFailed,
    light_traffic,
    outcomes,
)
from proxy.telemetry.catalogue import Outcome


@pytest.fixture(scope="module", params=["json", "sse"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    echo = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http")
    process = subprocess.Popen((*echo, "--answers", request.param), stderr=subprocess.PIPE)
    assert process.stderr is not None
    yield json.loads(process.stderr.readline())["listen"]
    process.terminate()
    process.communicate(timeout=10)


def test_a_hundred_calls_are_85_good_10_failing_5_unknown() -> None:
    expected = {Outcome.OK: 85, Outcome.TOOL_ERROR: 10, Outcome.PROTOCOL_ERROR: 5}
    assert outcomes(HUNDRED) == expected


def test_every_call_comes_to_what_is_known_of_it(address: str) -> None:
    with Client(f"http://{address}/mcp") as client:
        assert Counter(map(client.call, HUNDRED)) == outcomes(HUNDRED)


def test_light_traffic_goes_on_for_more_than_one_session(address: str) -> None:
    traffic = light_traffic(f"http://{address}/mcp")
    assert len(list(islice(traffic, 2 * ROUND))) == 2 * ROUND


def test_light_traffic_is_healthy() -> None:
    calls = Counter(call.outcome for burst in BURSTS for call in burst)
    assert 0 < sum(calls.values()) - calls[Outcome.OK] < 0.05 * sum(calls.values())


def test_a_call_that_comes_to_something_else_is_named(address: str) -> None:
    wrong = Call("fail", Outcome.OK)
    told = "tool fail came to tool_error instead of ok"
    with Client(f"http://{address}/mcp") as client, pytest.raises(LoadFailed, match=told):
        client.call(wrong)


def test_an_answer_that_is_no_json_rpc_is_named(address: str) -> None:
    with pytest.raises(LoadFailed, match=r"not a JSON-RPC answer: HTTP 404"):
        Client(f"http://{address}/elsewhere").__enter__()


def test_nobody_listening_is_named() -> None:
    with pytest.raises(LoadFailed, match=r"POST http://127.0.0.1:1/mcp"):
        Client("http://127.0.0.1:1/mcp").__enter__()
