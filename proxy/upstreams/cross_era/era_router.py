"""One server for clients of both eras: requests are routed by the client's era."""

from collections import Counter

from ...calls.client_request import ClientRequest, error_response
from ...http.head import lines
from ...jsonrpc.message import NO_META, NO_PARAMS
from ...telemetry.vocabulary import TransportState
from ...translation.versions import Era, era_of
from ..base import Upstream
from .channel_pool import ChannelPool
from .detected_channels import DetectedChannels

NO_STREAM = "2026-07-28 has no GET stream and no sessions: POST subscriptions/listen"


class EraRouter(Upstream):
    """`legacy` serves clients with sessions, `modern` those without."""

    def __init__(self, legacy: Upstream, modern: ChannelPool | DetectedChannels) -> None:
        self._legacy = legacy
        self._modern = modern

    def __repr__(self) -> str:
        return f"<EraRouter {self._legacy!r} {self._modern!r}>"

    def post(self, client_request: ClientRequest) -> None:
        if era(client_request) is Era.MODERN:
            self._modern.post(client_request)
        else:
            self._legacy.post(client_request)

    def listen(self, client_request: ClientRequest) -> None:
        if era(client_request) is Era.MODERN:
            _refuse(client_request)
        else:
            self._legacy.listen(client_request)

    def delete(self, client_request: ClientRequest) -> None:
        if era(client_request) is Era.MODERN:
            _refuse(client_request)
        else:
            self._legacy.delete(client_request)

    def tick(self, now: float) -> None:
        self._legacy.tick(now)
        self._modern.tick(now)

    def count_transports(self, counts: Counter[TransportState]) -> None:
        self._legacy.count_transports(counts)
        self._modern.count_transports(counts)

    async def probe(self) -> str:
        return await self._legacy.probe()

    def drain(self) -> None:
        self._legacy.drain()

    async def close(self) -> None:
        await self._modern.close()
        await self._legacy.close()


def era(client_request: ClientRequest) -> Era:
    """The era of a client's request; for a batch, of its first message."""
    first = (client_request.messages[0].params if client_request.messages else None) or NO_PARAMS
    return era_of(client_request.info.version, (first.meta or NO_META).version)


def _refuse(client_request: ClientRequest) -> None:
    head, body = error_response((), 405, NO_STREAM)
    client_request.client.respond(head + lines([(b"allow", b"POST")]), body, 405)
