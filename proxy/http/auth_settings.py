"""The settings of client authentication, read from text. Needs the standard library only."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult

from ..errors import SettingsError

TOKEN = rb"[A-Za-z0-9._~+/-]+=*"
"""What a bearer token may be made of (RFC 6750, section 2.1)."""
SHORTEST_TOKEN = 16
"""Characters of a fixed token: a shorter one could be guessed."""
FILE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class FixedTokens:
    """Requests with one of these tokens are allowed."""

    tokens: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class JwtSettings:
    """Requests with a token from `issuer` for one of `audiences` are allowed; keys are at a URL.

    `principal_claim` is the claim that names the principal in telemetry, "" for none.
    """

    keys_url: str
    issuer: str
    audiences: tuple[str, ...]
    principal_claim: str = ""


AuthSettings = FixedTokens | JwtSettings | None


def fixed_token(text: str) -> bytes:
    """One token. Raises ValueError with what is allowed, without the token."""
    token = text.strip().encode("utf-8", "replace")
    if len(token) < SHORTEST_TOKEN or re.fullmatch(TOKEN, token) is None:
        raise ValueError(
            f"use at least {SHORTEST_TOKEN} letters, digits and ._~+/-,"
            " such as `openssl rand -hex 32` prints"
        )
    return token


def token_file(text: str) -> FixedTokens:
    """The tokens in a file, one per line. Raises ValueError."""
    allowed = "use a file that can be read, with one token a line"
    try:
        with Path(text).open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise ValueError(f"{allowed}: {reason}") from error
    lines = content.decode("utf-8", "replace").split()
    if not lines or len(content) > FILE_LIMIT:
        raise ValueError(f"{allowed}: it has {len(lines)} tokens and {len(content)} bytes")
    return FixedTokens(tuple(map(fixed_token, lines)))


def access(
    tokens: FixedTokens | None,
    token: bytes | None,
    keys_url: SplitResult | None,
    issuer: str,
    audiences: tuple[str, ...],
    principal_claim: str = "",
) -> AuthSettings:
    """How the settings authenticate clients. SettingsError for two or incomplete ones."""
    jwt = {"--jwt-keys-url": keys_url, "--jwt-issuer": issuer, "--jwt-audience": audiences}
    given = [name for name, value in jwt.items() if value]
    ways = [
        *(("--bearer-token-file",) if tokens else ()),
        *(("MCP_PROXY_BEARER_TOKEN",) if token else ()),
        *(given[:1]),
    ]
    if principal_claim and given[:1] != ["--jwt-keys-url"]:
        raise SettingsError(
            f"--principal-claim {principal_claim} needs --jwt-keys-url: a claim that is not"
            " verified proves nothing"
        )
    if len(ways) > 1:
        raise SettingsError(
            f"{' and '.join(ways)} are both given: choose one way to let clients in"
        )
    if tokens is not None or token is not None:
        return tokens or FixedTokens((token or b"",))
    if keys_url is None or len(given) < len(jwt):
        missing = [name for name in jwt if name not in given]
        if given:
            raise SettingsError(
                f"{' and '.join(missing)} must be given too: {given[0]} alone proves nothing"
            )
        return None
    return JwtSettings(keys_url.geturl(), issuer, audiences, principal_claim)
