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


def test_a_process_that_dies_is_reported_to_all_and_started_again(proxy: RunningProxy) -> None:
    with SseClient(proxy.port) as first, SseClient(proxy.port) as second:
        assert first.initialize()["id"] == second.initialize()["id"] == 0
        first.post(call("mine", "hang"))
        second.post(call("yours", "die"))
        assert first.message()["id"] == "mine"
        assert second.message()["id"] == "yours"
        assert first.message() is second.message() is None
    proxy.counted({("initialize", "ok", "none"): 2, (CALL, "transport_error", "server"): 2})
    eventually(lambda: len(proxy.logged("child started")) == 2, "a new process")
    with SseClient(proxy.port) as again:
        assert "result" in again.initialize()
        assert proxy.value("mcp_proxy_upstream_restarts_total") == 1
        eventually(lambda: proxy.value("mcp_proxy_upstream_up") == 1, "the process counting as up")


def test_a_process_that_dies_again_and_again_is_given_a_rest_and_the_proxy_is_unready() -> None:
    with running(*SHARED, "--", "false") as proxy:
        eventually(lambda: proxy.get("/readyz").status_code == 503, "the loss of readiness")
        eventually(lambda: len(proxy.logged("child started")) == 3, "a third try after a pause")
        assert proxy.value("mcp_proxy_upstream_up") == 0
        client = SseClient(proxy.port)
        answer = client.initialize()["error"]["message"]
        assert "it is started again in" in answer
        client.close()
