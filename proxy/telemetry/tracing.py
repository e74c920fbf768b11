"""Trace context in and out, and one record per sampled exchange.

`begin` says what the upstream is to be told and whether the exchange is sampled; `finish` puts
a sampled exchange on a bounded queue. Spans are built from the records later, in the exporting
thread (`spans.py`), so that a request pays for nothing but the record.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from proxy.telemetry import trace_context
from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.sampling import Sampler
from proxy.telemetry.trace import UNTRACED, Trace
from proxy.telemetry.trace_context import TraceContext


class Exchange(NamedTuple):
    """What a span pair says about one request; build it only if its trace is sampled.

    `target` is the name of the tool or prompt. Empty strings and None mean "does not apply".
    `upstream` is when the upstream was asked and when it had answered, in seconds after the
    request's arrival; None if it was never asked. Payload never gets in here.
    """

    method: str
    target: str
    request_id: str
    session_id: str
    protocol_version: str
    outcome: Outcome
    fault: Fault
    error_type: str
    rpc_code: str
    status_code: int
    seconds: float
    upstream: tuple[float, float] | None


class Finished(NamedTuple):
    """A sampled exchange that waits to be exported."""

    trace: Trace
    exchange: Exchange
    end_unix_nanoseconds: int

    @property
    def spans(self) -> int:
        """How many spans it will become."""
        return 1 if self.exchange.upstream is None else 2


class SpanQueue:
    """Sampled exchanges on their way out, of at most `limit` spans; what does not fit is lost."""

    def __init__(self, limit: int, batch: int, lost: Callable[[int], None]) -> None:
        self._limit = limit
        self._batch = batch
        self._lost = lost
        self._waiting: deque[Finished] = deque()
        self._spans = 0
        self.on_batch: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        return f"<SpanQueue spans={self._spans}/{self._limit}>"

    def __len__(self) -> int:
        return self._spans

    def put(self, finished: Finished) -> None:
        """Queue the exchange, or count its spans as lost; tells `on_batch` when one is full."""
        spans = finished.spans
        if self._spans + spans > self._limit:
            self._lost(spans)
            return
        self._waiting.append(finished)
        self._spans += spans
        if self._spans >= self._batch:
            self.on_batch()

    def take(self) -> list[Finished]:
        """The oldest exchanges, of one batch of spans at most but never none if any waits."""
        taken: list[Finished] = []
        room = self._batch
        while self._waiting and (not taken or self._waiting[0].spans <= room):
            finished = self._waiting.popleft()
            room -= finished.spans
            taken.append(finished)
        self._spans -= sum(finished.spans for finished in taken)
        return taken


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
            return UNTRACED if parent is None else _told(parent)
        trace_id = _random_id(128) if parent is None else parent.trace_id
        if self._sampler.samples(trace_id, parent):
            return _sampled(trace_id, parent, None if ambient == parent else ambient)
        return _told(parent or TraceContext(trace_id, _random_id(64), False, ""))

    def finish(self, trace: Trace, exchange: Exchange) -> None:
        """Queue the exchange for export if its trace is sampled; call it when the answer ended."""
        if trace.sampled and self._queue is not None:
            self._queue.put(Finished(trace, exchange, time.time_ns()))


def _sampled(trace_id: int, parent: TraceContext | None, link: TraceContext | None) -> Trace:
    client_span_id = _random_id(64)
    return Trace(
        trace_id,
        _random_id(64),
        client_span_id,
        True,
        trace_context.traceparent(trace_id, client_span_id, sampled=True),
        parent.tracestate if parent is not None else "",
        parent,
        link,
    )


def _told(context: TraceContext) -> Trace:
    """Passes on a context that the proxy adds no span to."""
    told = trace_context.traceparent(context.trace_id, context.span_id, sampled=context.sampled)
    return Trace(0, 0, 0, False, told, context.tracestate, None, None)


def _random_id(bits: int) -> int:
    # Zero is the one id that the recommendation forbids.
    return random.getrandbits(bits) or 1
