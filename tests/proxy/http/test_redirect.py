"""Redirects: which are followed, with what, and how the others are named."""

from urllib.parse import urlsplit

import pytest

from proxy.http.redirect import destination, followed

BASE = urlsplit("http://server:9000")
POST = b"POST /mcp?key=1 HTTP/1.1\r\nhost: server:9000\r\ncontent-length: 2\r\n\r\n{}"
GET = b"GET /mcp HTTP/1.1\r\nhost: server:9000\r\n\r\n"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/mcp/", b"/mcp/"),
        (b"mcp/?key=1", b"/mcp/?key=1"),
        (b"http://server:9000/mcp/", b"/mcp/"),
        (b"HTTP://SERVER:9000/mcp/?a=b", b"/mcp/?a=b"),
        (b"//server:9000/other", b"/other"),
        (b"?key=2", b"/mcp?key=2"),
    ],
)
@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_of_the_same_origin_takes_the_request_along(
    status: int, location: bytes, target: bytes
) -> None:
    assert followed(BASE, POST, status, location) == POST.replace(b"/mcp?key=1", target, 1)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_one_that_changes_the_method_is_followed_by_get_only(status: int) -> None:
    assert followed(BASE, POST, status, b"/mcp/") is None
    assert followed(BASE, GET, status, b"/mcp/") == GET.replace(b"/mcp", b"/mcp/", 1)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (b"http://server/mcp/", "http://server/mcp/"),
        (b"https://server:9000/mcp/", "https://server:9000/mcp/"),
        (b"http://u:p@evil.example/mcp?key=1", "http://evil.example/mcp"),
        (b"/a b", "http://server:9000/a b"),
        (b"/a\x1b\xff", "http://server:9000/a?\ufffd"),
        (b"", "http://server:9000/mcp"),
        (b"http://server:99999/", "http://server:99999/"),
        (b"http://[", "what is not a URL"),
    ],
)
def test_another_is_not_followed_and_is_named_without_secrets(location: bytes, shown: str) -> None:
    assert followed(BASE, POST, 307, location) is None
    assert destination(BASE, POST, location) == shown
