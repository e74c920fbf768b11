"""The labels of a truncated text are those of the whole one, however it is cut on its way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import MalformedMessage
from proxy.jsonrpc import codec
from proxy.jsonrpc.message import Message
from proxy.jsonrpc.truncated import PIECE, TruncatedJson

LIMIT = 1 << 24

texts = st.text(alphabet='\\"/\n\x00aé{}[],:€😀', max_size=300)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
answers = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "id": st.integers() | st.text("ab\\", max_size=3)},
    optional={
        "result": st.fixed_dictionaries(
            {"content": values}, optional={"isError": st.booleans(), "other": values}
        ),
        "error": st.fixed_dictionaries({"code": st.integers(-40000, 40000)}),
        "more": values,
    },
)


def truncated(text: bytes, cuts: list[int], piece: int) -> TruncatedJson:
    taken = TruncatedJson(LIMIT, piece=piece)
    session_limit = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    for start, end in zip(session_limit, session_limit[1:], strict=False):
        taken.feed(text[start:end])
    return taken


def labels(text: bytes) -> tuple[Message, ...] | None:
    try:
        return codec.decode_all(text)
    except MalformedMessage:
        return None


@given(
    st.lists(answers, min_size=1, max_size=3),
    st.lists(st.integers(0), max_size=6),
    st.integers(24, 60),
    st.booleans(),
)
def test_the_labels_are_those_of_the_whole_text(
    messages: list[dict[str, object]], cuts: list[int], piece: int, ascii_only: bool
) -> None:
    value = messages if len(messages) > 1 else messages[0]
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert labels(truncated(text, cuts, piece).text) == labels(text)


@given(st.binary(max_size=200), st.lists(st.integers(0), max_size=4), st.integers(24, 60))
def test_what_is_no_message_does_not_become_one(text: bytes, cuts: list[int], piece: int) -> None:
    if labels(text) is None:
        assert labels(truncated(text, cuts, piece).text) is None


@given(answers, st.integers(0), st.sampled_from(b'"\\{}[],:'), st.integers(24, 60))
def test_a_broken_text_is_not_mended(
    answer: dict[str, object], place: int, byte: int, piece: int
) -> None:
    text = bytearray(json.dumps(answer).encode())
    text[place % len(text)] = byte
    assert labels(truncated(bytes(text), [], piece).text) == labels(bytes(text))


@pytest.mark.parametrize("letter", ["x", '"', "\\", "\n", "é", "\x01"])
def test_a_long_string_is_kept_in_a_few_kilobytes(letter: str) -> None:
    content = {"folder": "C:\\", "text": letter * 1_000_000}
    text = json.dumps({"id": 1, "result": {"content": [content], "isError": True}})
    taken = truncated(text.encode(), list(range(0, len(text), 70_001)), PIECE)
    assert taken.length == len(text)
    assert len(taken.text) < 3 * PIECE
    assert labels(taken.text) == labels(text.encode())


def test_a_string_that_breaks_off_in_the_middle_is_noticed() -> None:
    sound = b'{"id":1,"result":{"text":"' + b"x" * 100_000
    taken = truncated(sound + b"\n" + b"x" * 100_000 + b'"}}', [], PIECE)
    assert labels(taken.text) is None


def test_a_short_text_is_left_whole_and_one_that_stays_long_is_not_kept() -> None:
    taken = TruncatedJson(5 * PIECE, whole=3 * PIECE)
    short, numbers = b'"%b"' % (b"x" * 2 * PIECE), b"[%b1]" % (b"1," * 3 * PIECE)
    for text, kept in ((short, short), (numbers, b""), (short, short)):
        taken.feed(text)
        assert (taken.text, taken.length) == (kept, len(text))
        taken.clear()
