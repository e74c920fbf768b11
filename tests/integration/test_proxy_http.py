"""The proxy in front of a streamable HTTP server: what crosses, and what each call comes to."""

import json
import threading
from collections.abc import Iterator
from http.client import IncompleteRead
from typing import Any

import pytest

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    call,
    read_event,
    result,
)

pytestmark = pytest.mark.slow

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CALL = "tools/call"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    each = Upstream()
    yield each
    each.close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[RunningProxy]:
    with running("--upstream", upstream.url) as started:
        yield started


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[Client]:
    each = Client(proxy.port)
    yield each
    each.close()


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


OUTCOMES: list[tuple[str, bytes, str, str]] = [
    ("200 OK", json.dumps(result(isError=True)).encode(), "tool_error", "server"),
    ("200 OK", b'{"id":1,"error":{"code":-32602,"message":"m"}}', "protocol_error", "caller"),
    ("200 OK", b'{"id":1,"error":{"code":-32603,"message":"m"}}', "protocol_error", "server"),
    ("400 No", b'{"id":null,"error":{"code":-32600,"message":"m"}}', "protocol_error", "caller"),
    ("500 Oh", json.dumps(result()).encode(), "transport_error", "server"),
    ("401 No", b"{}", "transport_error", "caller"),
]


@pytest.mark.parametrize(
    ("status", "body", "outcome", "fault"), OUTCOMES, ids=lambda value: str(value)[:12]
)
def test_the_outcome_is_read_from_the_answer(
    upstream: Upstream,
    proxy: RunningProxy,
    client: Client,
    *,
    status: str,
    body: bytes,
    outcome: str,
    fault: str,
) -> None:
    client.post(call())
    side = upstream.accept()
    side.request()
    side.answer(body, status)
    response = client.getresponse()
    assert (response.status, response.read()) == (int(status[:3]), body)
    proxy.counted({(CALL, outcome, fault): 1})


@pytest.mark.parametrize("garbage", [b"not json", b"", json.dumps(result(2)).encode()])
def test_an_answer_to_something_else_becomes_an_error_with_the_callers_id(
    upstream: Upstream, proxy: RunningProxy, client: Client, garbage: bytes
) -> None:
    client.post(call("mine"))
    side = upstream.accept()
    side.request()
    side.answer(garbage)
    status, answer = client.answer()
    assert status == 502
    assert answer["id"] == "mine"
    proxy.counted({(CALL, "transport_error", "server"): 1})


def test_events_are_relayed_as_they_come(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
    client.post(call())
    side = upstream.accept()
    side.request()
    side.start_events()
    side.event(progress)
    response = client.getresponse()
    assert read_event(response) == progress
    assert proxy.value("mcp_proxy_streams") == 1
    side.event(result(isError=True))
    assert read_event(response) == result(isError=True)
    proxy.counted({(CALL, "tool_error", "server"): 1})
    side.chunk(b"")
    assert response.read() == b""
    eventually(lambda: proxy.value("mcp_proxy_streams") == 0, "the stream's end")


def test_a_stream_that_breaks_off_tells_the_waiting_caller(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(7))
    side = upstream.accept()
    side.request()
    side.start_events()
    side.event({"jsonrpc": "2.0", "method": "notifications/message"})
    response = client.getresponse()
    read_event(response)
    side.close()
    told = read_event(response)
    assert told["id"] == 7
    assert told["error"]["code"] == -32000
    proxy.counted({(CALL, "transport_error", "server"): 1})


def test_a_slow_reader_does_not_spoil_the_connection_for_the_next(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    body = json.dumps(result(1, text="x" * 3_000_000)).encode()
    client.post(call(1))
    side = upstream.accept()
    side.request()
    sender = threading.Thread(target=side.answer, args=(body,))
    sender.start()
    response = client.getresponse()
    proxy.get("/metrics")
    assert response.read() == body
    sender.join()
    client.post(call(2))
    side.request()
    side.answer(json.dumps(result(2)).encode())
    assert client.answer() == (200, result(2))


@pytest.mark.parametrize("session", [{"mcp-session-id": "s"}, {}])
def test_a_call_whose_stream_is_resumed_is_counted_when_its_answer_comes(
    upstream: Upstream, proxy: RunningProxy, client: Client, session: dict[str, str]
) -> None:
    client.post(call(7), **session)
    side = upstream.accept()
    side.request()
    side.start_events()
    side.chunk(b"id: e1\ndata: \n\n")
    side.chunk(b"")
    response = client.getresponse()
    assert response.read() == b"id: e1\ndata: \n\n"
    assert proxy.outcomes() == {}
    resume = {"accept": "text/event-stream", "last-event-id": "e1", **session}
    client.request("GET", "/mcp", headers=resume)
    head, _ = side.request()
    assert "last-event-id: e1" in head
    side.start_events()
    side.event(result(7, isError=True))
    assert read_event(client.getresponse()) == result(7, isError=True)
    proxy.counted({(CALL, "tool_error", "server"): 1})


def test_a_resumable_stream_that_breaks_off_does_not_fail_its_call(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(7), mcp_session_id="s")
    side = upstream.accept()
    side.request()
    side.start_events()
    side.chunk(b"id: e1\ndata: \n\n")
    response = client.getresponse()
    assert response.readline() == b"id: e1\n"
    side.close()
    with pytest.raises((IncompleteRead, ConnectionError)):
        response.read()
    other = Client(proxy.port)
    cancel = {"method": "notifications/cancelled", "params": {"requestId": 7}}
    other.post(cancel, mcp_session_id="s")
    again = upstream.accept()
    again.request()
    again.answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


def test_a_long_answer_crosses_whole_and_is_judged(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    body = json.dumps(result(isError=True, text="x" * 1_000_000)).encode()
    client.post(call())
    side = upstream.accept()
    side.request()
    side.answer(body)
    assert client.getresponse().read() == body
    proxy.counted({(CALL, "tool_error", "server"): 1})


def test_the_get_stream_crosses_and_is_no_request(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    message = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    client.request("GET", "/mcp", headers={"accept": "text/event-stream", "mcp-session-id": "s"})
    side = upstream.accept()
    head, _ = side.request()
    assert head.startswith("GET /mcp HTTP/1.1\r\n")
    side.start_events()
    side.event(message)
    assert read_event(client.getresponse()) == message
    assert proxy.value("mcp_proxy_streams") == 1
    client.close()
    assert side.at_end()
    eventually(lambda: proxy.value("mcp_proxy_streams") == 0, "the stream's end")
    assert proxy.outcomes() == {}


def test_a_session_is_counted_from_initialize_to_delete(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(INITIALIZE)
    side = upstream.accept()
    side.request()
    side.answer(json.dumps(result(0)).encode(), extra="mcp-session-id: abc\r\n")
    response = client.getresponse()
    assert response.getheader("mcp-session-id") == "abc"
    response.read()
    assert proxy.value("mcp_proxy_sessions") == 1
    client.request("DELETE", "/mcp", headers={"mcp-session-id": "abc"})
    head, _ = side.request()
    assert "mcp-session-id: abc" in head
    side.answer(b"", "204 No Content")
    assert client.getresponse().status == 204
    assert proxy.value("mcp_proxy_sessions") == 0
    assert proxy.value("mcp_server_session_duration_seconds_count") == 1


def test_a_notification_crosses_and_is_no_request(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    side = upstream.accept()
    side.request()
    side.answer(b"", "202 Accepted")
    assert client.getresponse().status == 202
    assert proxy.outcomes() == {}


def test_each_call_of_a_batch_is_counted(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post([call(1), call(2), {"jsonrpc": "2.0", "method": "notifications/initialized"}])
    side = upstream.accept()
    side.request()
    side.answer(json.dumps([result(2), result(1, isError=True)]).encode())
    assert client.answer() == (200, [result(2), result(1, isError=True)])
    proxy.counted({(CALL, "ok", "none"): 1, (CALL, "tool_error", "server"): 1})


def test_a_caller_that_leaves_counts_as_cancelled_and_the_upstream_is_told(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call())
    side = upstream.accept()
    side.request()
    client.close()
    assert side.at_end()
    proxy.counted({(CALL, "cancelled", "caller"): 1})


def test_a_cancelled_call_counts_once_even_if_its_answer_still_comes(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(5), mcp_session_id="s")
    waiting = upstream.accept()
    waiting.request()
    other = Client(proxy.port)
    cancel = {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": 5},
    }
    other.post(cancel, mcp_session_id="s")
    side = upstream.accept()
    assert json.loads(side.request()[1]) == cancel
    side.answer(b"", "202 Accepted")
    assert other.getresponse().status == 202
    waiting.answer(json.dumps(result(5)).encode())
    assert client.answer() == (200, result(5))
    proxy.counted({(CALL, "cancelled", "caller"): 1})
    other.close()


def test_an_upstream_that_stays_silent_times_out(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--upstream-timeout", "0.3") as proxy:
        client = Client(proxy.port)
        client.post(call(3))
        side = upstream.accept()
        side.request()
        status, answer = client.answer()
        assert (status, answer["id"], answer["error"]["code"]) == (504, 3, -32001)
        proxy.counted({(CALL, "timeout", "server"): 1})
        client.close()


def test_a_get_stream_has_no_time_out(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--upstream-timeout", "0.3") as proxy:
        client, stream = Client(proxy.port), Client(proxy.port)
        stream.request("GET", "/mcp", headers={"accept": "text/event-stream"})
        listening = upstream.accept()
        listening.request()
        listening.start_events()
        client.post(call())
        upstream.accept().request()
        assert client.answer()[0] == 504
        listening.event(result())
        assert read_event(stream.getresponse()) == result()
        client.close()
        stream.close()


def test_an_upstream_that_is_not_there_is_an_error_with_the_callers_id_until_it_comes() -> None:
    gone = Upstream()
    port = gone.port
    gone.close()
    url = f"http://127.0.0.1:{port}/mcp"
    with running("--upstream", url, "--probe-interval", "0.1") as proxy:
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
        side = back.accept()
        side.request()
        side.answer(json.dumps(result("b")).encode())
        assert client.answer() == (200, result("b"))
        back.close()
        side.close()
        eventually(lambda: proxy.get("/readyz").status_code == 503, "the loss of the upstream")
        client.close()


def test_only_end_to_end_headers_cross(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(
        call(),
        authorization="Bearer t",
        connection="keep-alive, x-private",
        x_private="secret",
        te="trailers",
        accept_encoding="gzip",
    )
    side = upstream.accept()
    lines = side.request()[0].lower().split("\r\n")
    names = [line.partition(":")[0] for line in lines[1:]]
    assert "authorization: bearer t" in lines
    assert f"host: 127.0.0.1:{upstream.port}" in lines
    assert "accept-encoding: identity" in lines
    assert names.count("host") == names.count("content-length") == 1
    assert not {"connection", "x-private", "te", "transfer-encoding"} & set(names)
    side.answer(json.dumps(result()).encode(), extra="x-kept: 1\r\nkeep-alive: timeout=5\r\n")
    response = client.getresponse()
    assert response.getheader("x-kept") == "1"
    assert response.getheader("keep-alive") is None


def test_queries_of_the_upstream_url_and_of_the_client_both_cross(upstream: Upstream) -> None:
    with running("--upstream", f"{upstream.url}?key=1") as proxy:
        client = Client(proxy.port)
        client.request("DELETE", "/mcp?a=b")
        side = upstream.accept()
        assert side.request()[0].startswith("DELETE /mcp?key=1&a=b HTTP/1.1\r\n")
        side.answer(b"", "405 No")
        assert client.getresponse().status == 405
        client.close()


def test_a_connection_to_the_upstream_is_used_again(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(1))
    side = upstream.accept()
    for number in (1, 2, 3):
        side.request()
        side.answer(json.dumps(result(number)).encode())
        assert client.answer() == (200, result(number))
        if number < 3:
            client.post(call(number + 1))


def test_pipelined_requests_are_answered_in_turn(upstream: Upstream, proxy: RunningProxy) -> None:
    def request(number: int, connection: str) -> bytes:
        body = json.dumps(call(number)).encode()
        head = f"POST /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n"
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body

    client = Client(proxy.port)
    client.connect()
    assert client.sock is not None
    client.sock.sendall(request(1, "keep-alive") + request(2, "close"))
    side = upstream.accept()
    for number in (1, 2):
        assert json.loads(side.request()[1])["id"] == number
        side.answer(json.dumps(result(number)).encode())
    received = b""
    while piece := client.sock.recv(65536):
        received += piece
    assert received.index(b'"id": 1') < received.index(b'"id": 2')
    client.close()


def test_a_callers_trace_context_reaches_the_upstream_in_header_and_meta(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(), traceparent=TRACE, tracestate="a=b")
    side = upstream.accept()
    head, body = side.request()
    assert f"traceparent: {TRACE}" in head
    assert "tracestate: a=b" in head
    assert json.loads(body)["params"]["_meta"] == {"traceparent": TRACE, "tracestate": "a=b"}
    side.answer(json.dumps(result()).encode())
    assert client.answer()[0] == 200


def test_a_sampled_call_gives_the_upstream_the_client_spans_context(upstream: Upstream) -> None:
    with running(
        "--upstream", upstream.url, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://127.0.0.1:9/v1/t"
    ) as proxy:
        client = Client(proxy.port)
        meta = {"traceparent": TRACE, "progressToken": 4}
        client.post(call(_meta=meta))
        side = upstream.accept()
        head, body = side.request()
        told = json.loads(body)["params"]["_meta"]
        assert told["progressToken"] == 4
        assert told["traceparent"][:36] == TRACE[:36]
        assert told["traceparent"] != TRACE
        assert f"traceparent: {told['traceparent']}" in head
        side.answer(json.dumps(result()).encode())
        assert client.answer()[0] == 200
        client.close()


def test_a_message_without_context_is_not_touched(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    body = b'{"jsonrpc": "2.0",  "id": 1, "method": "ping"}'
    client.post(body)
    side = upstream.accept()
    assert side.request()[1] == body
    side.answer(json.dumps(result()).encode())
    assert client.answer()[0] == 200


def test_a_reader_that_stalls_bounds_what_is_taken_from_the_upstream(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.request("GET", "/mcp", headers={"accept": "text/event-stream"})
    side = upstream.accept()
    side.request()
    side.start_events()
    piece = b"10000\r\n" + b":" * 0xFFFF + b"\n\r\n"
    taken = side.send_until_full(piece, most=256 * 1024 * 1024)
    assert taken < 32 * 1024 * 1024
    other = Client(proxy.port)
    other.post(call())
    second = upstream.accept()
    second.request()
    second.answer(json.dumps(result()).encode())
    assert other.answer() == (200, result())
    other.close()


POST = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n"
LENGTH = b"content-length: 1\r\n"

REFUSED: list[tuple[str, bytes, int]] = [
    ("foreign origin", POST + b"origin: http://evil.example\r\n", 403),
    ("opaque origin", POST + b"origin: null\r\n", 403),
    ("foreign host", b"POST /mcp HTTP/1.1\r\nhost: evil.example\r\n", 403),
    ("no host", b"POST /mcp HTTP/1.1\r\n", 403),
    ("other path", b"POST /other HTTP/1.1\r\nhost: localhost\r\n", 404),
    ("other method", b"PUT /mcp HTTP/1.1\r\nhost: localhost\r\n", 405),
    ("declared too long", POST + b"content-length: 4194305\r\n", 413),
    ("long head", POST + b"x: " + b"y" * 17000 + b"\r\n", 431),
    ("many headers", POST + b"x: y\r\n" * 100, 431),
    ("both framings", POST + LENGTH + b"transfer-encoding: chunked\r\n", 400),
    ("two lengths", POST + LENGTH + LENGTH, 400),
    ("two sessions", POST + b"mcp-session-id: a\r\nmcp-session-id: b\r\n", 400),
    ("bare line feed", b"POST /mcp HTTP/1.1\r\nhost: localhost\nx: y\r\n", 400),
    ("folded header", POST + b"x: y\r\n z\r\n", 400),
    ("not HTTP", b"hello\r\n", 400),
]


@pytest.fixture(scope="module")
def shared_proxy() -> Iterator[RunningProxy]:
    upstream = Upstream()
    with running("--upstream", upstream.url) as started:
        yield started
    upstream.close()


@pytest.mark.parametrize(("name", "head", "status"), REFUSED, ids=[each[0] for each in REFUSED])
def test_a_request_that_breaks_a_rule_is_refused(
    shared_proxy: RunningProxy, name: str, head: bytes, status: int
) -> None:
    received = Client(shared_proxy.port).raw(head + b"\r\n")
    assert received.startswith(b"HTTP/1.1 %d " % status), name
    assert b"connection: close" in received


def test_a_chunked_body_that_grows_too_long_is_refused(shared_proxy: RunningProxy) -> None:
    head = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    received = Client(shared_proxy.port).raw(head + b"400001\r\n" + b"x" * 0x400001)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_refusals_are_counted_as_rejected(shared_proxy: RunningProxy) -> None:
    before = shared_proxy.outcomes().get(("other", "rejected", "caller"), 0)
    client = Client(shared_proxy.port)
    client.post(b"{not json")
    status, answer = client.answer()
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)
    after: dict[Any, int] = shared_proxy.outcomes()
    assert sum(count for (_, outcome, _), count in after.items() if outcome == "rejected") > before
    client.close()
