"""Accept is read as a list of media ranges with weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.accept import accepts

EVENTS, JSON = b"text/event-stream", b"application/json"


@pytest.mark.parametrize(
    ("accept", "events", "json"),
    [
        (b"", True, True),
        (b"*/*", True, True),
        (b"application/json, text/event-stream", True, True),
        (b"text/event-stream", True, False),
        (b"application/json", False, True),
        (b"text/*", True, False),
        (b"text/event-streams, x-application/json", False, False),
        (b"TEXT/Event-Stream ; charset=utf-8;Q=0.1", True, False),
        (b"text/event-stream, application/json;q=0", True, False),
        (b"*/*, text/event-stream; q=0.000", False, True),
        (b"text/*;q=0, */*;q=0.5", False, True),
        (b"text/*;q=0, text/event-stream", True, False),
        (b'a/b;x="application/json,";q=0, text/event-stream', True, False),
        (b"text/event-stream;q=x", True, False),
    ],
)
def test_the_closest_media_range_decides(accept: bytes, events: bool, json: bool) -> None:
    assert (accepts(accept, EVENTS), accepts(accept, JSON)) == (events, json)


@given(st.binary(max_size=100))
def test_any_bytes_are_read(accept: bytes) -> None:
    assert accepts(accept, EVENTS) in (True, False)
