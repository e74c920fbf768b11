"""How many clients may be connected, and for how long without a call."""

import json
import resource
import socket
from contextlib import ExitStack, closing, suppress

import psutil
import pytest
import requests

from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import (
    INITIALIZE,
    TIMEOUT_SECONDS,
    Client,
    Upstream,
    call,
    read_event,
    result,
)
from tests.integration.stdio_session import SERVER

pytestmark = pytest.mark.slow


def served(proxy: RunningProxy) -> bool:
    """Whether a new client is let in: a body that is no message gets 400 from within."""
    client = Client(proxy.port)
    client.post(b"{not json")
    response = client.getresponse()
    response.read()
    client.close()
    return response.status == 400


def test_a_client_beyond_the_limit_is_told_to_come_back_and_may_once_another_left(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, "--max-connections", "1") as proxy:
        first, second = Client(proxy.port), Client(proxy.port)
        first.post(call(1))
        side = upstream.accept()
        side.request()
        second.post(call(2))
        refused = second.getresponse()
        assert (refused.status, refused.getheader("retry-after")) == (503, "5")
        assert refused.read() == b"all 1 connections are taken: try again\n"
        proxy.counted({("unknown", "rejected", "proxy"): 1})
        side.answer(json.dumps(result(1)).encode())
        assert first.answer() == (200, result(1))
        first.close()
        eventually(lambda: served(proxy), "room for another client")
        second.close()


def test_a_connection_beyond_the_limit_that_says_nothing_is_closed_and_not_counted(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, "--max-connections", "1") as proxy:
        first = Client(proxy.port)
        first.post(call(1))
        side = upstream.accept()
        side.request()
        assert Client(proxy.port).raw(b"").startswith(b"HTTP/1.1 503 ")
        assert proxy.outcomes() == {}
        side.answer(json.dumps(result(1)).encode())
        assert first.answer() == (200, result(1))
        first.close()


@pytest.mark.parametrize("said", [b"", b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: "])
def test_connections_without_a_whole_request_lock_nobody_out(
    upstream: Upstream, said: bytes
) -> None:
    flags = ("--upstream", upstream.url, "--max-connections", "8")
    with running(*flags) as proxy, ExitStack() as opened:
        silent = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(8)]
        for each in silent:
            opened.enter_context(each)
            each.settimeout(TIMEOUT_SECONDS)
            each.sendall(said)
        assert served(proxy)
        with suppress(ConnectionError):
            assert silent[0].recv(65536)[:12] in (b"", b"HTTP/1.1 503")


def test_a_client_that_never_reads_its_answer_is_cut_off_and_counted(upstream: Upstream) -> None:
    flags = ("--connection-idle", "0.5", "--max-connections", "1")
    with running("--upstream", upstream.url, *flags) as proxy:
        deaf = Client(proxy.port)
        deaf.post(call(1))
        side = upstream.accept()
        side.request()
        side.start_events()
        with suppress(ConnectionError):
            side.send_until_full(b"%x\r\n%b\r\n" % (65536, b":" * 65536), 64 * 1024 * 1024)
        proxy.counted({("tools/call", "cancelled", "caller"): 1})
        assert side.at_end()
        eventually(lambda: served(proxy), "room for another client")
        deaf.close()


def test_only_a_connection_without_call_or_stream_is_closed_for_being_idle(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, "--connection-idle", "0.5") as proxy:
        caller, listener, idle = (Client(proxy.port) for _ in range(3))
        caller.post(call(1))
        calling = upstream.accept()
        calling.request()
        listener.request("GET", "/mcp", headers={"accept": "text/event-stream"})
        listening = upstream.accept()
        listening.request()
        listening.start_events()
        stream = listener.getresponse()
        idle.post(b"{not json")
        assert idle.answer()[0] == 400
        assert idle.sock is not None
        assert idle.sock.recv(1) == b""
        calling.answer(json.dumps(result(1)).encode())
        assert caller.answer() == (200, result(1))
        event = {"method": "notifications/x"}
        listening.chunk(b"data: %b\n\n" % json.dumps(event).encode())
        assert read_event(stream) == event
        for each in (caller, listener, idle):
            each.close()


def test_a_scrape_is_answered_when_no_descriptor_is_left(proxy: RunningProxy) -> None:
    pid, files = proxy.process.pid, resource.RLIMIT_NOFILE
    with requests.Session() as visitor:
        texts = [visitor.get(f"http://{proxy.metrics}/metrics", timeout=10).text]
        before = resource.prlimit(pid, files, (3, resource.prlimit(pid, files)[1]))
        texts.append(visitor.get(f"http://{proxy.metrics}/metrics", timeout=10).text)
        resource.prlimit(pid, files, before)
        texts.append(visitor.get(f"http://{proxy.metrics}/metrics", timeout=10).text)
    assert ["process_open_fds" in each for each in texts] == [True, False, True]
    assert all("mcp_proxy_sessions" in each for each in texts)


def test_sessions_are_refused_while_no_descriptor_is_left_for_their_processes() -> None:
    files = resource.RLIMIT_NOFILE
    with running("--", *SERVER) as proxy, ExitStack() as opened:
        process = psutil.Process(proxy.process.pid)
        client = opened.enter_context(closing(Client(proxy.port)))
        assert served(proxy)
        client.post(b"{not json")
        assert client.answer()[0] == 400
        usual, statuses = process.rlimit(files), []
        for spare in range(12):
            process.rlimit(files, (process.num_fds() + spare, usual[1]))
            client.post(INITIALIZE)
            statuses.append(client.answer()[0])
        process.rlimit(files, usual)
        assert statuses[0] == 503
        assert set(statuses) == {200, 503}
        client.post(INITIALIZE)
        assert client.answer()[0] == 200
        assert proxy.get("/readyz").status_code == 200


@pytest.mark.parametrize(("sessions", "enough"), [(100, True), (10**9, False)])
def test_descriptors_are_reserved_for_what_the_caps_allow_or_their_lack_is_told(
    sessions: int, enough: bool
) -> None:
    kind = resource.RLIMIT_NOFILE
    limits = resource.getrlimit(kind)
    resource.setrlimit(kind, (256, limits[1]))
    try:
        with running("--max-sessions", str(sessions), "--", "sleep", "600") as proxy:
            allowed, most = resource.prlimit(proxy.process.pid, kind)
            assert allowed == (2 * 1000 + 3 * sessions + 500 if enough else most)
            assert bool(proxy.logged("few descriptors")) is not enough
    finally:
        resource.setrlimit(kind, limits)
