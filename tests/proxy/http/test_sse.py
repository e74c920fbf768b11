"""Events are cut as a browser cuts them, wherever the network cuts the bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.sse import Event, EventReader, encode
from proxy.jsonrpc.repair import as_utf8


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
    found = events(*pieces)
    assert [event.data for event in found] == [b"\n".join(lines) for lines in payloads]


@given(st.lists(st.binary(max_size=50)))
def test_any_bytes_are_read_without_a_fault(pieces: list[bytes]) -> None:
    events(*pieces, limit=1_000_000)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_is_whole_once_its_last_line_ends(end: bytes) -> None:
    reader = EventReader(limit=100)
    assert reader.feed(b"data: x" + end + end) == [Event(b"x", b"")]
    assert reader.feed(b"data: y" + end) == []


@pytest.mark.parametrize("cut", [1000, 30_000, 1_000_000])
@pytest.mark.parametrize("between", [b"", b"\ndata: "])
def test_an_event_over_the_limit_is_abridged_and_the_next_is_whole(
    cut: int, between: bytes
) -> None:
    text = b'{"text":"%b",%b"id":7}' % (b"x" * 200_000, between)
    stream = b": %b\nid: 1\ndata: %b\n\ndata: y\n\n" % (b"c" * 200_000, text)
    pieces = [stream[start : start + cut] for start in range(0, len(stream), cut)]
    truncated, following = events(*pieces, limit=100_000)
    assert following == Event(b"y", b"")
    assert (truncated.id, truncated.length) == (b"1", len(text.replace(b"data: ", b"")))
    assert json.loads(truncated.data)["id"] == 7
    assert len(truncated.data) < 50_000


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\0", b"\r\n")))
def test_whatever_is_written_is_one_event(data: bytes) -> None:
    [event] = events(encode(data))
    data = as_utf8(data)
    assert (event.data, event.type) == (data.translate(bytes.maketrans(b"\r\n", b"  ")), b"message")


@pytest.mark.parametrize(
    ("so_far", "pending"),
    [
        (b"", 0),
        (b"data: x\n\n", 0),
        (b": hi\n\n", 0),
        (b": hi\n", 0),
        (b": hi", 4),
        (b"data: x\n", 8),
        (b"data: x\n: hi\n", 13),
        (b"data: x\n\nid: 1", 5),
        (b"data: x\r\n\r", 0),
        (b"da", 2),
    ],
)
def test_it_knows_how_much_of_an_unfinished_event_is_there(so_far: bytes, pending: int) -> None:
    for cut in range(len(so_far)):
        reader = EventReader(limit=100)
        reader.feed(so_far[:cut])
        reader.feed(so_far[cut:])
        assert reader.pending == pending


@pytest.mark.parametrize(
    ("stream", "left"),
    [(b"data: x", b"x"), (b"data: x\n", b"x"), (b"data: x\r", b"x"), (b"data: x\n\n", None)],
)
def test_the_end_of_a_stream_shows_what_it_left_unfinished(
    stream: bytes, left: bytes | None
) -> None:
    reader = EventReader(limit=100)
    reader.feed(stream)
    event = reader.end()
    assert (None if event is None else event.data) == left


@pytest.mark.parametrize(
    ("event", "is_message"),
    [
        (Event(b"{}", b""), True),
        (Event(b"{}", b"", b"message"), True),
        (Event(b"", b"", b"", 9), True),
        (Event(b"{}", b"", b"ping"), False),
        (Event(b"", b"7"), False),
    ],
)
def test_heartbeats_and_unknown_types_are_no_messages(event: Event, *, is_message: bool) -> None:
    assert event.is_message is is_message
