"""The chunked coding is undone exactly, wherever the network cuts the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedBody
from proxy.http.chunked import LAST, Decoder, chunk

CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=6)


@given(chunks=CHUNKS, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_what_it_encodes_it_decodes_in_any_pieces(chunks: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(chunk, chunks)) + LAST
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    decoder = Decoder()
    body = b""
    for a, b in zip(edges, edges[1:], strict=False):
        assert not decoder.done
        body += decoder.feed(stream[a:b])
    assert body == b"".join(chunks)
    assert decoder.done
    assert not decoder.surplus


@pytest.mark.parametrize(
    "after",
    [
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nworld",
        b"x",
        b"POST / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"\x00",
    ],
)
def test_bytes_after_the_end_are_reported_and_kept_out(after: bytes) -> None:
    decoder = Decoder()
    assert decoder.feed(chunk(b"hello") + LAST + after) == b"hello"
    assert decoder.done
    assert decoder.surplus


@pytest.mark.parametrize(
    "broken", [b"hello", b"-1\r\n", b"5\r\nhelloX", b"5\nhello\n", b"fffffffffffffffff\r\n"]
)
def test_broken_framing_is_refused(broken: bytes) -> None:
    with pytest.raises(MalformedBody):
        Decoder().feed(broken)


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_decoded_or_refused(pieces: list[bytes]) -> None:
    decoder = Decoder()
    try:
        for piece in pieces:
            decoder.feed(piece)
    except MalformedBody:
        pass
