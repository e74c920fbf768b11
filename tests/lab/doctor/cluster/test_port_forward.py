"""Connections through WebSockets, as kubelets speak them; tests/node has a real one."""

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from aiohttp import web

from lab.doctor.cluster.port_forward import PortForwards
from stacks.cluster_api import Access
from tests import certificates
from tests.waiting import until

PORT = 8080
Kubelet = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def api(kubelet: Kubelet, folder: Path | None = None) -> Iterator[Access]:
    """An API server that answers every request in one way; with a folder, over TLS."""
    tls, cluster = None, {}
    if folder:
        certificate, key = certificates.self_signed(folder)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate, key)
        cluster = {"certificate-authority": str(certificate)}
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_get("/{path:.*}", kubelet)
    runner = web.AppRunner(app)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        return f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        url = asyncio.run_coroutine_threadsafe(start(), loop).result()
        yield Access(url, cluster, user={"token": "mine"})
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def opened() -> list[bytes]:
    return [bytes([channel]) + PORT.to_bytes(2, "little") for channel in (0, 1)]


async def accepted(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
    await socket.prepare(request)
    for each in opened():
        await socket.send_bytes(each)
    return socket


def get(address: str) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        return http.get(f"http://{address}/", timeout=30)


def test_bytes_go_both_ways_with_the_credentials_of_the_user() -> None:
    async def kubelet(request: web.Request) -> web.StreamResponse:
        assert request.path == "/api/v1/namespaces/n/pods/p/portforward"
        assert request.query["ports"] == str(PORT)
        assert request.headers["Authorization"] == "Bearer mine"
        socket = await accepted(request)
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            message = await socket.receive_bytes()
            assert message[:1] == b"\x00"
            received += message[1:]
        await socket.send_bytes(b"\x00HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")
        await socket.send_bytes(b"\x00\r\nhello")
        await socket.close()
        return socket

    with api(kubelet) as access, PortForwards(access) as forwards:
        address = forwards.open("n", "p", PORT)
        assert [get(address).text for _ in range(2)] == ["hello", "hello"]
        assert forwards.error(address) == ""


def test_an_error_of_the_pod_ends_the_connection_and_is_kept() -> None:
    async def kubelet(request: web.Request) -> web.StreamResponse:
        socket = await accepted(request)
        await socket.send_bytes(b"\x01connection refused")
        await socket.receive()
        return socket

    with api(kubelet) as access, PortForwards(access) as forwards:
        address = forwards.open("n", "p", PORT)
        with pytest.raises(requests.ConnectionError):
            get(address)
        until(lambda: forwards.error(address) == "connection refused", seconds=30)


def test_a_user_who_may_not_forward_ports_is_told_so() -> None:
    async def kubelet(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403)

    with api(kubelet) as access, PortForwards(access) as forwards:
        address = forwards.open("n", "p", PORT)
        with pytest.raises(requests.ConnectionError):
            get(address)
        until(lambda: forwards.error(address), seconds=30)
        assert forwards.error(address) == "the API server does not forward ports: HTTP 403"


def test_no_connection_outlives_the_forwards(tmp_path: Path) -> None:
    """Python warns of those that do, and warnings are errors."""
    connected, ended = threading.Event(), threading.Event()

    async def kubelet(request: web.Request) -> web.StreamResponse:
        socket = await accepted(request)
        connected.set()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)
        return socket

    with api(kubelet, tmp_path) as access:
        with PortForwards(access) as forwards:
            host, _, port = forwards.open("n", "p", PORT).partition(":")
            client = socket.create_connection((host, int(port)))
            assert connected.wait(30)
        client.close()
        gc.collect()
        ended.set()
