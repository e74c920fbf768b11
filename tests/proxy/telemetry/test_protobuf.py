"""The wire format, against the official classes of Protocol Buffers; and bytes that are none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from proxy.errors import MalformedMessage
from proxy.telemetry import protobuf

COUNTS = st.integers(min_value=0, max_value=2**63 - 1)
DOUBLES = st.floats(allow_nan=False)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=300)


def any_value(value: str | int | float) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(double_value=value)


@given(st.dictionaries(TEXT, TEXT | COUNTS | DOUBLES, max_size=5))
def test_attributes_are_read_as_they_were_written(values: dict[str, str | int | float]) -> None:
    read = Resource.FromString(protobuf.attributes(1, values.items()))
    assert list(read.attributes) == [
        KeyValue(key=name, value=any_value(value)) for name, value in values.items()
    ]


@given(COUNTS, DOUBLES, st.lists(COUNTS, max_size=20), st.lists(DOUBLES, max_size=20))
def test_numbers_are_read_as_they_were_written(
    count: int, total: float, counts: list[int], bounds: list[float]
) -> None:
    written = (
        protobuf.fixed64(4, count),
        protobuf.double(5, total),
        protobuf.packed_fixed64(6, tuple(counts)),
        protobuf.packed_double(7, tuple(bounds)),
        protobuf.number(10, count % 2**32),
    )
    assert HistogramDataPoint.FromString(b"".join(written)) == HistogramDataPoint(
        count=count,
        sum=total,
        bucket_counts=counts,
        explicit_bounds=bounds,
        flags=count % 2**32,
    )


@given(st.integers(min_value=1, max_value=2**29 - 1), st.lists(st.binary(max_size=300), max_size=9))
def test_a_message_in_parts_is_the_message(field: int, parts: list[bytes]) -> None:
    assert protobuf.joined(field, *parts) == protobuf.message(field, b"".join(parts))


@given(st.integers(min_value=0, max_value=2**64 - 1), st.binary(max_size=300))
def test_fields_are_cut_as_they_were_joined(value: int, content: bytes) -> None:
    written = (
        protobuf.number(1, value),
        protobuf.message(2, content),
        protobuf.fixed64(3, value),
        b"\x25" + content[:4].ljust(4, b"."),
    )
    eight = value.to_bytes(8, "little")
    cut = [(1, value), (2, content), (3, eight), (4, content[:4].ljust(4, b"."))]
    assert list(protobuf.fields(b"".join(written))) == cut


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",
        b"\x0a\x05abc",
        b"\x09abc",
        b"\x08",
        b"\x08" + b"\xff" * 10,
        b"\x00\x00",
        b"\x0b",
        b"\x0f",
        b"<html>",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ],
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        list(protobuf.fields(data))


@given(st.binary(max_size=100))
def test_any_bytes_are_cut_or_refused(data: bytes) -> None:
    with suppress(MalformedMessage):
        list(protobuf.fields(data))
