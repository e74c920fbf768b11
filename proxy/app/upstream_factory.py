"""The server's side of one proxy, put together from the settings: by what clients may speak."""

import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial

from ..calls.recorder import Books
from ..http.pool import Endpoint, Pool
from ..memory_budget import Memory
from ..telemetry.vocabulary import LinkState
from ..translation.versions import Era
from ..transports.base import Connector
from ..transports.connector import HttpConnector
from ..transports.legacy_sse import SseConnector, SseLink, SseTerms
from ..transports.processes import Processes, Program
from ..transports.shared_stdio import Sharing
from ..transports.stateless_http import ModernLink
from ..transports.stdio import Children
from ..transports.streamable_http import StreamableLink, StreamableTerms
from ..upstreams.base import Upstream
from ..upstreams.cross_era.channel_pool import ModernUpstream
from ..upstreams.cross_era.detector import Speech
from ..upstreams.cross_era.era_router import EraUpstream
from ..upstreams.cross_era.http_router import EraConnector, HttpEras
from ..upstreams.cross_era.legacy_bridge import Bridges
from ..upstreams.oauth_metadata import MetadataUpstream, ResourceMetadata
from ..upstreams.passthrough import HttpTerms, HttpUpstream
from ..upstreams.session_bridge import Terms
from ..upstreams.session_limit import Places
from ..upstreams.sessions import SessionUpstream
from .options import HttpTransport
from .server_settings import HttpServer, StdioServer
from .settings import Settings

Spawn = Callable[[Coroutine[None, None, None]], object]


class Upstreams:
    """One server, as clients of streamable HTTP (`endpoint`) and of HTTP+SSE (`streams`) need it.

    `endpoint` has `streams` in its care. `metadata` is there where clients may ask the server how
    to get a token. `processes` starts those of a stdio server.
    `spawn` starts a task in a group that somebody owns; `on_reach` hears of every attempt to
    connect why it failed, "" if it did not.
    """

    def __init__(
        self,
        settings: Settings,
        books: Books,
        memory: Memory,
        processes: Processes,
        spawn: Spawn,
        on_reach: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._books = books
        self._memory = memory
        self._processes = processes
        self._spawn = spawn
        self._places = Places(settings.max_sessions)
        server = settings.server
        self.endpoint: Upstream
        self.metadata: MetadataUpstream | None = None
        if isinstance(server, StdioServer):
            children = self._children(server)
            connector = Sharing(children, spawn, on_reach) if server.shared else children
            era = settings.upstream_era
            self.streams = self._sessions(Bridges(connector, era))
            self.endpoint = self._eras(self.streams, connector, era)
            return
        tls = None
        if server.secure:
            tls = ssl.create_default_context(cafile=settings.upstream_ca or None)
        pool = Pool(Endpoint(server.host, server.port, tls), spawn, on_reach, follows=True)
        asks_clients = settings.access or b"authorization" in server.replaced
        metadata = None if asks_clients else ResourceMetadata(server.url)
        if metadata is not None:
            self.metadata = MetadataUpstream(metadata, server.fixed, pool, spawn)
        if server.transport is HttpTransport.SSE:
            sse = self._sse(server, pool)
            self.streams = self._sessions(sse)
            self.endpoint = self._eras(self.streams, sse, Era.LEGACY)
        else:
            self.endpoint, self.streams = self._streamable(server, pool, metadata)

    def __repr__(self) -> str:
        return f"<Upstreams {self.endpoint!r} {self.streams!r}>"

    def tick(self, now: float) -> None:
        """Look for what is overdue."""
        self.endpoint.tick(now)
        links = Counter(dict.fromkeys(LinkState, 0))
        self.endpoint.count_links(links)
        links[LinkState.CLOSING] = self._places.ending
        self._books.ledger.links = links

    async def probe(self) -> str:
        """Why the server cannot be reached, or started, now, in one line; "" if it can."""
        return await self.endpoint.probe()

    def drain(self) -> None:
        """From now on new requests are turned away."""
        self.endpoint.drain()

    async def close(self) -> None:
        """Let go of every connection, session and process."""
        await self.endpoint.close()

    def _terms(self, connector: Connector) -> Terms:
        settings = self._settings
        return Terms(
            connector,
            settings.upstream_timeout,
            self._books,
            self._memory,
            self._spawn,
            passes_challenges=self.metadata is not None,
        )

    def _sessions(self, connector: Connector) -> SessionUpstream:
        terms, settings = self._terms(connector), self._settings
        return SessionUpstream(terms, idle=settings.session_idle, places=self._places)

    def _eras(self, legacy: SessionUpstream, connector: Connector, era: Era | None) -> EraUpstream:
        return EraUpstream(legacy, self._modern(connector, era))

    def _modern(
        self, connector: Connector, era: Era | None, on_unopened: Callable[[], None] = lambda: None
    ) -> ModernUpstream:
        return ModernUpstream(
            self._terms(connector),
            era=era,
            idle=self._settings.pool_idle,
            places=self._places,
            on_unopened=on_unopened,
        )

    def _sse(self, server: HttpServer, pool: Pool) -> Connector:
        settings = self._settings
        terms = SseTerms(
            server.url, server.fixed, settings.upstream_timeout, settings.message_limit
        )
        return SseConnector(pool, partial(SseLink, terms))

    def _streamable(
        self, server: HttpServer, pool: Pool, metadata: ResourceMetadata | None
    ) -> tuple[HttpEras, SessionUpstream]:
        settings = self._settings
        terms = HttpTerms(
            target=server.target,
            fixed=server.fixed,
            patience=settings.upstream_timeout,
            idle=settings.session_idle,
            message_limit=settings.message_limit,
            metadata=metadata,
        )
        spoken = StreamableTerms(
            server.target, server.fixed, settings.upstream_timeout, settings.message_limit
        )
        speech = Speech(spoken, pool, settings.upstream_era, self._note_sse)
        legacy = HttpConnector(pool, partial(StreamableLink, spoken))
        newer = HttpConnector(pool, partial(ModernLink, spoken))
        connector = EraConnector(legacy, newer, self._sse(server, pool), speech)
        sessions = self._sessions(connector)
        modern = self._modern(connector, Era.LEGACY, speech.doubt)
        passing = HttpUpstream(terms, pool, self._books, self._memory)
        eras = HttpEras(passing, modern, sessions, speech, self._books, self._spawn)
        return eras, sessions

    def _children(self, server: StdioServer) -> Children:
        return Children(
            Program(server.command, server.environment, server.directory, server.user),
            self._processes,
            self._settings.message_limit,
            self._note_restart,
            self._books.ledger.upstream_killed,
        )

    def _note_sse(self) -> None:
        self._books.ledger.transport = HttpTransport.SSE.value

    def _note_restart(self) -> None:
        self._books.ledger.upstream_restarts += 1
