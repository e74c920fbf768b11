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
from tests.integration.stdio_session import SERVER, Session

pytestmark = pytest.mark.slow


def served(proxy: RunningProxy) -> bool:
    """Whether a new client is served: a body that is not a message gets 400."""
    client = Client(proxy.port)
    client.post(b"{not json")
    response = client.getresponse()
    response.read()
    client.close()
    return response.status == 400


@pytest.mark.parametrize("said", [b"", b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: "])
def test_connections_without_a_whole_request_block_no_other_client(
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


def test_only_a_connection_without_call_or_stream_is_closed_for_being_idle(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, "--connection-idle", "1.5") as proxy:
        caller, listener, idle = (Client(proxy.port) for _ in range(3))
        caller.post(call(1))
        calling = upstream.take()
        listener.request("GET", "/mcp", headers={"accept": "text/event-stream"})
        listening = upstream.take()
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
        opened.enter_context(closing(Session(proxy.port)))  # It has the process that is there.
        unused = process.num_fds()
        assert served(proxy)
        client.post(b"{not json")
        assert client.answer()[0] == 400
        eventually(lambda: process.num_fds() == unused + 1, "the end of the other connection")
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
def test_descriptors_are_reserved_for_what_the_caps_allow_or_their_lack_is_reported(
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
