"""The Authorization header: what is a token, who is let in, and what who is not is notified."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.http.bearer import NO_AUTH, StaticTokens, challenge, token_of
from proxy.http.rejection import HttpRejection

TOKEN = b"0123456789abcdef"
HOLDERS = StaticTokens((b"another-token-of-someone", TOKEN))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (b"Bearer abc.d_f-~+/==", b"abc.d_f-~+/=="),
        (b"bEARER  abc", b"abc"),
        (None, b""),
        (b"", b""),
        (b"Bearer", b""),
        (b"Bearer ", b""),
        (b"Bearerabc", b""),
        (b"Basic abc", b""),
        (b"Bearer a b", b""),
        (b"Bearer a,b", b""),
        (b"Bearer =", b""),
        (b"Bearer a\xff", b""),
        (b"Bearer a\n", b""),
        (b"Bearer a\x00", b""),
    ],
)
def test_a_token_is_read_as_rfc_6750_has_it(header: bytes | None, token: bytes) -> None:
    assert token_of(header) == token


@given(st.binary(max_size=60))
def test_any_header_gives_a_token_that_can_stand_in_a_header_or_none(header: bytes) -> None:
    for each in (header, b"Bearer " + header):
        token = token_of(each)
        assert token == b"" or (token in each and token_of(b"Bearer " + token) == token)


def test_any_of_the_fixed_tokens_opens_and_nothing_else_does() -> None:
    assert [HOLDERS.rejection(each) for each in HOLDERS.tokens] == [None, None]
    for wrong in (b"", TOKEN[:-1], TOKEN + b"0", TOKEN.upper(), b"x" * len(TOKEN)):
        rejection = HOLDERS.rejection(wrong)
        assert rejection is not None
        assert rejection.status == 401


def test_without_authentication_nobody_is_asked() -> None:
    assert NO_AUTH.rejection(b"") is None
    assert not NO_AUTH.consumes


def www_authenticate(rejection: HttpRejection) -> bytes:
    ((name, value),) = rejection.headers
    assert name == b"www-authenticate"
    return value


def test_only_a_bad_token_is_challenged_with_an_error() -> None:
    assert www_authenticate(challenge(b"")) == b'Bearer realm="mcp"'
    assert www_authenticate(challenge(b"x")) == (
        b'Bearer realm="mcp", error="invalid_token",'
        b' error_description="the bearer token is not valid"'
    )


def test_the_challenge_names_the_resource_metadata() -> None:
    where = "https://mcp.example/.well-known/oauth-protected-resource/mcp"
    assert www_authenticate(challenge(b"", where)).endswith(
        b', resource_metadata="%b"' % where.encode()
    )


def test_no_token_is_in_what_python_shows_of_them() -> None:
    assert TOKEN.decode() not in repr(HOLDERS)
