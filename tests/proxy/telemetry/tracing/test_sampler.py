"""The sampler decides as the OpenTelemetry SDK does."""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from proxy.telemetry.tracing.context import TraceContext
from proxy.telemetry.tracing.sampler import FIXED, Sampler
from tests.proxy.telemetry.tracing.test_context import TRACE_IDS


@given(TRACE_IDS, st.floats(min_value=0, max_value=1))
def test_the_ratio_samples_what_the_opentelemetry_sdk_samples(trace_id: int, ratio: float) -> None:
    theirs = TraceIdRatioBased(ratio).should_sample(None, trace_id, "").decision
    ours = Sampler(ratio, parent_based=False).samples(trace_id, None)
    assert ours == (theirs is Decision.RECORD_AND_SAMPLE)


@given(TRACE_IDS, st.floats(min_value=0, max_value=1), st.booleans())
def test_a_parent_based_sampler_does_as_the_parent_did(
    trace_id: int, ratio: float, sampled: bool
) -> None:
    parent = TraceContext(trace_id, 1, sampled, "")
    assert Sampler(ratio, parent_based=True).samples(trace_id, parent) is sampled


@given(TRACE_IDS, st.booleans())
def test_a_sampler_that_is_not_parent_based_ignores_the_parent(
    trace_id: int, sampled: bool
) -> None:
    parent = TraceContext(trace_id, 1, sampled, "")
    assert FIXED["always_on"].samples(trace_id, parent)
    assert not FIXED["always_off"].samples(trace_id, parent)
