"""Clients of 2026-07-28 before a stdio server of either era: processes, cancels, refusals."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import ModernClient, meta, request
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, call, read_event
from tests.integration.stdio_session import SERVER, gone

pytestmark = pytest.mark.slow

CALL = "tools/call"
ROOTS: dict[str, Any] = {"roots": {}}


@contextmanager
def before(era: str, *flags: str) -> Iterator[RunningProxy]:
    """A proxy before the scripted server, which behaves alike in both eras."""
    with running("--upstream-era", era, *flags, "--", *SERVER, era) as proxy:
        yield proxy


@pytest.fixture(params=["legacy", "modern"])
def proxy(request: pytest.FixtureRequest) -> Iterator[RunningProxy]:
    with before(request.param) as started:
        yield started


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[ModernClient]:
    each = ModernClient(proxy.port)
    yield each
    each.close()


def pid(answer: tuple[int, Any]) -> int:
    """The process that answered."""
    status, message = answer
    assert status == 200
    found: int = message["result"]["pid"]
    return found


def received(client: ModernClient) -> list[dict[str, Any]]:
    """The notifications that the server's process got."""
    found: list[dict[str, Any]] = client.call("notifications", "ask")[1]["result"]["notifications"]
    return found


def cancelled(client: ModernClient) -> list[dict[str, Any]]:
    return [each for each in received(client) if each["method"] == methods.CANCELLED]


def test_requests_need_no_session_and_share_a_process(
    proxy: RunningProxy, client: ModernClient
) -> None:
    other = ModernClient(proxy.port)
    assert pid(client.call("echo", "a")) == pid(other.call("echo", "a")) == pid(client.call("echo"))
    proxy.counted({(CALL, "ok", "none"): 3})
    assert proxy.value("mcp_proxy_sessions") == 0
    assert (
        proxy.value(
            "mcp_server_operation_duration_seconds_count", mcp_protocol_version="2026-07-28"
        )
        == 3
    )
    other.close()


def test_a_call_that_is_overdue_is_cancelled_at_the_server() -> None:
    with before("modern", "--upstream-timeout", "2") as proxy, ModernClient(proxy.port) as client:
        status, answer = client.call("hang", "x")
        assert (status, answer["id"], answer["error"]["code"]) == (504, "x", -32001)
        assert len(cancelled(client)) == 1
        proxy.counted({(CALL, "timeout", "server"): 1, (CALL, "ok", "none"): 1})


def test_a_process_that_dies_fails_every_call_and_the_next_one_starts_another(
    proxy: RunningProxy, client: ModernClient
) -> None:
    first = pid(client.call("echo"))
    waiting = ModernClient(proxy.port)
    waiting.send_request(call("w", "hang", _meta=meta()))
    eventually(lambda: proxy.value("mcp_proxy_requests_in_flight") == 1, "the call in flight")
    status, answer = client.call("die", "d")
    assert (status, answer["id"], answer["error"]["code"]) == (502, "d", -32000)
    status, answer = waiting.answer()
    assert (status, answer["id"]) == (502, "w")
    assert pid(client.call("echo")) != first
    assert proxy.value("mcp_proxy_upstream_restarts_total") == 1
    waiting.close()


def test_legacy_clients_are_served_beside(proxy: RunningProxy, client: ModernClient) -> None:
    legacy = Client(proxy.port)
    legacy.post(INITIALIZE)
    response = legacy.getresponse()
    response.read()
    assert response.getheader("mcp-session-id")
    assert client.call("echo")[0] == 200
    legacy.close()


def test_a_legacy_session_belongs_to_one_client() -> None:
    with before("legacy") as proxy, ModernClient(proxy.port) as client:
        message = call(1, "echo", _meta=meta())
        alone = pid(client.ask(message, authorization="Bearer a"))
        assert pid(client.ask(message, authorization="Bearer a", x_request_id="7")) == alone
        assert pid(client.ask(message, authorization="Bearer b")) != alone
        capable = call(1, "echo", _meta=meta(ROOTS))
        assert pid(client.ask(capable, authorization="Bearer a")) != alone


def test_what_the_server_asks_comes_back_as_input_required() -> None:
    with before("legacy") as proxy:
        client = ModernClient(proxy.port)
        status, answer = client.call("ask", 1, _meta=meta(ROOTS))
        result = answer["result"]
        assert (status, result["resultType"]) == (200, "input_required")
        assert result["inputRequests"]["input-1"]["method"] == "roots/list"
        brought = {"inputResponses": {"input-1": {"roots": [7]}}}
        again = {"_meta": meta(ROOTS), "requestState": result["requestState"], **brought}
        stranger = ModernClient(proxy.port)
        refused = stranger.ask(call(2, "ask", **again), authorization="Bearer other")
        assert (refused[0], refused[1]["error"]["code"]) == (400, -32602)
        status, answer = client.call("ask", 2, **again)
        assert (status, answer["id"], answer["result"]["roots"]) == (200, 2, {"roots": [7]})
        assert client.call("ask", 3, **again)[0] == 400
        client.close()
        stranger.close()


def test_input_that_never_comes_frees_the_server() -> None:
    with before("legacy", "--upstream-timeout", "1", "--pool-idle", "0.5") as proxy:
        client = ModernClient(proxy.port)
        client.call("ask", 1, _meta=meta(ROOTS))
        (started,) = eventually(lambda: proxy.logged("child started"), "the process")
        eventually(lambda: gone(started["pid"]), "the end of the process")
        client.close()


def test_an_unused_process_is_ended() -> None:
    with before("modern", "--pool-idle", "0.3") as proxy, ModernClient(proxy.port) as client:
        first = pid(client.call("echo"))
        eventually(lambda: gone(first), "the end of the process")
        assert pid(client.call("echo")) != first
        assert proxy.value("mcp_proxy_upstream_restarts_total") == 0


@contextmanager
def strict(sharing: str, **variables: str) -> Iterator[RunningProxy]:
    """A proxy before a server that exits on any message before `initialize`."""
    flags = ("--stdio-sharing", sharing, "--probe-interval", "0.1")
    with running(*flags, "--", *SERVER, "strict", **variables) as proxy:
        yield proxy


@pytest.mark.parametrize("sharing", ["off", "on"])
def test_a_server_that_ends_on_the_probe_is_a_legacy_one_and_has_not_failed(sharing: str) -> None:
    with strict(sharing) as proxy, ModernClient(proxy.port) as client:
        for place in range(4):
            assert client.ask(call(place, _meta=meta()), authorization=f"Bearer {place}")[0] == 200
        client.post(INITIALIZE)
        assert client.answer()[0] == 200
        proxy.counted({(CALL, "ok", "none"): 4, ("initialize", "ok", "none"): 1})
        assert len(proxy.logged("child started")) == (2 if sharing == "on" else 6), "one probe"
        assert len(proxy.logged("taken for a legacy server")) == 1
        assert proxy.logged("upstream unreachable") == []
        assert proxy.get("/readyz").status_code == 200
        assert proxy.value("mcp_proxy_upstream_restarts_total") == 0


def test_a_probe_that_ends_the_shared_process_costs_no_other_client_its_session(
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with strict("on", GATE=str(gate)) as proxy:
        modern, legacy = ModernClient(proxy.port), Client(proxy.port)
        modern.send_request(call("m", _meta=meta()))
        with gate.open("wb"):
            legacy.post(INITIALIZE)
            in_flight = "mcp_proxy_requests_in_flight"
            eventually(lambda: proxy.value(in_flight) == 2, "both clients")
        for client in (legacy, modern):
            assert client.answer()[0] == 200
            client.close()


def test_an_end_of_the_proxy_closes_subscriptions_as_it_should(
    proxy: RunningProxy, client: ModernClient
) -> None:
    client.send_request(request(methods.LISTEN, "l", notifications={"toolsListChanged": True}))
    stream = client.getresponse()
    assert read_event(stream)["method"] == methods.ACKNOWLEDGED
    proxy.counted({(methods.LISTEN, "ok", "none"): 1})
    assert proxy.value("mcp_proxy_streams") == 1
    assert proxy.value("mcp_proxy_requests_in_flight") == 0
    proxy.process.terminate()
    closure = read_event(stream)
    assert (closure["id"], closure["result"]["resultType"]) == ("l", "complete")
    assert read_event(stream) is None
    assert proxy.ended() == 0
