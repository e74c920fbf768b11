"""Calls of known outcomes come to these outcomes; what is not an answer is named."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from dashboards.thresholds import DEFAULTS
from lab.load import (
    HUNDRED,
    ROUND,
    SESSIONS,
    Call,
    Client,
    LoadFailed,
    ServerLost,
    light_traffic,
    outcomes,
)
from proxy.telemetry.catalogue import Outcome
from tests.lab.scripted import answering


@contextmanager
def echo(*options: str) -> Iterator[str]:
    """Where an echo server listens for as long as the block lasts."""
    command = (sys.executable, "-m", "lab.echo", "--transport", "streamable-http", *options)
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        yield json.loads(process.stderr.readline())["listen"]
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture(scope="module", params=["json", "sse"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with echo("--answers", request.param) as listening:
        yield listening


def test_a_hundred_calls_are_85_good_10_failing_5_unknown() -> None:
    expected = {Outcome.OK: 85, Outcome.TOOL_ERROR: 10, Outcome.PROTOCOL_ERROR: 5}
    assert outcomes(HUNDRED) == expected


def test_every_call_comes_to_what_is_known_of_it(address: str) -> None:
    with Client(f"http://{address}/mcp") as client:
        assert Counter(map(client.call, HUNDRED)) == outcomes(HUNDRED)


def test_light_traffic_goes_on_for_more_than_one_session(address: str) -> None:
    lost: list[ServerLost] = []
    traffic = light_traffic(f"http://{address}/mcp", lost.append)
    assert len(list(islice(traffic, 2 * ROUND))) == 2 * ROUND
    assert lost == []


def test_light_traffic_fails_now_and_then_and_keeps_the_objective() -> None:
    calls = outcomes(call for session in SESSIONS for burst in session for call in burst)
    assert 0 < calls.total() - calls[Outcome.OK] < (1 - DEFAULTS.slo_success) * calls.total()


def test_every_session_of_light_traffic_takes_as_many_steps() -> None:
    assert {len(session) + 2 for session in SESSIONS} == {ROUND}


def test_a_call_that_comes_to_something_else_is_named(address: str) -> None:
    wrong = Call("fail", Outcome.OK)
    told = "tool fail has outcome tool_error instead of ok"
    with Client(f"http://{address}/mcp") as client, pytest.raises(LoadFailed, match=told):
        client.call(wrong)


def test_an_answer_that_is_no_json_rpc_is_named(address: str) -> None:
    with pytest.raises(LoadFailed, match=r"not a JSON-RPC message: HTTP 404"):
        Client(f"http://{address}/elsewhere").__enter__()


def test_nobody_listening_is_named() -> None:
    with pytest.raises(LoadFailed, match=r"POST http://127.0.0.1:1/mcp"):
        Client("http://127.0.0.1:1/mcp").__enter__()


def test_light_traffic_tells_of_a_lost_session_and_opens_another() -> None:
    lost: list[ServerLost] = []
    with echo() as listening:
        traffic = light_traffic(f"http://{listening}/mcp", lost.append)
        next(traffic)
    with echo("--listen", listening):
        assert len(list(islice(traffic, ROUND))) == ROUND
        traffic.close()
    assert [str(each) for each in lost] == [
        f"http://{listening}/mcp: HTTP 404, no such session: {lost_session(lost)}"
    ]


def lost_session(lost: list[ServerLost]) -> str:
    """The name of the one session that was lost."""
    return str(lost[0]).rpartition(": ")[2]


def test_a_gateway_that_answers_in_the_servers_place_is_a_lost_server() -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "its process ended"}}
    with (
        answering(502, error) as url,
        pytest.raises(ServerLost, match="HTTP 502, its process ended"),
    ):
        Client(url).__enter__()


def test_a_session_ends_quietly_when_its_server_is_gone() -> None:
    with echo() as listening:
        client = Client(f"http://{listening}/mcp").__enter__()
    client.__exit__()


def test_light_traffic_ends_when_nobody_listens() -> None:
    lost: list[ServerLost] = []
    with pytest.raises(LoadFailed, match=r"POST http://127.0.0.1:1/mcp"):
        next(light_traffic("http://127.0.0.1:1/mcp", lost.append))
    assert lost == []
