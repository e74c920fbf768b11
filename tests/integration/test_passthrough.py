"""The proxy in front of a streamable HTTP server: the outcome of each call."""

import json
import time

import pytest

from lab.local.ports import free_ports
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, Upstream, call, result
from tests.waiting import until

pytestmark = pytest.mark.slow

CALL = "tools/call"


def test_an_answer_crosses_untouched_and_counts_as_ok(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    body = b'{ "jsonrpc":"2.0",\n"id":1, "result":{"content":[], "odd": 1e400} }'
    client.post(call())
    side = upstream.accept()
    assert json.loads(side.request()[1]) == call()
    side.answer(body)
    response = client.getresponse()
    assert (response.status, response.read()) == (200, body)
    proxy.counted({(CALL, "ok", "none"): 1})


def test_a_refusal_crosses_untouched_and_its_words_are_logged_with_advice(
    proxy: RunningProxy, upstream: Upstream, client: Client
) -> None:
    client.post(call(5))
    side = upstream.take()
    side.answer(b"Cannot POST /mcp", "404 Not Found")
    response = client.getresponse()
    assert (response.status, response.read()) == (404, b"Cannot POST /mcp")
    proxy.counted({("tools/call", "transport_error", "operator"): 1})
    [line] = eventually(lambda: proxy.logged("call failed"), "the line in the log")
    assert line["reason"] == (
        "the server answered 404 to the message: Cannot POST /mcp: check the path of --upstream"
    )


@pytest.mark.parametrize("body", [b"", b"moved"])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("location", ["/mcp/", "http://127.0.0.1:{port}/mcp/"])
def test_a_redirect_of_the_same_origin_is_followed(
    proxy: RunningProxy,
    upstream: Upstream,
    client: Client,
    *,
    location: str,
    kept: bool,
    body: bytes,
) -> None:
    client.post(call(), authorization="Bearer x")
    side = upstream.take()
    where = f"location: {location.format(port=upstream.port)}\r\n"
    connection = "" if kept else "connection: close\r\n"
    side.answer(body, "307 Temporary Redirect", where + connection)
    side = side if kept else upstream.accept()
    head, sent = side.request()
    assert head.startswith("POST /mcp/ HTTP/1.1\r\n")
    assert "\r\nauthorization: Bearer x" in head
    assert json.loads(sent) == call()
    side.answer(json.dumps(result()).encode())
    assert client.answer() == (200, result())
    proxy.counted({(CALL, "ok", "none"): 1})
    [line] = eventually(lambda: proxy.logged("redirected"), "the line in the log")
    assert (line["to"], line["followed"]) == (f"http://127.0.0.1:{upstream.port}/mcp/", True)


@pytest.mark.parametrize(
    ("status", "location"),
    [("307 There", "https://127.0.0.1:{port}/mcp?key=s3cr3t"), ("302 There", "/mcp/?key=s3cr3t")],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_redirect_is_named_and_never_passed_on(
    proxy: RunningProxy,
    upstream: Upstream,
    client: Client,
    *,
    method: str,
    status: str,
    location: str,
) -> None:
    if method == "GET" and location.startswith("/"):
        location = "https://elsewhere.example/mcp/?key=s3cr3t"
    location = location.format(port=upstream.port)
    client.request(method, "/mcp", json.dumps(call()), {"accept": "text/event-stream"})
    side = upstream.take()
    side.answer(b"", status, f"location: {location}\r\n")
    response = client.getresponse()
    answer = response.read().decode()
    assert (response.status, response.getheader("location")) == (502, None)
    [line] = eventually(lambda: proxy.logged("redirected"), "the line in the log")
    assert (line["status"], line["followed"]) == (int(status[:3]), False)
    assert f"{line['to']}: give that address as --upstream" in answer
    assert "s3cr3t" not in answer + str(proxy.log)


def test_a_redirect_is_followed_once(
    proxy: RunningProxy, upstream: Upstream, client: Client
) -> None:
    client.post(call())
    side = upstream.accept()
    for path in ("/mcp", "/mcp/"):
        assert side.request()[0].startswith(f"POST {path} ")
        side.answer(b"", "308 There", "location: /mcp/\r\n")
    assert client.answer()[0] == 502
    proxy.counted({(CALL, "transport_error", "server"): 1})


def test_a_session_is_counted_from_initialize_to_delete(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(INITIALIZE)
    side = upstream.take()
    side.answer(json.dumps(result(0)).encode(), extra="mcp-session-id: abc\r\n")
    response = client.getresponse()
    assert response.getheader("mcp-session-id") == "abc"
    response.read()
    assert proxy.value("mcp_proxy_sessions") == 1
    client.request("GET", "/mcp", headers={"mcp-session-id": "abc"})
    side.request()
    side.answer(b"", "404 Not Found")
    assert client.getresponse().read() == b""
    assert proxy.value("mcp_proxy_sessions") == 1, "there is no GET stream, but the session is"
    client.request("DELETE", "/mcp", headers={"mcp-session-id": "abc"})
    head, _ = side.request()
    assert "mcp-session-id: abc" in head
    side.answer(b"", "204 No Content")
    assert client.getresponse().status == 204
    assert proxy.value("mcp_proxy_sessions") == 0
    assert proxy.value("mcp_server_session_duration_seconds_count") == 1


WAITED_SECONDS = 0.3


def wait_for_nothing() -> None:
    began = time.monotonic()
    until(lambda: time.monotonic() - began > WAITED_SECONDS, seconds=10)


def waited_for_the_upstream(proxy: RunningProxy) -> bool:
    """Whether what was waited in the only call was not counted as time in the proxy."""
    spent = proxy.value("mcp_server_operation_duration_seconds_sum")
    return spent - proxy.value("mcp_proxy_overhead_seconds_sum") > WAITED_SECONDS / 2


def test_what_a_caller_waited_before_it_left_is_no_overhead_of_the_proxy(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call())
    side = upstream.take()
    wait_for_nothing()
    client.close()
    assert side.at_end()
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    assert waited_for_the_upstream(proxy)


def test_what_a_caller_waited_before_it_cancelled_is_no_overhead_of_the_proxy(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(5), mcp_session_id="s")
    upstream.accept().request()
    wait_for_nothing()
    other = Client(proxy.port)
    cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}}
    other.post(cancelled, mcp_session_id="s")
    upstream.accept().answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    assert waited_for_the_upstream(proxy)
    other.close()


def test_an_upstream_that_is_not_there_is_an_error_with_the_callers_id_until_it_comes() -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}/mcp"
    with running("--upstream", f"{url}?token=secret", "--probe-interval", "0.1") as proxy:
        client = Client(proxy.port)
        client.post(call("a"))
        status, answer = client.answer()
        assert (status, answer["id"], answer["error"]["code"]) == (502, "a", -32000)
        assert proxy.get("/readyz").status_code == 503
        assert proxy.get("/healthz").status_code == 200
        proxy.counted({(CALL, "transport_error", "server"): 1})
        back = Upstream(port)
        eventually(lambda: proxy.get("/readyz").status_code == 200, "readiness")
        client.post(call("b"))
        side = back.take()
        side.answer(json.dumps(result("b")).encode())
        assert client.answer() == (200, result("b"))
        back.close()
        side.close()
        eventually(lambda: proxy.get("/readyz").status_code == 503, "the loss of the upstream")
        message = [each for each in proxy.log if each["event"].startswith("upstream")]
        assert [(each["event"], each["level"]) for each in message] == [
            ("upstream unreachable", "warning"),
            ("upstream reachable", "info"),
            ("upstream unreachable", "warning"),
        ]
        assert {each["upstream"] for each in message} == {url}
        assert "refused" in message[0]["reason"] or "Connect call failed" in message[0]["reason"]
        client.close()
