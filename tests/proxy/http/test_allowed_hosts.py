"""Hosts and origins are compared as what they name, not as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.allowed_hosts import (
    NONE_ALLOWED,
    AllowList,
    host,
    names_loopback,
    origin,
    refused_host,
)


@pytest.mark.parametrize(
    ("entry", "given", "same"),
    [
        ("a.example", "A.Example.", True),
        ("a.example", "a.example:8080", True),
        ("a.example:*", "a.example:8080", True),
        ("a.example:8443", "a.example:8443", True),
        ("a.example:8443", "a.example:8444", False),
        ("a.example:8443", "a.example", False),
        ("a.example:443", "a.example", True),
        ("a.example", "b.a.example", False),
        ("a.example", "a.example.evil", False),
        ("[::0:1]:80", "[::1]:80", True),
        ("bücher.example", "xn--bcher-kva.example", True),
    ],
)
def test_an_allowed_host_is_every_spelling_of_it(entry: str, given: str, same: bool) -> None:
    assert AllowList((host(entry),)).has(host(given)) is same


@pytest.mark.parametrize(
    ("entry", "given", "same"),
    [
        ("https://a.example", "HTTPS://A.Example:443", True),
        ("https://a.example/", "https://a.example.", True),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example:*", "https://a.example:8443", True),
        ("https://a.example", "http://a.example", False),
        ("http://a.example:80", "http://a.example", True),
        ("vscode-webview://1a2b", "vscode-webview://1a2b", True),
        ("file://", "file://", True),
        ("null", "null", True),
        ("file://", "null", False),
    ],
)
def test_an_allowed_origin_is_every_spelling_of_it(entry: str, given: str, same: bool) -> None:
    assert AllowList((origin(entry),)).has(origin(given)) is same


@pytest.mark.parametrize("text", ["", "a b", "[::1", "[x]", "a/b", "user@a", "a:b", "~"])
def test_what_is_no_host_is_neither_allowed_nor_let_in(text: str) -> None:
    with pytest.raises(ValueError, match="^use a host name or address"):
        host(text)
    assert "malformed" in refused_host(text, NONE_ALLOWED, private=True)


@pytest.mark.parametrize("text", ["", "a.example", "https:/a", "https://a.example/x", "Null"])
def test_the_error_for_an_invalid_origin_shows_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="^use scheme://host"):
        origin(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (host, origin):
        try:
            read(text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        ("LocalHost.", True),
        ("a.localhost", True),
        ("localhost.evil.example", False),
        ("[::1]", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
    ],
)
def test_what_names_the_loopback(name: str, loopback: bool) -> None:
    assert names_loopback(host(name)) is loopback


@pytest.mark.parametrize(
    ("named", "on_loopback", "on_a_network"),
    [
        ("localhost:9464", True, True),
        ("10.1.2.3:9464", True, True),
        ("[fd00::1]:9464", True, True),
        ("a.example", True, True),
        ("proxy:9464", False, True),
        ("mcp.tools.svc:9464", False, True),
        ("mcp.tools.svc.cluster.local", False, True),
        ("host.docker.internal", False, True),
        ("evil.example", False, False),
        ("10.1.2.3.evil.example", False, False),
        ("svc", False, True),
    ],
)
def test_a_port_answers_to_names_that_no_stranger_can_have(
    named: str, on_loopback: bool, on_a_network: bool
) -> None:
    allowed = AllowList((host("a.example"),))
    for private, let_in in ((False, on_loopback), (True, on_a_network)):
        assert (refused_host(named, allowed, private=private) == "") is let_in
    assert refused_host("evil.example", AllowList(any=True), private=False) == ""
    assert "--allowed-hosts" in refused_host("evil.example", NONE_ALLOWED, private=True)
