"""Settings of who may call: one way at a time, and no secret in any message."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.app.settings import Settings, parse
from proxy.errors import SettingsError
from proxy.http.auth_settings import FixedTokens, JwtSettings, fixed_token

UPSTREAM = ("--upstream", "http://127.0.0.1:9000/mcp")
TOKEN = "0123456789abcdef"
JWT = (
    *("--jwt-keys-url", "https://id.example/keys", "--jwt-issuer", "https://id.example"),
    *("--jwt-audience", "https://mcp.example/mcp,other"),
)


def read(*arguments: str, **environment: str) -> Settings:
    return parse((*UPSTREAM, *arguments), environment)


def test_nobody_needs_a_token_unless_one_is_asked_for() -> None:
    assert read().access is None


def test_a_token_comes_from_a_variable_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"{TOKEN}\n\n{TOKEN}-next\n")
    assert read(MCP_PROXY_BEARER_TOKEN=f"{TOKEN}\n").access == FixedTokens((TOKEN.encode(),))
    both = (TOKEN.encode(), f"{TOKEN}-next".encode())
    assert read("--bearer-token-file", str(path)).access == FixedTokens(both)


def test_a_token_is_never_an_argument() -> None:
    with pytest.raises(SettingsError, match="--bearer-token"):
        read("--bearer-token", TOKEN)


def test_json_web_tokens_need_keys_issuer_and_audience() -> None:
    assert read(*JWT).access == JwtSettings(
        "https://id.example/keys", "https://id.example", ("https://mcp.example/mcp", "other")
    )
    for start in range(0, 6, 2):
        with pytest.raises(SettingsError, match=f"{JWT[start]} must be given too"):
            read(*JWT[:start], *JWT[start + 2 :])


def test_two_ways_at_once_are_refused() -> None:
    with pytest.raises(SettingsError, match="are both given"):
        read(*JWT, MCP_PROXY_BEARER_TOKEN=TOKEN)


@pytest.mark.parametrize("url", ["http://id.example/keys", "ftp://id.example", "id.example"])
def test_keys_do_not_come_by_a_road_that_can_be_forged(url: str) -> None:
    with pytest.raises(SettingsError, match=f"--jwt-keys-url: '{url}' is not allowed: use an http"):
        read("--jwt-keys-url", url, *JWT[2:])
    assert read("--jwt-keys-url", "http://127.0.0.1:1/keys", *JWT[2:]).access is not None


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 20, b"x" * 70_000])
def test_a_file_without_usable_tokens_is_named_and_its_content_is_not(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"--bearer-token-file: '{path}' is not allowed: use "):
        read("--bearer-token-file", str(path))


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(SettingsError, match=f"'{path}' is not allowed: use a file that can be"):
            read("--bearer-token-file", str(path))


@given(st.text(max_size=40))
def test_a_token_is_used_as_it_is_or_refused_without_being_shown(text: str) -> None:
    given = text.strip()
    try:
        assert fixed_token(text) == given.encode()
    except ValueError as error:
        message = str(error)
    else:
        message = ""
    assert len(given) < 4 or given not in message


def test_no_token_is_in_what_python_shows_of_the_settings() -> None:
    assert TOKEN not in repr(read(MCP_PROXY_BEARER_TOKEN=TOKEN))
    with pytest.raises(SettingsError) as refused:
        read(MCP_PROXY_BEARER_TOKEN="secret-but-bad!!")
    assert "secret-but-bad" not in str(refused.value)
