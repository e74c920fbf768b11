"""Trace context in and out, and the spans of sampled exchanges on a bounded queue.

`begin` says which context the upstream gets and whether the exchange is sampled; `finish` encodes
a sampled exchange (`spans.py`) and queues it, once its answer is on its way to the client.
"""

import random
import time
from collections.abc import Callable

from ..batch_queue import BatchQueue
from . import context as trace_context
from .context import TraceContext
from .sampler import Sampler
from .spans import SpanEncoder, SpanRecord
from .trace import UNTRACED, Trace


class SpanQueue(BatchQueue):
    """Encoded spans on their way out; `lost` counts those that do not fit."""

    def __init__(
        self, encoder: SpanEncoder, limit: int, batch: int, lost: Callable[[int], None]
    ) -> None:
        super().__init__(limit, batch, lost)
        self._encode = encoder.encode

    def put(self, trace: Trace, exchange: SpanRecord, end: int) -> None:
        """Queue the spans of an exchange that ended then, in nanoseconds since the epoch."""
        spans = exchange.spans
        if self.admits(spans):
            self.append(spans, self._encode(trace, exchange, end))


class Tracer:
    """Decides on and records the traces of one proxy; without a queue it traces nothing."""

    def __init__(self, sampler: Sampler, queue: SpanQueue | None) -> None:
        self._sampler = sampler
        self._queue = queue

    def begin(self, meta: tuple[str, str], header: tuple[str, str]) -> Trace:
        """The trace of a request, from the (traceparent, tracestate) pairs that came with it.

        Semantic conventions for MCP: the context in `_meta` is the parent, the one in the HTTP
        header is linked if it differs.
        """
        ambient = trace_context.parse(*header) if header[0] else None
        parent = trace_context.parse(*meta) if meta[0] else None
        if parent is None:
            parent, ambient = ambient, None
        if self._queue is None:
            return UNTRACED if parent is None else _no_span(parent)
        trace_id = _random_id(128) if parent is None else parent.trace_id
        if self._sampler.samples(trace_id, parent):
            return _sampled(trace_id, parent, None if ambient == parent else ambient)
        return _no_span(parent or TraceContext(trace_id, _random_id(64), False, "", random=True))

    def finish(self, trace: Trace, exchange: SpanRecord) -> None:
        """Queue the exchange's spans if its trace is sampled; call it when the answer ended."""
        if trace.sampled and self._queue is not None:
            self._queue.put(trace, exchange, time.time_ns())


def _sampled(trace_id: int, parent: TraceContext | None, link: TraceContext | None) -> Trace:
    client_span_id = _random_id(64)
    random_id = parent is None or parent.random
    return Trace(
        trace_id,
        _random_id(64),
        client_span_id,
        True,
        trace_context.traceparent(trace_id, client_span_id, sampled=True, random=random_id),
        parent.tracestate if parent is not None else "",
        parent,
        link,
    )


def _no_span(context: TraceContext) -> Trace:
    """Passes on a context that the proxy adds no span to."""
    traceparent = trace_context.traceparent(
        context.trace_id, context.span_id, sampled=context.sampled, random=context.random
    )
    return Trace(0, 0, 0, False, traceparent, context.tracestate, None, None)


def _random_id(bits: int) -> int:
    # Zero is the one id that the recommendation forbids.
    return random.getrandbits(bits) or 1
