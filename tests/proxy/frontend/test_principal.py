"""Principals in telemetry: by a claim of a verified token, or by a keyed hash, never the token."""

from typing import Any

import pytest

from proxy.frontend.authenticator import authenticator_for
from proxy.frontend.key_set import read
from proxy.frontend.token_verifier import TokenVerifier
from proxy.http.auth_settings import FixedTokens, JwtSettings
from proxy.http.request_policy import RequestInfo, RequestPolicy
from tests.proxy.frontend.issuer import AUDIENCE, ISSUER, document, public, token

KEY = b"0123456789abcdef"


def info(key: bytes, *lines: str) -> RequestInfo:
    policy = RequestPolicy(b"/mcp", 1000, loopback=True, principal_key=key)
    head = ("POST /mcp HTTP/1.1", "host: localhost", *lines, "", "")
    return policy.evaluate("\r\n".join(head).encode())


@pytest.mark.parametrize("settings", [None, FixedTokens((b"x" * 16,))])
def test_without_a_key_there_is_no_principal(settings: FixedTokens | None) -> None:
    assert authenticator_for(settings, "/mcp").principal_of is None
    assert info(b"", "authorization: Bearer abc").principal == ""


def test_the_hash_of_a_token_depends_on_token_and_key_and_hides_both() -> None:
    bearer = "authorization: Bearer a-secret-token"
    principal = info(KEY, bearer).principal
    assert principal == info(KEY, bearer, "user-agent: other").principal
    others = {info(KEY[::-1], bearer).principal, info(KEY, f"{bearer}2").principal}
    assert len({principal, *others}) == 3
    assert len(principal) == 16
    assert int(principal, 16)


@pytest.mark.parametrize("lines", [(), ("authorization: Basic YTpi",)])
def test_without_a_bearer_token_the_principal_is_unknown(lines: tuple[str, ...]) -> None:
    assert info(KEY, *lines).principal == "unknown"


@pytest.mark.parametrize(
    ("claims", "principal"),
    [
        ({"email": "ada@example.com"}, "ada@example.com"),
        ({"email": " a\nb " + "x" * 500}, "a?b " + "x" * 124),
        ({"email": 7}, "unknown"),
        ({"email": ""}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_claim_of_the_token_names_the_principal(claims: dict[str, Any], principal: str) -> None:
    settings = JwtSettings("https://id.example/keys", ISSUER, (AUDIENCE,), "email")
    verifier = TokenVerifier(settings)
    verifier.set_keys(read(document(public("RS256"))))
    good = token(**claims)
    verifier.admit(good)
    assert verifier.label(good) == principal
    verifier.set_keys(read(document(public("RS256"))))
    assert verifier.label(good) == principal, "the keys changed while the request was read"
