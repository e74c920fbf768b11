"""JSON Web Tokens: which are good, and for how long they are known to be."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidToken, UnknownKey
from proxy.frontend.key_set import NO_KEYS, read
from proxy.frontend.token_verifier import LEEWAY_SECONDS, MOST_KNOWN, TokenVerifier
from tests.proxy.frontend.issuer import TERMS, claims, document, private_key, public, token

KEYS = read(document(public("RS256"), public("ES256", "2"), public("EdDSA", "3")))


def verifier() -> TokenVerifier:
    made = TokenVerifier(TERMS)
    made.set_keys(KEYS)
    return made


def part(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.mark.parametrize(
    "good",
    [
        token(),
        token("PS384"),
        token("ES256", "2"),
        token("EdDSA", "3"),
        token("EdDSA", "3", headers={}),
        token(aud=["another", "other"]),
    ],
)
def test_a_token_of_the_issuer_for_this_endpoint_is_good(good: bytes) -> None:
    verifier().admit(good)


def test_the_issuers_clock_may_be_a_little_off() -> None:
    now = time.time()
    verifier().admit(token(exp=now - 5))
    verifier().admit(token(nbf=now + 5))
    for bad in (token(exp=now - LEEWAY_SECONDS - 1), token(nbf=now + 300)):
        with pytest.raises(InvalidToken):
            verifier().admit(bad)


HS256 = jwt.encode(claims(), "x" * 32, "HS256", headers={"kid": "1"}).encode()
UNSIGNED = jwt.encode(claims(), "", "none", headers={"kid": "1"}).encode()
FORGED = jwt.encode(claims(), private_key("RS256", "forger"), "RS256", {"kid": "1"}).encode()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (token(iss="https://evil.example"), "^$"),
        (token(iss=None), "^$"),
        (token(aud="https://elsewhere.example"), "^$"),
        (token(aud=None), "^$"),
        (token(exp=1_000_000_000), "expired"),
        (token(exp=None), "^$"),
        (token(exp="soon"), "^$"),
        (token(nbf=4_000_000_000), "^$"),
        (token()[:-4] + b"AAAA", "^$"),
        (FORGED, "^$"),
        (HS256, "not allowed"),
        (UNSIGNED, "not allowed"),
        (token("EdDSA", "3", headers={"kid": "3", "crit": ["x"], "x": 1}), "^$"),
        (b"a.b.c", "^$"),
        (b"opaque", "^$"),
        (b"..", "^$"),
        (part(b"[" * 9000) + b".e30.eA", "^$"),
        (part({"alg": "RS256", "kid": ["1"]}) + b".e30.eA", "^$"),
        (part({"alg": ["RS256"]}) + b".e30.eA", "not allowed"),
    ],
)
def test_any_other_token_is_not(bad: bytes, reason: str) -> None:
    with pytest.raises(InvalidToken, match=reason):
        verifier().admit(bad)


def test_a_key_that_is_not_there_may_come() -> None:
    late = TokenVerifier(TERMS)
    assert late.keys is NO_KEYS
    with pytest.raises(UnknownKey):
        late.admit(token())
    with pytest.raises(UnknownKey):
        verifier().admit(token("RS256", "4"))
    late.set_keys(KEYS)
    late.admit(token())


def test_a_good_token_is_known_until_it_expires() -> None:
    known, good = verifier(), token(exp=2_000_000_000)
    assert not known.known(good, 0.0)
    known.admit(good)
    assert known.known(good, 1_999_999_999.0)
    assert not known.known(good, 2_000_000_000.0)


def test_a_bad_token_is_never_known() -> None:
    known = verifier()
    with pytest.raises(InvalidToken):
        known.admit(FORGED)
    assert not known.known(FORGED, 0.0)


def test_other_keys_make_every_token_be_verified_again() -> None:
    known, good = verifier(), token()
    known.admit(good)
    known.set_keys(read(document(public("RS256", "1", alg="RS512"))))
    assert not known.known(good, 0.0)
    with pytest.raises(UnknownKey):
        known.admit(good)


def test_the_memory_of_good_tokens_is_bounded() -> None:
    known = verifier()
    for number in range(MOST_KNOWN + 1):
        known.admit(token("EdDSA", "3", sub=str(number)))
    assert repr(known).startswith("<TokenVerifier known=1 ")


@given(st.binary(max_size=100), st.lists(st.binary(max_size=40), min_size=3, max_size=3))
def test_any_bytes_are_refused(data: bytes, parts: list[bytes]) -> None:
    for each in (data, b".".join(map(part, parts))):
        with pytest.raises((InvalidToken, UnknownKey)):
            verifier().admit(each)
