"""One client on the proxy's own stdin and stdout: both eras, whatever the server speaks."""

import signal
from collections.abc import Iterator

import psutil
import pytest

from proxy.jsonrpc import methods
from tests.integration.modern import meta, request
from tests.integration.proxies import (
    eventually,
    running,
)
from tests.integration.sockets import INITIALIZE, call
from tests.integration.stdio_client import CALL, SERVERS, Json, StdioClient, before
from tests.integration.stdio_session import gone

pytestmark = pytest.mark.slow


OPENED = ("initialize", "ok", "none")


@pytest.fixture
def client() -> Iterator[StdioClient]:
    with before("stdio") as proxy:
        yield StdioClient(proxy)


@pytest.mark.parametrize(
    ("server", "era"),
    # HTTP+SSE is a transport of revisions with sessions.
    [*((each, "legacy") for each in SERVERS), ("stdio", "modern"), ("streamable-http", "modern")],
)
def test_a_client_of_2026_07_28_is_served_request_by_request(server: str, era: str) -> None:
    with before(server, era=era) as proxy:
        client = StdioClient(proxy)
        found = client.ask(request(methods.DISCOVER))["result"]
        assert "2026-07-28" in found["supportedVersions"]
        answer = client.ask(request(CALL, "x", name="echo"))
        assert (answer["id"], answer["result"]["received"]["name"]) == ("x", "echo")
        roots = meta({"roots": {}})
        asked = client.ask(request(CALL, 2, name="ask", _meta=roots))["result"]
        assert asked["resultType"] == "input_required"
        given: Json = {each: {"roots": []} for each in asked["inputRequests"]}
        state: Json = {"requestState": asked["requestState"], "inputResponses": given}
        answer = client.ask(request(CALL, 3, name="ask", _meta=roots, **state))
        assert (answer["id"], answer["result"]["roots"]) == (3, {"roots": []})
        wanted = {"notifications": {"toolsListChanged": True}}
        assert client.ask(request(methods.LISTEN, "l", **wanted))["method"] == methods.ACKNOWLEDGED
        client.send(request(CALL, 4, name="spontaneous"))
        came = [client.receive(), client.receive()]
        assert {each.get("method", each.get("id")) for each in came} == {
            "notifications/tools/list_changed",
            4,
        }
        client.send(request(CALL, "h", name="hang"))
        eventually(lambda: proxy.value("mcp_proxy_requests_in_flight") == 1, "the call in flight")
        client.send({"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": "h"}})
        eventually(lambda: (CALL, "cancelled", "caller") in proxy.outcomes(), "the cancel")
        client.end()


def test_a_server_that_cannot_be_reached_is_an_error_for_each_call() -> None:
    with running("--stdio", "--upstream", "http://127.0.0.1:9/mcp") as proxy:
        client = StdioClient(proxy)
        for message in (INITIALIZE, call("x"), request(CALL, "m", name="echo")):
            answer = client.ask(message)
            assert (answer["id"], answer["error"]["code"]) == (message["id"], -32000)
            assert "127.0.0.1:9" in answer["error"]["message"]
        assert client.end() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_proxy_and_its_processes(
    client: StdioClient, number: signal.Signals
) -> None:
    pid = client.open()["result"]["pid"]
    client.send(call(1, "hang"))
    eventually(lambda: client.proxy.value("mcp_proxy_requests_in_flight") == 1, "the call")
    client.proxy.process.send_signal(number)
    eventually(lambda: client.proxy.logged("draining"), "the drain")
    client.proxy.process.send_signal(number)
    assert client.proxy.ended() == 0
    assert gone(pid)


def test_the_end_of_stdin_and_a_signal_end_the_proxy_in_mid_call(client: StdioClient) -> None:
    pid = client.open()["result"]["pid"]
    client.send(call(1, "hang"))
    assert client.proxy.process.stdin is not None
    client.proxy.process.stdin.close()
    eventually(lambda: client.proxy.logged("draining"), "the drain")
    client.proxy.process.terminate()
    assert client.proxy.ended() == 0
    assert gone(pid)


def test_a_client_that_is_killed_takes_the_proxy_along() -> None:
    with before("stdio") as proxy:
        client = StdioClient(proxy, reads=False)
        client.send(INITIALIZE)
        eventually(lambda: proxy.outcomes() == {OPENED: 1}, "the session")
        family = psutil.Process(proxy.process.pid).children(recursive=True)
        assert proxy.process.stdout is not None
        proxy.process.stdout.close()
        client.send(call(1))
        assert proxy.ended() == 0
        assert all(gone(each.pid) for each in family)


def test_what_is_no_message_is_refused_and_the_next_one_served(client: StdioClient) -> None:
    client.open()
    refused = client.ask("nonsense")
    assert (refused["id"], refused["error"]["code"]) == (None, -32700)
    client.send("", "  \r")
    assert client.call("echo", 1)["id"] == 1


def test_a_message_that_is_too_long_is_refused_and_the_next_one_served() -> None:
    with before("stdio", "--body-limit", "1000") as proxy:
        client = StdioClient(proxy)
        client.open()
        refused = client.ask(call(1, "echo", text="x" * 300_000))
        assert (refused["id"], refused["error"]["code"]) == (None, -32600)
        assert client.call("echo", 2)["id"] == 2
        assert proxy.value("mcp_proxy_refusals_total", reason="body_size") == 1
