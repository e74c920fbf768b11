"""An endpoint event names a place of the server's own, or nothing."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.origin import endpoint

BASE = urlsplit("http://a.example:9000/base/sse?key=1")


@pytest.mark.parametrize(
    ("named", "target"),
    [
        (b"/messages?session_id=1", b"/messages?session_id=1"),
        (b"messages/?s=1", b"/base/messages/?s=1"),
        (b"?s=1", b"/base/sse?s=1"),
        (b"http://a.example:9000/m?s=1", b"/m?s=1"),
        (b"HTTP://A.EXAMPLE:9000", b"/"),
        (b"//a.example:9000/m", b"/m"),
    ],
)
def test_relative_and_absolute_endpoints_of_the_same_origin_are_taken(
    named: bytes, target: bytes
) -> None:
    assert endpoint(BASE, named) == target


def test_a_default_port_may_be_left_out() -> None:
    assert endpoint(urlsplit("https://a/sse"), b"https://a:443/m") == b"/m"
    assert endpoint(urlsplit("http://a:80/sse"), b"http://a/m") == b"/m"


@pytest.mark.parametrize(
    "named",
    [
        b"",
        b"http://b.example:9000/m",
        b"http://a.example:9001/m",
        b"https://a.example:9000/m",
        b"//evil/m",
        b"http://a.example:9000@evil/m",
        b"http://a.example:99999/m",
        b"file:///etc/passwd",
        b"javascript:1",
        b"/m HTTP/1.1",
        b"/m\nx: y",
        b"/m\x00",
        "/mé".encode(),
    ],
)
def test_any_other_origin_and_unprintable_bytes_are_refused(named: bytes) -> None:
    assert endpoint(BASE, named) is None


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_endpoint_can_break_the_request_line(named: bytes) -> None:
    target = endpoint(BASE, named)
    assert target is None or (target.startswith(b"/") and len(target.split()) == 1)
