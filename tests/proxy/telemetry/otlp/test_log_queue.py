"""Log records, against the official classes of OTLP."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ScopeLogs

from proxy.telemetry.batch_queue import BatchQueue
from proxy.telemetry.otlp.log_queue import LogQueue, TraceIds

NANO = 1_800_000_000_000_000_000
IDS = TraceIds(f"{0xA:032x}", f"{0xB:016x}", "03")
NO_TRACE = TraceIds()
Attributes = dict[str, str | int | float]


def record(
    attributes: Attributes, ids: TraceIds = NO_TRACE, level: int = logging.WARNING
) -> LogRecord:
    """The one record that comes out when one is put in."""
    queue = BatchQueue(10, 10, lambda count: None)
    LogQueue(queue).put("call failed", level, attributes, ids, NANO)
    drained = queue.drain()
    assert drained is not None
    weight, encoded = drained
    assert weight == 1
    records: list[LogRecord] = list(ScopeLogs.FromString(b"".join(encoded)).log_records)
    assert len(records) == 1
    return records[0]


def values(given: LogRecord) -> dict[str, object]:
    """Attributes by name."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in given.attributes
    }


def test_a_record_has_event_time_severity_and_trace() -> None:
    assert record({}, IDS) == LogRecord(
        time_unix_nano=NANO,
        observed_time_unix_nano=NANO,
        severity_number=13,  # type: ignore[arg-type]
        severity_text="warning",
        event_name="call failed",
        body=AnyValue(string_value="call failed"),
        flags=3,
        trace_id=(0xA).to_bytes(16),
        span_id=(0xB).to_bytes(8),
    )


@pytest.mark.parametrize(("level", "number"), [(logging.INFO, 9), (logging.ERROR, 17)])
def test_a_level_is_a_severity(level: int, number: int) -> None:
    assert record({}, level=level).severity_number == number


def test_a_record_without_a_trace_has_no_ids() -> None:
    got = record({"outcome": "ok"})
    assert (got.trace_id, got.span_id, got.flags) == (b"", b"", 0)


@given(
    st.dictionaries(
        st.text(alphabet=st.characters(codec="utf-8"), max_size=20),
        st.text(alphabet=st.characters(codec="utf-8"), max_size=300)
        | st.integers(min_value=0, max_value=2**63 - 1)
        | st.floats(allow_nan=False),
        max_size=5,
    )
)
def test_attributes_keep_their_types_and_values(attributes: Attributes) -> None:
    assert values(record(attributes)) == attributes


def test_half_a_surrogate_pair_does_not_spoil_a_record() -> None:
    assert values(record({"target": "a\ud800b"})) == {"target": "a?b"}


def test_a_record_that_does_not_fit_is_lost() -> None:
    lost: list[int] = []
    logs = LogQueue(BatchQueue(1, 1, lost.append))
    for _ in range(3):
        logs.put("call", logging.INFO, {}, NO_TRACE, NANO)
    assert lost == [1, 1]
