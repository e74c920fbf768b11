"""An issuer's keys: public ones for signatures, each for the algorithms of its kind."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import UnusableKeys
from proxy.frontend.key_set import KeySet, read
from tests.proxy.frontend.issuer import document, public

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keys", "kty", "kid", "alg", "crv", "n", "e", "x"]), each
        )
    ),
    max_leaves=12,
)


def algorithms(keys: KeySet, key_id: str = "1") -> list[str]:
    every = ("RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS256", "none")
    return [each for each in every if keys.find(key_id, each) is not None]


@pytest.mark.parametrize(
    ("entry", "usable"),
    [
        (public("RS256"), ["RS256", "RS512", "PS256"]),
        (public("RS256", alg="PS256"), ["PS256"]),
        (public("ES256"), ["ES256"]),
        (public("ES384", use="sig"), ["ES384"]),
        (public("EdDSA"), ["EdDSA"]),
        ({**public("RS256"), "d": "AQ"}, ["RS256", "RS512", "PS256"]),
    ],
)
def test_a_key_is_for_the_algorithms_of_its_kind(entry: dict[str, Any], usable: list[str]) -> None:
    """Of a private key the public one is taken, and no prime factors are looked for."""
    assert algorithms(read(document(entry))) == usable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys": 1}',
        b"[" * 5000,
        b'{"keys": {}}',
        b'{"keys": ["\xff"]}',
    ],
)
def test_what_is_not_a_key_set_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableKeys):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        document(),
        b'{"keys": [1]}',
        document({"kty": "oct", "k": "c2VjcmV0", "kid": "1", "alg": "HS256"}),
        document(public("RS256", use="enc")),
        document(public("RS256", alg="none")),
        document(public("RS256", alg="HS256")),
        document(public("ES256", crv="P-384")),
        document({**public("RS256"), "n": "!"}),
        document({**public("RS256"), "n": "A" * 4097}),
    ],
)
def test_a_key_set_may_hold_no_public_key_for_signatures(content: bytes) -> None:
    assert len(read(content)) == 0


def test_a_key_that_cannot_be_used_does_not_spoil_the_others() -> None:
    assert len(read(document({"kty": "oct", "k": "eA"}, public("ES256"), {"kty": []}))) == 1


def test_a_token_that_names_no_key_needs_an_only_one() -> None:
    one = read(document(public("RS256", "a")))
    two = read(document(public("RS256", "a"), public("RS256", "b"), public("ES256", "c")))
    assert one.find(None, "RS256") is one.find("a", "RS256") is not None
    assert two.find(None, "RS256") is None
    assert two.find(None, "ES256") is two.find("c", "ES256") is not None


@given(JSON)
def test_any_document_is_read_or_refused(content: Any) -> None:
    try:
        read(json.dumps(content).encode())
    except UnusableKeys as error:
        assert "\n" not in str(error)  # noqa: PT017
