"""Channels to a streamable HTTP server of either era, for clients of 2026-07-28."""

from collections import Counter
from collections.abc import Callable, Coroutine

from ...calls.client_request import ClientRequest
from ...calls.recorder import CallRecorder
from ...telemetry.vocabulary import TransportState
from .channel_pool import ChannelPool
from .detection_wait import DetectionWaits
from .detector import EraDetector


class DetectedChannels:
    """`legacy` has the channels to a legacy server, `modern` those to one of 2026-07-28."""

    def __init__(
        self,
        legacy: ChannelPool,
        modern: ChannelPool,
        detector: EraDetector,
        recorder: CallRecorder,
        spawn: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._legacy = legacy
        self._modern = modern
        self._detector = detector
        self._waits = DetectionWaits(detector, recorder, spawn, self._post)

    def __repr__(self) -> str:
        return f"<DetectedChannels {self._detector!r} {self._legacy!r} {self._modern!r}>"

    def post(self, client_request: ClientRequest) -> None:
        """Handle a client's message, once the server's era is known."""
        self._waits.post(client_request)

    def tick(self, now: float) -> None:
        """Look for what is overdue."""
        self._legacy.tick(now)
        self._modern.tick(now)

    def count_transports(self, counts: Counter[TransportState]) -> None:
        """Add those of all channels."""
        self._legacy.count_transports(counts)
        self._modern.count_transports(counts)

    async def close(self) -> None:
        """End all channels, and what waits for one."""
        self._waits.close()
        await self._legacy.close()
        await self._modern.close()

    def _post(self, client_request: ClientRequest) -> None:
        """A server whose era could not be found out is taken for a modern one."""
        pool = self._legacy if self._detector.modern is False else self._modern
        pool.post(client_request)
