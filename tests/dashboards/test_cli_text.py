"""An address is known as one before anybody is asked."""

import pytest

from dashboards.cli_text import is_url


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:3000",
        "HTTPS://grafana.example.org/at/a/path/",
        "http://[::1]:3000",
        "http://b\u00fccher.example",
        "http://127.0.0.1",
        "http://a.",
    ],
)
def test_an_address_of_a_host_is_one(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "grafana",
        "localhost:3000",
        "ftp://grafana",
        "http://",
        "http:///path",
        "http://:3000",
        "http://a:port",
        "http://a:0",
        "http://a:65536",
        "http://[::1",
        "http://a b",
        "http://a\nb",
        "http://a/\x1b[31m",
        "http://a..b",
        f"http://{'a' * 64}.example",
        "http://a?orgId=1",
        "http://a/#top",
    ],
)
def test_what_leads_to_no_host_is_none(text: str) -> None:
    assert not is_url(text)
