"""A streamable HTTP server for clients of both eras: bytes are forwarded within one era."""

from collections import Counter
from collections.abc import Callable, Coroutine
from time import perf_counter

from ...calls.client_request import ClientRequest
from ...calls.recorder import CallRecorder
from ...telemetry.vocabulary import TransportState
from ...translation.versions import Era
from ...transports.base import Connector, Transport, TransportListener
from ..base import Upstream
from ..initialize_probe import InitializeProbe
from ..passthrough import PassthroughUpstream
from ..sessions import SessionUpstream
from .channel_pool import ChannelPool
from .detection_wait import DetectionWaits
from .detector import EraDetector
from .era_router import era
from .legacy_bridge import BridgeConnector


class HttpEraRouter(Upstream):
    """`passthrough` passes exchanges through, `modern` and `sessions` translate."""

    def __init__(
        self,
        passthrough: PassthroughUpstream,
        modern: ChannelPool,
        sessions: SessionUpstream,
        detector: EraDetector,
        recorder: CallRecorder,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._passthrough = passthrough
        self._modern = modern
        self._sessions = sessions
        self._detector = detector
        self._spawn = spawn
        self._waits = DetectionWaits(detector, recorder, spawn, self._post_modern)

    def __repr__(self) -> str:
        return f"<HttpEraRouter {self._detector!r} {self._passthrough!r}>"

    def post(self, client_request: ClientRequest) -> None:
        if era(client_request) is Era.MODERN:
            self._waits.post(client_request)
        elif self._detector.legacy is None and _opens(client_request):
            self._passthrough.post(
                client_request, InitializeProbe(self._on_accepted, self._on_refused)
            )
        else:
            self._of_session(client_request).post(client_request)

    def listen(self, client_request: ClientRequest) -> None:
        self._of_session(client_request).listen(client_request)

    def delete(self, client_request: ClientRequest) -> None:
        self._of_session(client_request).delete(client_request)

    def tick(self, now: float) -> None:
        self._passthrough.tick(now)
        self._sessions.tick(now)
        self._modern.tick(now)

    def count_transports(self, counts: Counter[TransportState]) -> None:
        """Pass-through uses no transport."""
        self._sessions.count_transports(counts)
        self._modern.count_transports(counts)

    async def probe(self) -> str:
        """A server that was unreachable may return as another."""
        failure = await self._passthrough.probe()
        if failure:
            self._detector.forget()
        return failure

    def drain(self) -> None:
        self._passthrough.drain()
        self._sessions.drain()

    async def close(self) -> None:
        self._waits.close()
        await self._modern.close()
        await self._sessions.close()
        await self._passthrough.close()

    def _post_modern(self, client_request: ClientRequest) -> None:
        if self._detector.modern is False:
            self._modern.post(client_request)
        else:
            self._passthrough.post(client_request)

    def _of_session(self, client_request: ClientRequest) -> PassthroughUpstream | SessionUpstream:
        """The upstream that keeps a legacy client's session."""
        detector = self._detector
        ours = (
            detector.sse
            or detector.legacy is False
            or client_request.info.session in self._sessions
        )
        return self._sessions if ours else self._passthrough

    def _on_accepted(self) -> None:
        self._detector.legacy = True

    def _on_refused(self, probe: InitializeProbe) -> None:
        self._spawn(self._reconsider(probe))

    async def _reconsider(self, probe: InitializeProbe) -> None:
        """The server refused `initialize`: check whether it is of another kind."""
        client_request, detector = probe.exchange.request, self._detector
        detector.discard_assumption()
        await detector.detect(
            client_request.info.forward + client_request.context, client_request.info.query
        )
        if probe.exchange.over:
            return
        if detector.modern or detector.sse:
            detector.legacy = bool(detector.sse)
            probe.exchange.abandon()
            for call in client_request.calls:
                call.queued_seconds = perf_counter() - call.sent_at
            self._sessions.post(client_request)
        else:
            probe.resume_response()


def _opens(client_request: ClientRequest) -> bool:
    """Whether a client opens a session."""
    return not client_request.info.session and client_request.initialize is not None


class EraConnector(Connector):
    """Opens sessions of the server's kind, or bridged ones if it has none.

    `sse` is for a server that turns out to speak HTTP+SSE.
    """

    def __init__(
        self, legacy: Connector, modern: Connector, sse: Connector, detector: EraDetector
    ) -> None:
        self._legacy = legacy
        self._sse = sse
        self._modern = modern
        self._bridged = BridgeConnector(modern, Era.MODERN)
        self._detector = detector

    def __repr__(self) -> str:
        return f"<EraConnector {self._detector!r} {self._legacy!r}>"

    async def connect(self, owner: TransportListener, headers: bytes, query: bytes) -> Transport:
        detector = self._detector
        if not detector.legacy:
            await detector.detect_legacy(headers, query)
        way = self._bridged if detector.modern and not detector.legacy else self._legacy
        if detector.sse:
            way = self._sse
        return await way.connect(owner, headers, query)

    async def probe(self) -> str:
        """A server that was unreachable may return as another."""
        failure = await self._legacy.probe()
        if failure:
            self._detector.forget()
        return failure

    async def close(self) -> None:
        for each in (self._modern, self._sse, self._legacy):
            await each.close()
