"""The proxy as a running program: parts are put together, serve until a signal, and drain."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Coroutine
from time import perf_counter

from . import admin, listening, logs, protection
from .access.entrance import Entrance, entrance_of
from .calls.books import Books
from .calls.call_log import CallLog
from .calls.payloads import Overhearing, Scrubber
from .gate import Gate
from .memory import Memory
from .options import Calls
from .refusal import Page
from .relay import Limits, Relay
from .settings import HttpServer, Settings, StdioServer
from .telemetry.export import Export
from .telemetry.exposition import render
from .telemetry.ledger import Ledger
from .transports.crowd import Crowd
from .transports.http_server import ClientConnection, Front
from .transports.port import Receiver, TokenCheck
from .upstreams.assembly import Upstreams
from .wire import response
from .wire.head import Memo

LOG = logging.getLogger("proxy")

TICK_SECONDS = 0.25
"""How often overdue calls are looked for, and how precisely time-outs are kept."""
FLUSH_SECONDS = 5.0
"""How long telemetry may take to leave at the end."""

CLOSE_SECONDS = 1.0
"""How long the last answers may take to leave at the end."""

Spawn = Callable[[Coroutine[None, None, None]], object]


async def run(settings: Settings) -> None:
    """Serve until told to stop. Raises SettingsError if an address cannot be used."""
    await Server(settings).run()


class Server:
    """One proxy. `run` binds, serves until SIGTERM or SIGINT, drains, and returns."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        telemetry = settings.telemetry
        http = settings.server if isinstance(settings.server, HttpServer) else None
        transport = http.transport.value if http else "stdio"
        self._ledger = Ledger(
            telemetry.server,
            transport,
            tool_cap=settings.tool_cap,
            exemplars=telemetry.exemplars,
        )
        address = (http.host, http.port) if http else None
        self._export = Export(telemetry, self._ledger, address)
        log = None if settings.log_calls is Calls.NONE else CallLog(settings.log_calls)
        self._books = Books(self._ledger, self._export.tracer, log)
        self._up: bool | None = None
        self._stop = asyncio.Event()
        self._quiet = asyncio.Event()
        self._left = asyncio.Event()
        self._visitors = Crowd(admin.MOST_CONNECTIONS, lambda count: None)
        self._clients = Crowd(settings.max_connections, self._note_clients)
        self._memory = Memory(settings.memory_limit)
        self._rendering = asyncio.Lock()

    async def run(self) -> None:
        """Serve until told to stop. Raises SettingsError if an address cannot be used."""
        settings = self._settings
        if isinstance(settings.server, StdioServer):
            protection.forbid_inspection()
        mcp = listening.bind("--listen", settings.listen)
        with mcp, listening.bind("--metrics-listen", settings.metrics_listen) as metrics:
            self._take_signals()
            async with asyncio.TaskGroup() as tasks:
                await self._serve(mcp, metrics, tasks)

    async def _serve(
        self, mcp: socket.socket, metrics: socket.socket, tasks: asyncio.TaskGroup
    ) -> None:
        upstreams = Upstreams(
            self._settings, self._books, self._memory, tasks.create_task, self._note_upstream
        )
        limits = Limits(self._settings.depth_limit, self._settings.max_in_flight)
        relay = Relay(
            upstreams.endpoint,
            upstreams.streams,
            self._books,
            self._export.tracer,
            limits,
            upstreams.metadata,
        )
        entrance = entrance_of(self._settings.access, self._settings.server.path)
        front = self._front(
            self._overheard(relay),
            entrance,
            entrance.token_check(tasks.create_task),
            mcp,
            passes_metadata=upstreams.metadata is not None,
        )
        loop = asyncio.get_running_loop()
        backlog = listening.BACKLOG
        await loop.create_server(lambda: ClientConnection(front), sock=mcp, backlog=backlog)
        pages = self._admin_front(relay, tasks.create_task, loopback=listening.is_loopback(metrics))
        await loop.create_server(lambda: ClientConnection(pages), sock=metrics)
        self._export.start()
        watches = (
            tasks.create_task(self._tick(upstreams)),
            tasks.create_task(self._watch(upstreams)),
            tasks.create_task(entrance.watch()),
        )
        self._say_ready(mcp, metrics)
        await self._stop.wait()
        await self._drain(relay, upstreams)
        for watch in watches:
            watch.cancel()
        await self._export.stop(FLUSH_SECONDS)
        logs.event(LOG, "stopped")

    def _front(
        self,
        receiver: Receiver,
        entrance: Entrance,
        check: TokenCheck | None,
        mcp: socket.socket,
        *,
        passes_metadata: bool,
    ) -> Front:
        settings = self._settings
        gate = Gate(
            path=settings.server.path.encode(),
            body_limit=settings.body_limit,
            loopback=listening.is_loopback(mcp),
            allowed_origins=settings.allowed_origins,
            allowed_hosts=settings.allowed_hosts,
            access=entrance.access,
            metadata=entrance.metadata,
            passes_metadata=passes_metadata,
            port=listening.address_of(mcp).port,
        )
        return Front(
            Memo(gate.arrive),
            receiver,
            settings.body_limit,
            self._clients,
            settings.connection_idle,
            self._memory,
            check,
        )

    def _overheard(self, relay: Relay) -> Receiver:
        settings = self._settings
        if not settings.log_payloads:
            return relay
        logs.event(LOG, "payloads are logged", logging.WARNING, characters=settings.log_payloads)
        return Overhearing(relay, Scrubber(settings.log_payloads, settings.redact))

    def _admin_front(self, relay: Relay, spawn: Spawn, *, loopback: bool) -> Front:
        pages = self._pages(relay)
        gate = admin.AdminGate(tuple(pages), self._settings.allowed_hosts, private=not loopback)
        receiver = admin.AdminPages(pages, spawn)
        return Front(gate.arrive, receiver, 0, self._visitors, admin.IDLE_SECONDS, self._memory)

    def _pages(self, relay: Relay) -> admin.Pages:
        async def metrics(accept: str) -> Page:
            # In a thread: 200 tools take 0.15 s to write, in which no call would be served. One at
            # a time: more would only hold up the event loop.
            async with self._rendering:
                body, content_type = await asyncio.to_thread(render, self._ledger, accept)
            return Page(200, content_type.encode(), body)

        async def healthy(accept: str) -> Page:
            return Page(200, response.TEXT, b"ok\n")

        async def ready(accept: str) -> Page:
            if relay.draining:
                return Page(503, response.TEXT, b"draining\n")
            if not self._ledger.upstream_up:
                return Page(503, response.TEXT, b"the upstream cannot be reached\n")
            return Page(200, response.TEXT, b"ready\n")

        return {b"/metrics": metrics, b"/healthz": healthy, b"/readyz": ready}

    def _note_clients(self, count: int) -> None:
        self._ledger.connections = count
        if not count:
            self._left.set()

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._signalled)

    def _signalled(self) -> None:
        """The first signal begins the drain, a second one ends it."""
        if self._stop.is_set():
            self._quiet.set()
        self._stop.set()

    def _say_ready(self, mcp: socket.socket, metrics: socket.socket) -> None:
        logs.event(
            LOG,
            "ready",
            listen=str(listening.address_of(mcp)),
            metrics=str(listening.address_of(metrics)),
            server=self._ledger.server,
            transport=self._ledger.transport,
        )

    def _note_upstream(self, failure: str) -> None:
        """Take note whether the upstream was reached; `failure` says why not, "" if it was."""
        up = not failure
        if up is self._up:
            return
        self._up = up
        self._ledger.upstream_up = int(up)
        shown = self._settings.server.shown
        if up:
            logs.event(LOG, "upstream reachable", upstream=shown)
        else:
            logs.event(LOG, "upstream unreachable", logging.WARNING, upstream=shown, reason=failure)

    async def _tick(self, upstreams: Upstreams) -> None:
        """Look for what is overdue, and measure how late the event loop is."""
        due = perf_counter()
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(max(0.0, due - perf_counter()))
            now = perf_counter()
            self._ledger.loop_lag(max(0.0, now - due))
            due = max(due, now - TICK_SECONDS)
            upstreams.tick(now)
            for connection in (*self._clients, *self._visitors):
                connection.expire(now)

    async def _watch(self, upstreams: Upstreams) -> None:
        """Keep `upstream_up`, and so /readyz, true to the facts."""
        while True:
            self._note_upstream(await upstreams.probe())
            await asyncio.sleep(self._settings.probe_interval)

    async def _drain(self, relay: Relay, upstreams: Upstreams) -> None:
        """Let calls in flight finish, refuse new ones, then close what is still open."""
        logs.event(LOG, "draining", in_flight=self._ledger.in_flight)
        relay.draining = True
        upstreams.drain()
        self._books.on_quiet = self._quiet.set
        if self._ledger.in_flight:
            await _within(self._settings.drain_timeout, self._quiet.wait())
        await upstreams.close()
        for client in self._clients:
            client.close_when_idle()
        self._left.clear()
        if self._clients:
            await _within(CLOSE_SECONDS, self._left.wait())
        for client in self._clients:
            client.abort()


async def _within(seconds: float, wait: Coroutine[None, None, object]) -> None:
    """Wait for something, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await wait
    except TimeoutError:
        pass
