"""The Authorization header and its challenge (RFC 6750), without clock and keys."""

import hmac
import re
from dataclasses import dataclass, field
from typing import Protocol

from ..telemetry.vocabulary import RejectionCause
from .auth_settings import TOKEN
from .rejection import HttpRejection

REALM = 'realm="mcp"'

# The scheme's name has no case (RFC 9110, section 11.1).
_CREDENTIALS = re.compile(rb"(?i:bearer) +(%b)" % TOKEN)


class TokenPolicy(Protocol):
    """Which requests are allowed by their heads."""

    @property
    def consumes(self) -> bool:
        """Whether Authorization is for the proxy, and not forwarded."""

    def rejection(self, token: bytes) -> HttpRejection | None:
        """Why a request with `token` (empty: none, or unreadable) is rejected; None if allowed."""


@dataclass(frozen=True, slots=True)
class NoAuth(TokenPolicy):
    """No authentication: Authorization is between the client and the server."""

    consumes = False

    def rejection(self, token: bytes) -> HttpRejection | None:
        return None


@dataclass(frozen=True, slots=True)
class StaticTokens(TokenPolicy):
    """Requests with one of the fixed tokens."""

    tokens: tuple[bytes, ...] = field(repr=False)
    consumes = True

    def rejection(self, token: bytes) -> HttpRejection | None:
        """Compare every token, in constant time."""
        matches = [hmac.compare_digest(token, each) for each in self.tokens]
        return None if any(matches) else challenge(token)


@dataclass(frozen=True, slots=True)
class AnyToken(TokenPolicy):
    """Requests with any token at all: it is verified later, with the keys.

    `metadata` is the URL of the resource metadata, "" without one.
    """

    metadata: str
    consumes = True

    def rejection(self, token: bytes) -> HttpRejection | None:
        return None if token else challenge(b"", self.metadata)


NO_AUTH = NoAuth()


def token_of(authorization: bytes | None) -> bytes:
    """The bearer token in an Authorization header; empty if it is missing or unreadable."""
    found = _CREDENTIALS.fullmatch(authorization or b"")
    return b"" if found is None else found[1]


def principal_hash(token: bytes, key: bytes) -> str:
    """The principal of a bearer token without the token itself: 64 bits of a keyed hash."""
    return hmac.digest(key, token, "sha256").hex()[:16]


def challenge(token: bytes, metadata: str = "", reason: str = "") -> HttpRejection:
    """401 with WWW-Authenticate: no error code for who showed no token (RFC 6750, section 3.1).

    `metadata` is the URL of the protected resource's metadata (RFC 9728, section 5.1).
    """
    reason = reason or ("the bearer token is not valid" if token else "a bearer token is needed")
    parameters = [REALM]
    if token:
        parameters += ['error="invalid_token"', f'error_description="{reason}"']
    if metadata:
        parameters.append(f'resource_metadata="{metadata}"')
    value = f"Bearer {', '.join(parameters)}".encode()
    return HttpRejection(RejectionCause.TOKEN, 401, reason, ((b"www-authenticate", value),))
