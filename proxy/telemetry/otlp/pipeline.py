"""Pushing: what the server starts and stops to send its signals by OTLP."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from ..batch_queue import BatchQueue
from ..ledger import Ledger
from ..tracing.spans import SpanEncoder
from ..tracing.tracer import SpanQueue, Tracer
from ..vocabulary import DropReason, Signal
from .encoder import Envelope, resource
from .exporter import Batch, Exporter, SignalConfig
from .grpc import open_grpc
from .http import OtlpHttpTransport
from .log_queue import LogQueue
from .retry import ExportTransport
from .settings import BatchSettings, OtlpSettings, Protocol, TelemetrySettings


class ExportPipeline:
    """All signals of one proxy; `tracer` and `logs` may be used before `start`, within limits.

    `logs` is None if no records are pushed. `upstream` is the address of an HTTP upstream, for the
    CLIENT spans.
    """

    def __init__(
        self, settings: TelemetrySettings, ledger: Ledger, upstream: tuple[str, int] | None = None
    ) -> None:
        self._pushes: list[Exporter] = []
        self._envelope = Envelope(resource(dict(settings.resource)))
        self._ledger = ledger
        spans: SpanQueue | None = None
        self.logs: LogQueue | None = None
        if settings.traces is not None:
            sizes, lost = settings.span_batch, self._lost(Signal.TRACES)
            encoder = SpanEncoder(ledger, upstream)
            spans = SpanQueue(encoder, sizes.queue_size, sizes.batch_size, lost)
            self._push_batches(Signal.TRACES, settings.traces, sizes, spans, self._envelope.traces)
        if settings.logs is not None:
            sizes, lost = settings.log_batch, self._lost(Signal.LOGS)
            records = BatchQueue(sizes.queue_size, sizes.batch_size, lost)
            self.logs = LogQueue(records)
            self._push_batches(Signal.LOGS, settings.logs, sizes, records, self._envelope.logs)
        if settings.metrics is not None:
            self._push_metrics(settings, settings.metrics)
        self.tracer = Tracer(settings.sampler, spans)

    def start(self) -> None:
        """Begin to push; needs a running event loop."""
        for push in self._pushes:
            push.start()

    def force_flush(self) -> None:
        """Push all signals now, each after a push of it that is under way."""
        for push in self._pushes:
            push.wake()

    async def stop(self, seconds: float) -> None:
        """Push what is left within `seconds`; what then remains is counted as lost."""
        await asyncio.gather(*(push.stop(seconds) for push in self._pushes))

    def _lost(self, signal: Signal) -> Callable[[int], None]:
        return partial(self._ledger.dropped, signal, DropReason.QUEUE_FULL)

    def _push_batches(
        self,
        signal: Signal,
        otlp: OtlpSettings,
        sizes: BatchSettings,
        queue: BatchQueue,
        request: Callable[[list[bytes]], bytes],
    ) -> None:
        """Push what is queued, in the requests that `request` makes of encoded items."""

        async def encode(items: list[bytes]) -> bytes:
            return request(items)

        def due() -> Iterator[Batch]:
            while drained := queue.drain():
                weight, items = drained
                yield Batch(weight, partial(encode, items))

        push = self._push(signal, otlp, sizes.delay_seconds, due, queue.__len__)
        queue.on_batch = push.wake

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
