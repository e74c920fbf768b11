"""What a request is traced as, and the bounded queue of spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from proxy.telemetry.tracing import context as trace_context
from proxy.telemetry.tracing.context import TraceContext
from proxy.telemetry.tracing.sampler import FIXED, OFF, Sampler
from proxy.telemetry.tracing.trace import UNTRACED, Trace
from proxy.telemetry.tracing.tracer import SpanQueue, Tracer
from tests.proxy.telemetry.tracing.span_records import EXCHANGE, decode, span_queue
from tests.proxy.telemetry.tracing.test_context import header

NOTHING = ("", "")
ON = FIXED["parentbased_always_on"]
NANO = 1_000_000_000
SERVER = Span.SPAN_KIND_SERVER


def tracer(sampler: Sampler, limit: int = 100) -> tuple[Tracer, SpanQueue, list[int]]:
    lost: list[int] = []
    queue = span_queue(limit, limit, lost.append)
    return Tracer(sampler, queue), queue, lost


def test_a_request_without_context_becomes_a_root() -> None:
    trace = tracer(ON)[0].begin(NOTHING, NOTHING)
    assert (trace.sampled, trace.parent, trace.link) == (True, None, None)
    context = trace_context.parse(trace.traceparent, "")
    assert context == TraceContext(trace.trace_id, trace.client_span_id, True, "", random=True)
    assert trace.exemplar == (trace.trace_id, trace.server_span_id)
    assert trace.server_span_id != trace.client_span_id


@pytest.mark.parametrize(
    ("came", "goes"), [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("fc", "00")]
)
@pytest.mark.parametrize("queue", [True, False])
def test_whether_an_id_is_random_is_passed_on_and_no_unknown_flag(
    came: str, goes: str, *, queue: bool
) -> None:
    begin = (tracer(ON)[0] if queue else Tracer(OFF, None)).begin
    trace = begin(NOTHING, (f"00-{1:032x}-{2:016x}-{came}", ""))
    assert trace.traceparent[-2:] == goes


def test_meta_is_the_parent_and_the_header_is_linked() -> None:
    trace = tracer(ON)[0].begin((header(1, 2)[0], "a=1"), header(3, 4))
    assert trace.parent == TraceContext(1, 2, True, "a=1")
    assert trace.link == TraceContext(3, 4, True, "")
    assert (trace.trace_id, trace.tracestate) == (1, "a=1")


def test_the_header_is_the_parent_when_meta_has_no_valid_context() -> None:
    trace = tracer(ON)[0].begin(("nonsense", ""), header(3, 4))
    assert (trace.parent, trace.link) == (TraceContext(3, 4, True, ""), None)


def test_the_same_context_in_both_places_is_not_linked() -> None:
    assert tracer(ON)[0].begin(header(1, 2), header(1, 2)).link is None


def test_an_unsampled_parent_is_passed_on_as_it_came() -> None:
    caller = header(1, 2, sampled=False)
    trace = tracer(ON)[0].begin(NOTHING, caller)
    assert (trace.sampled, trace.traceparent) == (False, caller[0])
    assert trace.exemplar == (0, 0)


def test_a_root_that_is_not_sampled_has_a_context_that_says_so() -> None:
    trace = tracer(Sampler(0.0, parent_based=True))[0].begin(NOTHING, NOTHING)
    context = trace_context.parse(trace.traceparent, "")
    assert context is not None
    assert not context.sampled
    assert trace.exemplar == (0, 0)


def test_without_an_exporter_nothing_is_traced_and_contexts_pass() -> None:
    off = Tracer(ON, None)
    assert off.begin(NOTHING, NOTHING) is UNTRACED
    passed = off.begin(NOTHING, header(1, 2))
    assert (passed.sampled, passed.traceparent) == (False, header(1, 2)[0])


def test_only_sampled_exchanges_are_queued() -> None:
    on, queue, _ = tracer(ON)
    on.finish(on.begin(NOTHING, NOTHING), EXCHANGE)
    off, unused, _ = tracer(OFF)
    off.finish(off.begin(NOTHING, NOTHING), EXCHANGE)
    assert (len(queue), len(unused)) == (2, 0)


def test_what_does_not_fit_into_the_queue_is_counted_in_spans() -> None:
    on, queue, lost = tracer(ON, limit=5)
    for _ in range(4):
        on.finish(on.begin(NOTHING, NOTHING), EXCHANGE)
    on.finish(on.begin(NOTHING, NOTHING), EXCHANGE._replace(upstream=None))
    assert (len(queue), lost) == (5, [2, 2])


@given(st.lists(st.booleans(), max_size=30), st.integers(min_value=1, max_value=8))
def test_batches_keep_the_order_and_stay_within_their_size(asked: list[bool], batch: int) -> None:
    queue = span_queue(1000, batch)
    for number, upstream in enumerate(asked):
        exchange = EXCHANGE._replace(upstream=(0.1, 0.4) if upstream else None)
        queue.put(UNTRACED, exchange, number + NANO)
    drained = list(iter(queue.drain, None))
    spans = [[span for each in part for span in decode(each)] for _, part in drained]
    ends = [span.end_time_unix_nano for each in spans for span in each if span.kind == SERVER]
    assert ends == [number + NANO for number in range(len(asked))]
    assert [weight for weight, _ in drained] == [len(each) for each in spans]
    assert all(weight <= max(batch, 2) for weight, _ in drained)
    assert len(queue) == 0


def test_a_full_batch_wakes_the_export() -> None:
    queue = span_queue(10, 4)
    woken: list[int] = []
    queue.on_batch = lambda: woken.append(len(queue))
    for _ in range(2):
        queue.put(Trace(1, 2, 3, True, "", "", None, None), EXCHANGE, NANO)
    assert woken == [4]
