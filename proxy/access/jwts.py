"""JSON Web Tokens: which are good, by the issuer's keys, and for how long they stay so."""

from collections.abc import Mapping

import jwt
from jwt import PyJWK

from ..errors import InvalidToken, UnknownKey
from .keys import ALLOWED, NO_KEYS, KeySet
from .settings import JwtTerms

LEEWAY_SECONDS = 30
"""How far the issuer's clock may be from ours."""
MOST_KNOWN = 2000
"""Good tokens that are remembered, each of at most a head's length; then all are judged anew."""

_CLAIMS = ["exp", "iss", "aud"]


class Judge:
    """Judges tokens; a good one is looked up from then on, until it expires or the keys change."""

    __slots__ = ("_known", "_terms", "keys")

    def __init__(self, terms: JwtTerms) -> None:
        self._terms = terms
        self._known: dict[bytes, float] = {}
        self.keys = NO_KEYS

    def __repr__(self) -> str:
        return f"<Judge known={len(self._known)} keys={self.keys!r}>"

    def take(self, keys: KeySet) -> None:
        """Judge by other keys from now on."""
        self.keys = keys
        self._known.clear()

    def knows(self, token: bytes, now: float) -> bool:
        """Whether the token was found good, and is so still at `now`, in seconds of the epoch."""
        return self._known.get(token, 0.0) > now

    def admit(self, token: bytes) -> None:
        """Find the token good. Raises UnknownKey if other keys might tell, else InvalidToken."""
        try:
            claims = jwt.decode(
                token,
                self._key(jwt.get_unverified_header(token)),
                algorithms=ALLOWED,
                audience=self._terms.audiences,
                issuer=self._terms.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _CLAIMS, "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise InvalidToken("the bearer token has expired") from error
        except (jwt.PyJWTError, RecursionError) as error:
            raise InvalidToken("") from error
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[token] = float(claims["exp"])

    def _key(self, header: Mapping[str, object]) -> PyJWK:
        key_id, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALLOWED or not isinstance(key_id, str | None):
            raise InvalidToken("the bearer token is signed in a way that is not allowed")
        key = self.keys.find(key_id, str(algorithm))
        if key is None:
            raise UnknownKey("the bearer token is signed by an unknown key")
        return key
