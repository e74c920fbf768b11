"""Calls of known outcomes come to these outcomes; what is not an answer is named."""

from collections import Counter

import pytest

from lab.load.client import HUNDRED, Call, Client, LoadFailed, ServerLost, outcomes
from proxy.telemetry.catalogue import Outcome
from tests.lab.load.echo import echo
from tests.lab.scripted import answering


def test_a_hundred_calls_are_85_good_10_failing_5_unknown() -> None:
    expected = {Outcome.OK: 85, Outcome.TOOL_ERROR: 10, Outcome.PROTOCOL_ERROR: 5}
    assert outcomes(HUNDRED) == expected


def test_every_call_comes_to_what_is_known_of_it(address: str) -> None:
    with Client(f"http://{address}/mcp") as client:
        assert Counter(map(client.call, HUNDRED)) == outcomes(HUNDRED)


def test_a_call_that_comes_to_something_else_is_named(address: str) -> None:
    wrong = Call("fail", Outcome.OK)
    reason = "tool fail has outcome tool_error instead of ok"
    with Client(f"http://{address}/mcp") as client, pytest.raises(LoadFailed, match=reason):
        client.call(wrong)


def test_an_answer_that_is_no_json_rpc_is_named(address: str) -> None:
    with pytest.raises(LoadFailed, match=r"not a JSON-RPC message: HTTP 404"):
        Client(f"http://{address}/elsewhere").__enter__()


def test_nobody_listening_is_named() -> None:
    with pytest.raises(LoadFailed, match=r"POST http://127.0.0.1:1/mcp"):
        Client("http://127.0.0.1:1/mcp").__enter__()


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
