"""The server's side of one proxy, put together from the settings: by what clients may speak."""

import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from ..calls.recorder import CallRecorder
from ..faults.active_faults import ActiveFaults
from ..faults.connector import FaultyConnector
from ..faults.kinds import FaultySse, FaultyStateless, FaultyStdio, FaultyStreamable
from ..faults.transport import FaultyTransport
from ..http.pool import Endpoint, Pool
from ..memory_budget import MemoryBudget
from ..telemetry.vocabulary import TransportState
from ..translation.versions import Era
from ..transports.base import Connector
from ..transports.connector import HttpConnector
from ..transports.http_transport import StreamableHttpConfig
from ..transports.legacy_sse import LegacySseConfig, LegacySseConnector, LegacySseTransport
from ..transports.process_factory import ProcessFactory
from ..transports.processes import Processes, Program
from ..transports.shared_stdio import SharedProcess
from ..transports.stateless_http import StatelessHttpTransport
from ..transports.streamable_http import StreamableHttpTransport
from ..upstreams.base import Upstream
from ..upstreams.cross_era.channel_pool import ChannelPool
from ..upstreams.cross_era.detected_channels import DetectedChannels
from ..upstreams.cross_era.detector import EraDetector
from ..upstreams.cross_era.era_router import EraRouter
from ..upstreams.cross_era.http_router import EraConnector, HttpEraRouter
from ..upstreams.cross_era.legacy_bridge import BridgeConnector
from ..upstreams.oauth_metadata import MetadataUpstream, ResourceMetadata
from ..upstreams.passthrough import PassthroughConfig, PassthroughUpstream
from ..upstreams.session_bridge import SessionConfig
from ..upstreams.session_limit import SessionLimit
from ..upstreams.sessions import SessionUpstream
from .option_values import HttpTransport
from .server_settings import HttpServer, StdioServer
from .settings import Settings

Spawn = Callable[[Coroutine[None, None, None]], object]


class Upstreams:
    """One server, as clients of streamable HTTP (`endpoint`) and of HTTP+SSE (`streams`) need it.

    `endpoint` has `streams` in its care. `metadata` is there where clients may ask the server how
    to get a token. `processes` starts those of a stdio server.
    `spawn` starts a task in the caller's group; `on_reach` is called after every attempt to
    connect why it failed, "" if it did not.
    """

    def __init__(
        self,
        settings: Settings,
        recorder: CallRecorder,
        memory: MemoryBudget,
        processes: Processes,
        spawn: Spawn,
        on_reach: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._memory = memory
        self._processes = processes
        self._spawn = spawn
        self._session_limit = SessionLimit(settings.max_sessions)
        server = settings.server
        self.endpoint: Upstream
        self.metadata: MetadataUpstream | None = None
        self._faults = self._active_faults()
        if isinstance(server, StdioServer):
            factory = self._with_faults(self._process_factory(server), FaultyStdio)
            connector: Connector = (
                SharedProcess(factory, spawn, on_reach) if server.shared else factory
            )
            era = settings.upstream_era
            self.streams = self._sessions(BridgeConnector(connector, era))
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
        if self._faults is not None:
            self._faults.tick(now)
        self.endpoint.tick(now)
        links = Counter(dict.fromkeys(TransportState, 0))
        self.endpoint.count_transports(links)
        links[TransportState.CLOSING] = self._session_limit.ending
        self._recorder.ledger.transports = links

    async def probe(self) -> str:
        """Why the server cannot be reached, or started, now, in one line; "" if it can."""
        return await self.endpoint.probe()

    def drain(self) -> None:
        """From now on new requests are rejected."""
        self.endpoint.drain()

    async def close(self) -> None:
        """Let go of every connection, session and process."""
        await self.endpoint.close()

    def _config(self, connector: Connector) -> SessionConfig:
        settings = self._settings
        return SessionConfig(
            connector,
            settings.upstream_timeout,
            self._recorder,
            self._memory,
            self._spawn,
            passes_challenges=self.metadata is not None,
        )

    def _sessions(self, connector: Connector) -> SessionUpstream:
        config, settings = self._config(connector), self._settings
        return SessionUpstream(
            config, idle=settings.session_idle, session_limit=self._session_limit
        )

    def _eras(self, legacy: SessionUpstream, connector: Connector, era: Era | None) -> EraRouter:
        return EraRouter(legacy, self._modern(connector, era))

    def _modern(
        self, connector: Connector, era: Era | None, on_unopened: Callable[[], None] = lambda: None
    ) -> ChannelPool:
        return ChannelPool(
            self._config(connector),
            era=era,
            idle=self._settings.pool_idle,
            session_limit=self._session_limit,
            on_unopened=on_unopened,
        )

    def _sse(self, server: HttpServer, pool: Pool) -> Connector:
        settings = self._settings
        config = LegacySseConfig(
            server.url, server.fixed, settings.upstream_timeout, settings.message_limit
        )
        connector = LegacySseConnector(pool, partial(LegacySseTransport, config))
        return self._with_faults(connector, FaultySse)

    def _streamable(
        self, server: HttpServer, pool: Pool, metadata: ResourceMetadata | None
    ) -> tuple[Upstream, SessionUpstream]:
        """Without faults, what clients send passes unchanged where it can."""
        settings = self._settings
        spoken = StreamableHttpConfig(
            server.target, server.fixed, settings.upstream_timeout, settings.message_limit
        )
        detector = EraDetector(spoken, pool, settings.upstream_era, self._note_sse)
        legacy = self._with_faults(
            HttpConnector(pool, partial(StreamableHttpTransport, spoken)), FaultyStreamable
        )
        newer = self._with_faults(
            HttpConnector(pool, partial(StatelessHttpTransport, spoken)), FaultyStateless
        )
        connector = EraConnector(legacy, newer, self._sse(server, pool), detector)
        sessions = self._sessions(connector)
        modern = self._modern(connector, Era.LEGACY, detector.discard_assumption)
        if self._faults is not None:
            channels = DetectedChannels(
                modern, self._modern(newer, Era.MODERN), detector, self._recorder, self._spawn
            )
            return EraRouter(sessions, channels), sessions
        config = PassthroughConfig(
            target=server.target,
            fixed=server.fixed,
            timeout=settings.upstream_timeout,
            idle=settings.session_idle,
            message_limit=settings.message_limit,
            metadata=metadata,
        )
        passthrough = PassthroughUpstream(config, pool, self._recorder, self._memory)
        eras = HttpEraRouter(passthrough, modern, sessions, detector, self._recorder, self._spawn)
        return eras, sessions

    def _active_faults(self) -> ActiveFaults | None:
        """The faults that a file switches on; None without a file."""
        settings, ledger = self._settings, self._recorder.ledger
        if settings.fault_injection is None:
            return None
        return ActiveFaults(
            Path(settings.fault_injection),
            ledger.server,
            over_http=isinstance(settings.server, HttpServer),
            on_change=partial(setattr, ledger, "injected_faults"),
        )

    def _with_faults(self, connector: Connector, kind: type[FaultyTransport]) -> Connector:
        if self._faults is None:
            return connector
        return FaultyConnector(connector, kind, self._faults, self._settings.message_limit)

    def _process_factory(self, server: StdioServer) -> ProcessFactory:
        return ProcessFactory(
            Program(server.command, server.environment, server.directory, server.user),
            self._processes,
            self._settings.message_limit,
            self._note_restart,
            self._recorder.ledger.upstream_killed,
        )

    def _note_sse(self) -> None:
        self._recorder.ledger.transport = HttpTransport.SSE.value

    def _note_restart(self) -> None:
        self._recorder.ledger.upstream_restarts += 1
