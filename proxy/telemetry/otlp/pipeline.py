"""Pushing: what the server starts and stops to send both signals by OTLP."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from ..ledger import Ledger
from ..tracing.spans import SpanEncoder
from ..tracing.tracer import SpanQueue, Tracer
from ..vocabulary import DropReason, Signal
from .encoder import Envelope, resource
from .exporter import Batch, Exporter, SignalConfig
from .grpc import open_grpc
from .http import OtlpHttpTransport
from .retry import ExportTransport
from .settings import BatchSettings, OtlpSettings, Protocol, TelemetrySettings


class ExportPipeline:
    """Both signals of one proxy; `tracer` may be used before `start`, within its queue's limit.

    `upstream` is the address of an HTTP upstream, for the CLIENT spans.
    """

    def __init__(
        self, settings: TelemetrySettings, ledger: Ledger, upstream: tuple[str, int] | None = None
    ) -> None:
        self._pushes: list[Exporter] = []
        self._envelope = Envelope(resource(dict(settings.resource)))
        self._ledger = ledger
        self._queue: SpanQueue | None = None
        if settings.traces is not None:
            self._push_traces(settings.batch, settings.traces, SpanEncoder(ledger, upstream))
        if settings.metrics is not None:
            self._push_metrics(settings, settings.metrics)
        self.tracer = Tracer(settings.sampler, self._queue)

    def start(self) -> None:
        """Begin to push; needs a running event loop."""
        for push in self._pushes:
            push.start()

    async def stop(self, seconds: float) -> None:
        """Push what is left within `seconds`; what then remains is counted as lost."""
        await asyncio.gather(*(push.stop(seconds) for push in self._pushes))

    def _push_traces(self, batch: BatchSettings, otlp: OtlpSettings, encoder: SpanEncoder) -> None:
        lost = partial(self._ledger.dropped, Signal.TRACES, DropReason.QUEUE_FULL)
        queue = self._queue = SpanQueue(encoder, batch.queue_spans, batch.batch_spans, lost)

        async def encode(spans: list[bytes]) -> bytes:
            return self._envelope.traces(spans)

        def due() -> Iterator[Batch]:
            while drained := queue.drain():
                weight, spans = drained
                yield Batch(weight, partial(encode, spans))

        traces = self._push(Signal.TRACES, otlp, batch.delay_seconds, due, queue.__len__)
        queue.on_batch = traces.wake

    def _push_metrics(self, settings: TelemetrySettings, otlp: OtlpSettings) -> None:
        async def encode() -> bytes:
            # In a thread: with 200 tools it takes as long as hundreds of calls.
            return await asyncio.to_thread(self._envelope.metrics, self._ledger)

        def due() -> Iterator[Batch]:
            yield Batch(1, encode)

        self._push(Signal.METRICS, otlp, settings.metric_interval_seconds, due, lambda: 0)

    def _push(
        self,
        signal: Signal,
        otlp: OtlpSettings,
        period_seconds: float,
        due: Callable[[], Iterator[Batch]],
        waiting: Callable[[], int],
    ) -> Exporter:
        source = SignalConfig(
            signal=signal,
            endpoint=otlp.log_name,
            period_seconds=period_seconds,
            timeout_seconds=otlp.timeout_seconds,
            due=due,
            waiting=waiting,
            open=partial(_open, signal, otlp),
        )
        push = Exporter(source, self._ledger)
        self._pushes.append(push)
        return push


async def _open(signal: Signal, otlp: OtlpSettings) -> ExportTransport:
    if otlp.protocol is Protocol.GRPC:
        return await open_grpc(otlp, signal)
    return OtlpHttpTransport(otlp)
