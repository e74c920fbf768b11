"""One process of a stdio server for all sessions: what is whose, and what its end means."""

from collections.abc import Iterator

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import call
from tests.integration.sse import SseClient
from tests.integration.stdio_session import SERVER, Session

pytestmark = pytest.mark.slow

CALL = "tools/call"
SHARED = ("--stdio-sharing", "on", "--probe-interval", "0.1")


@pytest.fixture
def proxy() -> Iterator[RunningProxy]:
    with running(*SHARED, "--", *SERVER) as started:
        yield started


@pytest.fixture
def clients(proxy: RunningProxy) -> Iterator[tuple[SseClient, SseClient]]:
    pair = (SseClient(proxy.port), SseClient(proxy.port))
    for each in pair:
        assert each.initialize()["id"] == 0
    yield pair
    for each in pair:
        each.close()


def test_the_process_runs_before_anybody_comes(proxy: RunningProxy) -> None:
    eventually(lambda: proxy.logged("child started"), "the process")
    assert proxy.get("/readyz").status_code == 200
    assert proxy.value("mcp_proxy_upstream_up") == 1


def test_all_sessions_of_both_kinds_have_the_same_process(proxy: RunningProxy) -> None:
    first, second = Session(proxy.port), Session(proxy.port)
    third = SseClient(proxy.port)
    assert first.pid == second.pid == third.initialize()["result"]["pid"]
    assert first.name != second.name
    assert proxy.value("mcp_proxy_sessions") == 3
    assert len(proxy.logged("child started")) == 1
    for each in (first, second, third):
        each.close()


def test_equal_ids_and_tokens_of_two_sessions_do_not_meet(
    clients: tuple[SseClient, SseClient],
) -> None:
    for number, each in enumerate(clients):
        each.post(call(7, "progress", _meta={"progressToken": "t", "own": number}))
    for number, each in enumerate(clients):
        params = each.message()["params"]
        assert (params["progressToken"], params["progress"]) == ("t", 1)
        assert each.message()["id"] == 7
        each.post(call("7", "echo", arguments={"whose": number}))
        received = each.message()
        assert received["id"] == "7"
        assert received["result"]["received"]["arguments"] == {"whose": number}


def test_the_servers_question_goes_to_the_one_who_calls(
    clients: tuple[SseClient, SseClient],
) -> None:
    asked, other = clients
    asked.post(call(1, "ask"))
    assert asked.message()["method"] == "roots/list"
    forged = {"jsonrpc": "2.0", "id": "server-1", "result": {"roots": ["forged"]}}
    assert other.post(forged) == 202
    asked.post({"id": "server-1", "result": {"roots": ["own"]}})
    assert asked.message()["result"]["roots"] == {"roots": ["own"]}


def test_a_notification_goes_to_every_session(clients: tuple[SseClient, SseClient]) -> None:
    first, second = clients
    first.post(call(1, "spontaneous"))
    assert first.message()["id"] == 1
    for each in (first, second):
        assert each.message()["method"] == "notifications/tools/list_changed"


def test_the_end_of_one_session_leaves_the_other_alone(
    proxy: RunningProxy, clients: tuple[SseClient, SseClient]
) -> None:
    first, second = clients
    first.post(call(1, "hang"))
    first.close()
    eventually(lambda: proxy.value("mcp_proxy_sessions") == 1, "the end of the session")
    second.post(call(1, "echo"))
    assert second.message()["id"] == 1
    assert not proxy.logged("child exited")


def test_a_process_that_dies_is_reported_to_all_and_started_again(
    proxy: RunningProxy, clients: tuple[SseClient, SseClient]
) -> None:
    first, second = clients
    first.post(call("mine", "hang"))
    second.post(call("yours", "die"))
    assert first.message()["id"] == "mine"
    assert second.message()["id"] == "yours"
    assert first.message() is second.message() is None
    proxy.counted({("initialize", "ok", "none"): 2, (CALL, "transport_error", "server"): 2})
    eventually(lambda: len(proxy.logged("child started")) == 2, "a new process")
    again = SseClient(proxy.port)
    assert "result" in again.initialize()
    assert proxy.value("mcp_proxy_upstream_restarts_total") == 1
    eventually(lambda: proxy.value("mcp_proxy_upstream_up") == 1, "the process counting as up")
    again.close()


def test_a_process_that_dies_again_and_again_is_given_a_rest_and_the_proxy_is_unready() -> None:
    with running(*SHARED, "--", "false") as proxy:
        eventually(lambda: proxy.get("/readyz").status_code == 503, "the loss of readiness")
        eventually(lambda: len(proxy.logged("child started")) == 3, "a third try after a pause")
        assert proxy.value("mcp_proxy_upstream_up") == 0
        client = SseClient(proxy.port)
        answer = client.initialize()["error"]["message"]
        assert "it is started again in" in answer
        client.close()


def test_a_slow_session_is_ended_and_does_not_stall_the_others(
    proxy: RunningProxy, clients: tuple[SseClient, SseClient]
) -> None:
    slow, other = clients
    size = 60_000_000
    other.post(call(1, "flood", arguments={"bytes": size}))
    for _ in range(size // 100_000):
        assert len(other.message()["params"]["data"]) == 100_000
    assert other.message()["id"] == 1
    eventually(lambda: proxy.value("mcp_proxy_sessions") == 1, "the end of the slow session")
    assert slow.post(call(2)) == 404
    other.post(call(3))
    assert other.message()["id"] == 3
