"""The proxy as a running program: parts are put together, serve until a signal, and drain."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from .. import logs
from ..frontend import admin, standard_streams
from ..frontend.authenticator import Authenticator, authenticator_for
from ..frontend.message_tap import Observe
from ..frontend.mounts import Mounts
from ..frontend.stdio_server import StdioConnection
from ..http import listen as listening
from ..http.connection_limit import ConnectionLimiter
from ..http.head import HeadCache
from ..http.request_policy import RequestPolicy
from ..http.server import ClientConnection, ServerContext
from ..memory_budget import MemoryBudget
from ..transports.processes import Processes
from . import process_hardening
from .admin_pages import admin_pages
from .client_config import client_config, client_url
from .server_settings import StdioServer
from .service import Service, Spawn, contained, within
from .settings import Settings

LOG = logging.getLogger("proxy")

TICK_SECONDS = 0.25
"""How often overdue calls are looked for, and how precisely time-outs are kept."""

CLOSE_SECONDS = 1.0
"""How long the last answers may take to leave at the end."""

DESCRIPTORS_OF_SESSION = 3
"""The pipes of a process, or connections to an HTTP server."""
OTHER_DESCRIPTORS = 500
"""Scrapes and probes, connections that are rejected, telemetry, and what Python keeps open."""


async def run(settings: Sequence[Settings]) -> None:
    """Serve until a signal stops it. Raises SettingsError if an address cannot be used.

    `settings` are those of each server, which agree in what belongs to the process.
    """
    await Server(settings).run()


class Server:
    """One proxy. `run` binds, serves until SIGTERM or SIGINT, drains, and returns."""

    def __init__(
        self,
        settings: Sequence[Settings],
        observe: Observe | None = None,
        on_ready: Callable[[str], None] = lambda address: None,
    ) -> None:
        """`observe` sees all messages; `on_ready` is called with HOST:PORT, "" for stdio."""
        self._settings = settings[0]
        self._each = settings
        self._observe = observe
        self._on_ready = on_ready
        self._processes = Processes()
        self._services: tuple[Service, ...] = ()
        self._client: StdioConnection | None = None
        self._stop = asyncio.Event()
        self._left = asyncio.Event()
        self._visitors = ConnectionLimiter(admin.MOST_CONNECTIONS, lambda count: None)
        self._clients = ConnectionLimiter(self._settings.max_connections, self._note_clients)
        self._memory = MemoryBudget(self._settings.memory_limit)

    async def run(self) -> None:
        """Serve until a signal stops it. Raises SettingsError if an address cannot be used."""
        settings = self._settings
        if any(isinstance(each.server, StdioServer) for each in self._each):
            process_hardening.forbid_inspection()
        self._reserve_descriptors()
        with ExitStack() as sockets:
            mcp = None
            if not settings.stdio:
                mcp = sockets.enter_context(listening.bind("--listen", settings.listen))
            metrics = listening.bind("--metrics-listen", settings.metrics_listen)
            sockets.enter_context(metrics)
            self._handle_signals()
            async with asyncio.TaskGroup() as tasks:
                await self._serve(mcp, metrics, tasks)

    def _reserve_descriptors(self) -> None:
        """As many as the caps of clients and sessions may take, so that scrapes find one left."""
        clients = self._settings.max_connections
        sessions = self._settings.max_sessions * len(self._each)
        needed = 2 * clients + DESCRIPTORS_OF_SESSION * sessions + OTHER_DESCRIPTORS
        allowed = listening.reserve(needed)
        if allowed < needed:
            advice = "raise the limit, or lower --max-connections and --max-sessions"
            logs.event(
                LOG, "few descriptors", logging.WARNING,
                allowed=allowed, needed=needed, advice=advice,
            )  # fmt: skip

    async def _serve(
        self, mcp: socket.socket | None, metrics: socket.socket, tasks: asyncio.TaskGroup
    ) -> None:
        spawn = contained(tasks.create_task)
        authenticator = authenticator_for(self._settings.access, self._settings.path)
        services = self._services = tuple(
            Service(
                each,
                self._memory,
                self._processes,
                spawn,
                authenticator.principal_of,
                self._observe,
            )
            for each in self._each
        )
        loop = asyncio.get_running_loop()
        if mcp is None:
            self._client = self._stdio(services[0])
        else:
            front = self._front(authenticator, mcp, spawn)
            backlog = listening.BACKLOG
            await loop.create_server(lambda: ClientConnection(front), sock=mcp, backlog=backlog)
        pages = self._admin_front(spawn, loopback=listening.is_loopback(metrics))
        await loop.create_server(lambda: ClientConnection(pages), sock=metrics)
        watches = [
            tasks.create_task(each)
            for each in (self._tick(), authenticator.watch(), *(each.watch() for each in services))
        ]
        for each in services:
            each.start()
        self._log_ready(mcp, metrics)
        if self._client is not None:
            await self._client.start(*standard_streams.claim())
        await self._stop.wait()
        await self._drain()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*(each.end_export() for each in self._services))
        logs.event(LOG, "stopped")

    def _front(
        self, authenticator: Authenticator, mcp: socket.socket, spawn: Spawn
    ) -> ServerContext:
        settings = self._settings
        gates = {
            each.settings.mount: self._gate(each, authenticator, mcp) for each in self._services
        }
        receivers = {each.settings.mount: each.receiver for each in self._services}
        mounts = Mounts(gates, receivers) if settings.mount else None
        return ServerContext(
            HeadCache(gates[""].evaluate if mounts is None else mounts.evaluate),
            receivers[""] if mounts is None else mounts,
            settings.body_limit,
            self._clients,
            settings.connection_idle,
            self._memory,
            authenticator.token_check(spawn),
        )

    def _gate(
        self, service: Service, authenticator: Authenticator, mcp: socket.socket
    ) -> RequestPolicy:
        settings = service.settings
        return RequestPolicy(
            path=settings.path.encode(),
            body_limit=settings.body_limit,
            loopback=listening.is_loopback(mcp),
            allowed_origins=settings.allowed_origins,
            allowed_hosts=settings.allowed_hosts,
            access=authenticator.access,
            metadata=authenticator.metadata,
            passes_metadata=service.passes_metadata,
            port=listening.address_of(mcp).port,
            replaced=service.replaced,
            principal_key=settings.principal_key,
        )

    def _stdio(self, service: Service) -> StdioConnection:
        settings = self._settings
        service.ledger.connections = 1
        return StdioConnection(
            service.receiver, settings.body_limit, settings.message_limit, self._stop.set
        )

    def _admin_front(self, spawn: Spawn, *, loopback: bool) -> ServerContext:
        pages = admin_pages(self._services)
        gate = admin.AdminPolicy(tuple(pages), self._settings.allowed_hosts, private=not loopback)
        receiver = admin.AdminPages(pages, spawn)
        return ServerContext(
            gate.evaluate, receiver, 0, self._visitors, admin.IDLE_SECONDS, self._memory
        )

    def _note_clients(self, count: int) -> None:
        for each in self._services:
            each.ledger.connections = count
        if not count:
            self._left.set()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.stop)

    def stop(self) -> None:
        """Begin the drain, as the first signal does; a second one ends it."""
        if self._stop.is_set():
            for each in self._services:
                each.hurry()
        self._stop.set()

    def _log_ready(self, mcp: socket.socket | None, metrics: socket.socket) -> None:
        details: dict[str, Any] = {}
        listen = None if mcp is None else listening.address_of(mcp)
        if len(self._services) == 1:
            ledger = self._services[0].ledger
            details = {"server": ledger.server, "transport": ledger.transport}
        if listen is not None:
            urls = {
                each.ledger.server: client_url(listen, each.settings.mount + each.settings.path)
                for each in self._services
            }
            if len(urls) == 1:
                details["url"] = next(iter(urls.values()))
            details["mcp_json"] = client_config(urls, self._settings.access)
        metrics_at = str(listening.address_of(metrics))
        logs.event(LOG, "ready", listen=str(listen or "stdio"), metrics=metrics_at, **details)
        self._on_ready(str(listen or ""))

    async def _tick(self) -> None:
        """Look for what is overdue, and measure how late the event loop is."""
        due = perf_counter()
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(max(0.0, due - perf_counter()))
            now = perf_counter()
            lag = max(0.0, now - due)
            due = max(due, now - TICK_SECONDS)
            for each in self._services:
                each.ledger.loop_lag(lag)
                each.tick(now)
            for connection in (*self._clients, *self._visitors):
                connection.expire(now)

    async def _drain(self) -> None:
        """Let calls in flight finish, refuse new ones, then close what is still open."""
        await asyncio.gather(*(each.drain() for each in self._services))
        await asyncio.gather(*(each.close() for each in self._services))
        await self._processes.close()
        for client in self._clients:
            client.close_when_idle()
        self._left.clear()
        if self._clients:
            await within(CLOSE_SECONDS, self._left.wait())
        for client in self._clients:
            client.abort()
        if self._client is not None:
            await within(CLOSE_SECONDS, self._client.close())
