"""The ways from a client to a server without sockets: a scripted link, or a scripted network.

A server says what the test wants.
"""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from proxy.app.options import MIB
from proxy.calls.recorder import CallRecorder
from proxy.http import request
from proxy.http.pool import Endpoint, Pool
from proxy.http.request_policy import RequestInfo
from proxy.jsonrpc import methods
from proxy.memory_budget import MemoryBudget
from proxy.translation.versions import Era
from proxy.transports.base import Connector, TransportListener
from proxy.transports.connector import HttpConnector
from proxy.transports.http_transport import StreamableHttpConfig
from proxy.transports.legacy_sse import LegacySseConfig, LegacySseConnector, LegacySseTransport
from proxy.transports.multiplexer import Multiplexer
from proxy.transports.shared_session import SharedSession
from proxy.transports.stateless_http import StatelessHttpTransport
from proxy.transports.streamable_http import StreamableHttpTransport
from proxy.upstreams.base import Upstream
from proxy.upstreams.cross_era.channel_pool import ChannelPool
from proxy.upstreams.cross_era.detector import EraDetector
from proxy.upstreams.cross_era.era_router import EraRouter
from proxy.upstreams.cross_era.http_router import EraConnector, HttpEraRouter
from proxy.upstreams.cross_era.legacy_bridge import BridgeConnector
from proxy.upstreams.passthrough import PassthroughConfig, PassthroughUpstream
from proxy.upstreams.session_bridge import SessionConfig
from proxy.upstreams.session_limit import SessionLimit
from proxy.upstreams.sessions import SessionUpstream
from tests.proxy.malformed_messages import GREETING, ID
from tests.proxy.network import answer, filled
from tests.proxy.scripted import ScriptedClient, client_request, info, recorder
from tests.proxy.translation.messages import meta
from tests.proxy.upstreams.test_session_bridge import ScriptedTransport

FIXED = request.fixed(b"upstream")
SPOKEN = StreamableHttpConfig(b"/mcp", FIXED, 10.0, 100_000)
HTTP = PassthroughConfig(b"/mcp", FIXED, 10.0, 100.0, 100_000)
ALL: dict[str, Any] = {"sampling": {}, "elicitation": {"url": {}}, "roots": {}}
INITIALIZE: dict[str, Any] = {
    "method": methods.INITIALIZE,
    "params": {"protocolVersion": "2025-06-18", "capabilities": ALL},
}
ASKED: dict[str, dict[str, Any]] = {
    "tools/call": {"name": "t"},
    "tools/list": {},
    "resources/subscribe": {"uri": "u"},
    methods.LISTEN: {"notifications": {"toolsListChanged": True, "resourceSubscriptions": ["u"]}},
}
GREETED = json.dumps({"id": ID, "result": GREETING}).encode()


class Server(ScriptedTransport):
    """A transport whose server says what the test wants; also its connector."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: list[TransportListener] = []

    def end(self) -> None:
        self.exited.set()

    def say(self, text: bytes) -> None:
        last = next((each for each, _ in reversed(self.sent) if b'"method"' in each), b"{}")
        for owner in self.owners:
            owner.on_message(filled(text, last), 0.0)

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> "Server":
        self.owners.append(owner)
        return self

    async def probe(self) -> str:
        return ""

    async def close(self) -> None: ...


class Shared(Server):
    """The same, whose one transport many sessions share."""

    def __init__(self) -> None:
        super().__init__()
        self.hub = Multiplexer()
        self.hub.attach(self)
        self.owners.append(self.hub)

    async def connect(  # type: ignore[override]
        self, owner: TransportListener, headers: bytes, query: bytes
    ) -> SharedSession:
        return self.hub.open(owner)


class Harness:
    """A server's side, and the clients before it."""

    def __init__(self, way: "Callable[[Harness], Way]") -> None:
        self.recorder: CallRecorder = recorder()
        self.begun = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.upstream, self.say = way(self)

    def config(self, connector: Connector, timeout: float = 10.0) -> SessionConfig:
        return SessionConfig(connector, timeout, self.recorder, MemoryBudget(MIB), self.spawn)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    def ask(self, message: dict[str, Any], head: RequestInfo) -> ScriptedClient:
        """A client's message."""
        client = ScriptedClient()
        sent = client_request(client, json.dumps({"jsonrpc": "2.0", **message}).encode(), head)
        self.recorder.start(head.session, len(sent.calls))
        self.begun += len(sent.calls)
        self.upstream.post(sent)
        return client

    async def finish_tasks(self) -> None:
        """Wait for all that was begun."""
        await asyncio.gather(*self._tasks)

    async def server_sends(self, said: Iterable[bytes]) -> None:
        """The server says all that; what a task raised is raised here."""
        await self._rest()
        for text in said:
            self.say(text)
            await self._rest()

    @property
    def counted(self) -> int:
        """How many calls the ledger counted."""
        return sum(sum(each.counts) for each in self.recorder.ledger.rows.values())

    async def finish(self) -> None:
        """Everything is overdue, then everything ends: no call is left."""
        self.upstream.tick(perf_counter() + 10_000)
        await self._rest()
        await self.upstream.close()
        await self._rest()
        assert self.recorder.ledger.in_flight == 0
        assert self.recorder.ledger.streams == 0

    async def _rest(self) -> None:
        for _ in range(8):
            await asyncio.sleep(0)
        for task in self._tasks:
            if task.done():
                task.result()


Way = tuple[Upstream, Callable[[bytes], None]]


def linked(harness: Harness, server: Server) -> Way:
    """A stdio server that either era may have."""
    session_limit = SessionLimit(9)
    bridged = SessionUpstream(
        harness.config(BridgeConnector(server, None)), idle=100.0, session_limit=session_limit
    )
    modern = ChannelPool(harness.config(server), era=None, idle=100.0, session_limit=session_limit)
    return EraRouter(bridged, modern), server.say


def posted(harness: Harness, known: Era | None, *, events: bool, timeout: float = 10.0) -> Way:
    """A streamable HTTP server, as `upstreams` puts it together."""
    pool = Pool(Endpoint("upstream", 1, None), harness.spawn, lambda failure: None)
    spoken, http = replace(SPOKEN, timeout=timeout), replace(HTTP, timeout=timeout)
    detector = EraDetector(spoken, pool, known)
    legacy = HttpConnector(pool, partial(StreamableHttpTransport, spoken))
    newer = HttpConnector(pool, partial(StatelessHttpTransport, spoken))
    sse = LegacySseConnector(
        pool,
        partial(
            LegacySseTransport, LegacySseConfig(urlsplit("http://upstream/mcp"), FIXED, 10.0, 999)
        ),
    )
    connector = EraConnector(legacy, newer, sse, detector)
    session_limit = SessionLimit(9)
    sessions = SessionUpstream(
        harness.config(connector, timeout), idle=100.0, session_limit=session_limit
    )
    modern = ChannelPool(
        harness.config(connector, timeout),
        era=Era.LEGACY,
        idle=100.0,
        session_limit=session_limit,
        on_unopened=detector.discard_assumption,
    )
    passing = PassthroughUpstream(http, pool, harness.recorder, MemoryBudget(MIB))
    eras = HttpEraRouter(passing, modern, sessions, detector, harness.recorder, harness.spawn)
    return eras, partial(answer, events=events)


WAYS: dict[str, Callable[[Harness], Way]] = {
    "stdio": lambda harness: linked(harness, Server()),
    "stdio, shared": lambda harness: linked(harness, Shared()),
    "HTTP": lambda harness: posted(harness, None, events=False),
    "HTTP, streams": lambda harness: posted(harness, None, events=True),
    "HTTP, legacy": lambda harness: posted(harness, Era.LEGACY, events=False),
    "HTTP, modern, streams": lambda harness: posted(harness, Era.MODERN, events=True),
}


class Modern:
    """A client of 2026-07-28."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._last = 0

    def ask(self, method: str, text: str = "") -> ScriptedClient:
        """A request, with a text among its arguments."""
        self._last += 1
        params = {**ASKED[method], "_meta": meta(ALL, progressToken=self._last)}
        if text:
            params["arguments"] = {"text": text}
        message = {"id": self._last, "method": method, "params": params}
        return self._harness.ask(message, self.head(method))

    def head(self, method: str) -> RequestInfo:
        """The head of a message."""
        named = {"mcp_name": "t"} if method == "tools/call" else {}
        return info(mcp_protocol_version="2026-07-28", mcp_method=method, **named)

    def begin(self) -> ScriptedClient:
        """The first request."""
        return self.ask("tools/call")

    async def open(self, said: Iterable[bytes]) -> None:
        """Ask for the first time; before the server opens the session it says all that."""
        self.begin()
        await self._harness.server_sends((*said, GREETED, GREETED))
        self.ask(methods.LISTEN)
        await self._harness.server_sends(())


class Legacy:
    """A client with a session."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._last = 0
        self._head = info()

    def ask(self, method: str) -> ScriptedClient:
        """A request."""
        self._last += 1
        params = {**ASKED[method], "_meta": {"progressToken": self._last}}
        return self._harness.ask({"id": self._last, "method": method, "params": params}, self._head)

    def head(self, method: str) -> RequestInfo:
        """The head of a message."""
        return self._head

    def begin(self) -> ScriptedClient:
        """The first request."""
        return self._harness.ask({"id": 0, **INITIALIZE}, self._head)

    async def open(self, said: Iterable[bytes]) -> None:
        """Initialize; before the server answers it says all that."""
        client = self.begin()
        await self._harness.server_sends((*said, GREETED, GREETED))
        named = re.search(rb"mcp-session-id: (\w+)", client.head)
        if named is not None:
            self._head = info(mcp_session_id=named[1].decode())
        self._harness.ask({"method": methods.INITIALIZED}, self._head)
        self.ask("resources/subscribe")
        await self._harness.server_sends(())


CLIENTS: dict[str, type[Modern] | type[Legacy]] = {"modern": Modern, "legacy": Legacy}
