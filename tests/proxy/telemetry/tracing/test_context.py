"""Trace contexts are read and written as W3C Trace Context has them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from proxy.telemetry.tracing import context as trace_context
from proxy.telemetry.tracing.context import TraceContext

TRACE_IDS = st.integers(min_value=1, max_value=2**128 - 1)


SPAN_IDS = st.integers(min_value=1, max_value=2**64 - 1)


def header(trace_id: int, span_id: int, *, sampled: bool = True) -> tuple[str, str]:
    return trace_context.traceparent(trace_id, span_id, sampled=sampled), ""


@given(TRACE_IDS, SPAN_IDS, st.booleans())
def test_a_context_survives_being_written_and_parsed(
    trace_id: int, span_id: int, sampled: bool
) -> None:
    written, _ = header(trace_id, span_id, sampled=sampled)
    assert trace_context.parse(written, "") == TraceContext(trace_id, span_id, sampled, "")


@given(
    st.text(string.hexdigits + "-", max_size=60)
    | st.from_regex(r"(0[0-9a-f]|ff)-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-x)?", fullmatch=True)
    | st.just(f"00-{'0' * 32}-{'1' * 16}-01")
    | st.just(f"00-{'1' * 32}-{'0' * 16}-01")
)
def test_parsing_agrees_with_the_opentelemetry_propagator(traceparent: str) -> None:
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    written: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(written, context)
    ours = trace_context.parse(traceparent, "")
    assert (ours is None) == (not written)
    if ours is not None:
        assert written["traceparent"].startswith(f"00-{ours.trace_id:032x}-{ours.span_id:016x}-")


IDS = f"{1:032x}-{2:016x}-01"


@pytest.mark.parametrize(
    ("traceparent", "is_valid"),
    [
        (f"00-{IDS}", True),
        (f" 00-{IDS}\t", True),
        (f"00-{IDS}-more", False),
        (f"01-{IDS}-more", True),
        (f"01-{IDS}", True),
        (f"ff-{IDS}", False),
        (f"00-{IDS}".upper().replace("00-", "0A-", 1), False),
        (f"01-{IDS}-{'x' * 600}", False),
        (f"00-{IDS}\r\nx: y", False),
    ],
)
def test_only_version_00_is_closed_and_ff_is_forbidden(traceparent: str, is_valid: bool) -> None:
    assert (trace_context.parse(traceparent, "") is not None) == is_valid


@pytest.mark.parametrize(
    "tracestate", ["vendor=1", "a=1,b=2", "t@v=x", "k=" + "v" * 256, "a=1, b=2", "a=1,,b=2"]
)
def test_a_valid_tracestate_is_kept(tracestate: str) -> None:
    assert trace_context.state(tracestate) == tracestate


@pytest.mark.parametrize(
    "tracestate",
    [
        "novalue",
        "A=1",
        "a=1\r\nx-evil: 1",
        "a=\x00",
        "a=é",
        "k=" + "v" * 257,
        ",".join(f"k{number}=1" for number in range(33)),
        ",".join(f"k{number}=" + "v" * 100 for number in range(6)),
    ],
)
def test_a_tracestate_that_could_not_stand_in_a_header_is_dropped(tracestate: str) -> None:
    assert trace_context.state(tracestate) == ""
