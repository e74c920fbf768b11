"""URLs of settings, before they are used and in messages."""

import pytest

from proxy.urls import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a:1/mcp", "https://a:1/mcp"),
        ("https://a/mcp?key=s3cr3t", "https://a/mcp?..."),
        ("https://a/mcp#s3cr3t", "https://a/mcp?..."),
        ("https://user:s3cr3t@a/mcp", "https://...@a/mcp"),
        ("https://user:s3/cr3t@a/mcp?key=s3cr3t", "https://...@a/mcp?..."),
        ("https://user:s3?cr3t@a/mcp", "https://...?..."),
        ("https://a/mcp?key=s3cr3t@b&key=s3cr3t", "https://...?..."),
        ("user:s3cr3t@a", "...@a"),
        ("", ""),
    ],
)
def test_credentials_and_queries_are_not_shown(text: str, expected: str) -> None:
    assert shown(text) == expected
