"""Events are cut as a browser cuts them, wherever the network cuts the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MessageTooLarge
from proxy.wire.event_stream import Event, EventReader, encode


def events(*pieces: bytes, limit: int = 1000) -> list[Event]:
    reader = EventReader(limit)
    return [event for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: x\n\n", [Event(b"x", b"")]),
        (b"data:x\n\n", [Event(b"x", b"")]),
        (b"data:  x\n\n", [Event(b" x", b"")]),
        (b"data: a\ndata: b\n\n", [Event(b"a\nb", b"")]),
        (b"data: a\r\ndata: b\r\n\r\n", [Event(b"a\nb", b"")]),
        (b"data: a\rdata: b\r\r\n", [Event(b"a\nb", b"")]),
        (b"\xef\xbb\xbfdata: x\n\n", [Event(b"x", b"")]),
        (b"id: 7\nevent: message\ndata: x\n\n", [Event(b"x", b"7", b"message")]),
        (b": comment\n\n", []),
        (b"event: ping\n\n", []),
        (
            b"event: endpoint\ndata: /m\n\ndata: x\n\n",
            [
                Event(b"/m", b"", b"endpoint"),
                Event(b"x", b""),
            ],
        ),
        (b"event: ping\n\ndata: x\n\n", [Event(b"x", b"")]),
        (b"data\n\n", [Event(b"", b"")]),
        (b"data: x\n", []),
        (b"retry: 5\nid: 1\ndata: \n\ndata: y\n\n", [Event(b"", b"1"), Event(b"y", b"")]),
    ],
)
def test_a_stream_is_cut_into_its_events(stream: bytes, expected: list[Event]) -> None:
    assert events(stream) == expected


LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXT = st.binary(max_size=20).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b""))


@given(
    payloads=st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=5),
    end=LINE_ENDS,
    cuts=st.lists(st.integers(0, 300), max_size=8),
)
def test_where_the_bytes_are_cut_makes_no_difference(
    payloads: list[list[bytes]], end: bytes, cuts: list[int]
) -> None:
    stream = b"".join(
        b"".join(b"data: " + line + end for line in lines) + end for lines in payloads
    )
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    found = events(*pieces, b"\n")  # so that a final CR is known to be a whole line end
    assert [event.data for event in found] == [b"\n".join(lines) for lines in payloads]


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_are_read_without_a_fault(pieces: list[bytes]) -> None:
    events(*pieces, limit=1_000_000)


@pytest.mark.parametrize("unfinished", [b"data: " + b"x" * 20, b"data: xxxxxxxxx\ndata: yyyyyy\n"])
def test_an_unfinished_event_is_held_only_up_to_the_limit(unfinished: bytes) -> None:
    reader = EventReader(limit=10)
    with pytest.raises(MessageTooLarge):
        reader.feed(unfinished)


def test_what_it_writes_it_reads() -> None:
    assert events(encode(b'{"id":1}')) == [Event(b'{"id":1}', b"", b"message")]


@pytest.mark.parametrize(
    ("so_far", "between"),
    [
        (b"", True),
        (b"data: x\n\n", True),
        (b": hi\n\n", True),
        (b"data: x\n", False),
        (b"da", False),
    ],
)
def test_it_knows_whether_an_event_is_half_there(so_far: bytes, between: bool) -> None:
    reader = EventReader(limit=100)
    reader.feed(so_far)
    assert reader.between_events is between
