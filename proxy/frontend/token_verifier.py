"""JSON Web Tokens: which are good, by the issuer's keys, and for how long they stay so."""

from collections.abc import Mapping

import jwt
from jwt import PyJWK

from ..errors import InvalidToken, UnknownKey
from ..http.auth_settings import JwtSettings
from ..telemetry.client_info import UNKNOWN_CLIENT, printable
from .key_set import ALLOWED, NO_KEYS, KeySet

LEEWAY_SECONDS = 30
"""How far the issuer's clock may be from ours."""
MOST_KNOWN = 2000
"""Good tokens that are remembered, each of at most a head's length; then all are judged again."""

_CLAIMS = ["exp", "iss", "aud"]
_UNKNOWN = 0.0, b"", ""


class TokenVerifier:
    """Judges tokens; a good one is looked up from then on, until it expires or the keys change."""

    __slots__ = ("_known", "_config", "keys")

    def __init__(self, config: JwtSettings) -> None:
        self._config = config
        self._known: dict[bytes, tuple[float, bytes, str]] = {}
        self.keys = NO_KEYS

    def __repr__(self) -> str:
        return f"<TokenVerifier known={len(self._known)} keys={self.keys!r}>"

    def set_keys(self, keys: KeySet) -> None:
        """Judge by other keys from now on."""
        self.keys = keys
        self._known.clear()

    def known(self, token: bytes, now: float) -> bytes:
        """Whom a token names that was found good; empty if it was not, or is not at `now` (epoch).

        A principal is the token's `sub`, else its `client_id`, else the token itself.
        """
        until, principal, _ = self._known.get(token, _UNKNOWN)
        return principal if until > now else b""

    def label(self, token: bytes) -> str:
        """The principal of a token that was found good, as telemetry names it, by one claim."""
        _, _, label = self._known.get(token, _UNKNOWN)
        if label:
            return label
        return self._label(jwt.decode(token, options={"verify_signature": False}))

    def admit(self, token: bytes) -> bytes:
        """Verify the token: its principal. Raises UnknownKey if other keys might verify it.

        Raises InvalidToken for every other token.
        """
        try:
            claims = jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token)),
                algorithms=ALLOWED,
                audience=self._config.audiences,
                issuer=self._config.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _CLAIMS, "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise InvalidToken("the bearer token has expired") from error
        except (jwt.PyJWTError, RecursionError) as error:
            raise InvalidToken("") from error
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        principal = _principal(claims, token)
        self._known[token] = int(claims["exp"]), principal, self._label(claims)
        return principal

    def _label(self, claims: Mapping[str, object]) -> str:
        value = claims.get(self._config.principal_claim)
        return (printable(value) if isinstance(value, str) else "") or UNKNOWN_CLIENT.name

    def _key(self, header: Mapping[str, object]) -> PyJWK:
        key_id, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALLOWED or not isinstance(key_id, str | None):
            raise InvalidToken("the bearer token is signed in a way that is not allowed")
        key = self.keys.find(key_id, str(algorithm))
        if key is None:
            raise UnknownKey("the bearer token is signed by an unknown key")
        return key


def _principal(claims: Mapping[str, object], token: bytes) -> bytes:
    for name in ("sub", "client_id"):
        if isinstance(value := claims.get(name), str) and value:
            return f"{name} {value}".encode("utf-8", "surrogatepass")
    return token
