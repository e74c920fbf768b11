"""Pushing: what `__main__` starts and stops to send both signals by OTLP.

All slow work runs in a thread per signal, at most one export at a time each; the event loop
only hands over and counts. A collector that is down or slow costs counted losses, never a call.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from proxy.telemetry.ledger import Ledger
from proxy.telemetry.push import Batch, Push, Source
from proxy.telemetry.settings import TelemetrySettings
from proxy.telemetry.tracing import Finished, SpanQueue, Tracer
from proxy.telemetry.vocabulary import DropReason, Signal

if TYPE_CHECKING:
    from proxy.telemetry.senders import MetricSender, SpanSender


class Export:
    """Both signals of one proxy; `tracer` may be used before `start`, within its queue's limit.

    `upstream` is the address of an HTTP upstream, for the CLIENT spans.
    """

    def __init__(
        self, settings: TelemetrySettings, ledger: Ledger, upstream: tuple[str, int] | None = None
    ) -> None:
        self._pushes: list[Push] = []
        queue = None
        if settings.traces is not None:
            endpoint = settings.traces.endpoint
            lost = partial(ledger.dropped, Signal.TRACES, DropReason.QUEUE_FULL)
            queue = SpanQueue(settings.batch.queue_spans, settings.batch.batch_spans, lost)
            traces = Push(Traces(settings, ledger, queue, upstream).source(endpoint), ledger)
            queue.on_batch = traces.wake
            self._pushes.append(traces)
        if settings.metrics is not None:
            endpoint = settings.metrics.endpoint
            self._pushes.append(Push(Metrics(settings, ledger).source(endpoint), ledger))
        self.tracer = Tracer(settings.sampler, queue)

    def start(self) -> None:
        """Begin to push; needs a running event loop."""
        for push in self._pushes:
            push.start()

    async def stop(self, seconds: float) -> None:
        """Push what is left within `seconds`; what then remains is counted as lost."""
        await asyncio.gather(*(push.stop(seconds) for push in self._pushes))


class Traces:
    """The sampled exchanges of a queue, as batches of spans."""

    def __init__(
        self,
        settings: TelemetrySettings,
        ledger: Ledger,
        queue: SpanQueue,
        upstream: tuple[str, int] | None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._queue = queue
        self._upstream = upstream
        self._sender: SpanSender | None = None

    def source(self, endpoint: str) -> Source:
        """What a push needs to know of it."""
        return Source(
            signal=Signal.TRACES,
            endpoint=endpoint,
            period_seconds=self._settings.batch.delay_seconds,
            due=self._due,
            waiting=self._queue.__len__,
            abort=self._abort,
        )

    def _due(self) -> Iterator[Batch]:
        while batch := self._queue.take():
            weight = sum(finished.spans for finished in batch)
            yield Batch(weight, partial(self._send, batch))

    def _send(self, batch: list[Finished]) -> bool:
        if self._sender is None:
            from proxy.telemetry.senders import SpanSender

            self._sender = SpanSender(self._settings, self._ledger, self._upstream)
        return self._sender.send(batch)

    def _abort(self) -> None:
        if self._sender is not None:
            self._sender.close()


class Metrics:
    """The ledger as it stands, once per round."""

    def __init__(self, settings: TelemetrySettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sender: MetricSender | None = None

    def source(self, endpoint: str) -> Source:
        """What a push needs to know of it."""
        return Source(
            signal=Signal.METRICS,
            endpoint=endpoint,
            period_seconds=self._settings.metric_interval_seconds,
            due=self._due,
            waiting=lambda: 0,
            abort=self._abort,
        )

    def _due(self) -> Iterator[Batch]:
        yield Batch(1, self._send)

    def _send(self) -> bool:
        if self._sender is None:
            from proxy.telemetry.senders import MetricSender

            self._sender = MetricSender(self._settings, self._ledger)
        return self._sender.send()

    def _abort(self) -> None:
        if self._sender is not None:
            self._sender.close()
