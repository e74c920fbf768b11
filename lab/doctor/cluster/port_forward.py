"""Ports of pods on this machine, each connection a WebSocket to the Kubernetes API.

Kubelets speak `v4.channel.k8s.io` there (k8s.io/kubelet, pkg/cri/streaming/portforward): every
message begins with the number of its channel, 0 for data and 1 for an error, and the first message
of each channel only repeats the port.
"""

import asyncio
import asyncio.trsock
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Self

import aiohttp

from lab.background import Background
from lab.local.ports import LOOPBACK
from stacks.cluster_api import Access

_PROTOCOL = "v4.channel.k8s.io"
_DATA = b"\x00"
_CHUNK_BYTES = 65_536
_CONNECT_SECONDS = 10.0
_MOST_TURNS = 100
"""Of the event loop, until an ended connection is closed; it takes about three."""


class PortForwards:
    """Local ports that lead to pods, until the `with` block is left; no process is started."""

    def __init__(self, access: Access) -> None:
        """Raises Unreachable if the credentials cannot be read."""
        self._server = access.server.rstrip("/")
        self._tls, self._headers = access.credentials()
        # uvloop's sockets have no shutdown, which ends a TLS connection at once.
        self._background = Background(asyncio.new_event_loop)
        self._tasks: set[asyncio.Task[None]] = set()  # The loop itself holds weak references only.
        self._servers: list[asyncio.Server] = []
        self._errors: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._background.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            self._background.run(self._close())
        finally:
            self._background.__exit__(*raised)

    def open(self, namespace: str, pod: str, port: int) -> str:
        """The local address, host:port, of a pod's port."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"
        return self._background.run(self._listen(path))

    def error(self, address: str) -> str:
        """Why the last connection of a local address failed; "" if it did not."""
        return self._errors.get(address, "")

    async def _listen(self, path: str) -> str:
        address = ""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(address, path, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        server = await asyncio.start_server(accept, LOOPBACK, 0)
        self._servers.append(server)
        address = f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        return address

    async def _serve(
        self, address: str, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass bytes both ways until one side ends."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
        wire: asyncio.trsock.TransportSocket | None = None
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.ws_connect(
                    f"{self._server}{path}",
                    protocols=(_PROTOCOL,),
                    headers=self._headers,
                    ssl=self._tls,
                    max_msg_size=0,
                ) as socket,
            ):
                self._errors[address] = ""
                wire = socket.get_extra_info("socket")
                sending = asyncio.create_task(_send(reader, socket))
                try:
                    self._errors[address] = await _receive(socket, writer)
                finally:
                    sending.cancel()
        except aiohttp.WSServerHandshakeError as refused:
            self._errors[address] = f"the API server does not forward ports: HTTP {refused.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as wrong:
            self._errors[address] = f"the API server: {wrong}"
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            await _hang_up(wire)

    async def _close(self) -> None:
        """Accept no more connections; the event loop's end cancels those that are open."""
        for server in self._servers:
            server.close()


async def _hang_up(wire: asyncio.trsock.TransportSocket | None) -> None:
    """End a TLS connection at once: it would wait for the other side, and outlive the loop."""
    if wire is not None:
        with suppress(OSError):
            wire.shutdown(SHUT_RDWR)
        for _ in range(_MOST_TURNS):
            if wire.fileno() == -1:
                break
            await asyncio.sleep(0)


async def _send(reader: asyncio.StreamReader, socket: aiohttp.ClientWebSocketResponse) -> None:
    with suppress(OSError, aiohttp.ClientError):
        while data := await reader.read(_CHUNK_BYTES):
            await socket.send_bytes(_DATA + data)
    await socket.close()


async def _receive(socket: aiohttp.ClientWebSocketResponse, writer: asyncio.StreamWriter) -> str:
    """Pass on what the pod sends until it ends; its error, if there is one."""
    opened: set[bytes] = set()
    async for message in socket:
        if message.type is not aiohttp.WSMsgType.BINARY or not message.data:
            continue
        channel, data = message.data[:1], message.data[1:]
        if channel not in opened:
            opened.add(channel)
        elif channel == _DATA:
            writer.write(data)
            await writer.drain()
        else:
            return str(data, errors="replace")
    return ""
