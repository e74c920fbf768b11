"""An issuer's public keys (RFC 7517), for signatures that need no shared secret."""

from collections.abc import Mapping

import msgspec
from jwt import PyJWK, PyJWTError

from ..errors import UnusableKeys

# By key type, and for elliptic curves by curve: a token cannot choose another kind of signature
# than its key is for, and never a symmetric one or none (RFC 8725, sections 3.1 and 3.2).
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS: Mapping[tuple[object, object], tuple[str, ...]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
_PUBLIC = ("kty", "crv", "kid", "n", "e", "x", "y")
_LONGEST = 4096
"""Characters of a member: more than the longest modulus has that OpenSSL computes with."""

ALLOWED = tuple(sorted({each for names in ALGORITHMS.values() for each in names}))


class KeySet:
    """Keys by id and algorithm; a key of another kind, or for encryption, is not among them."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[tuple[str | None, str], PyJWK]) -> None:
        self._keys = keys

    def __repr__(self) -> str:
        return f"<KeySet {sorted(map(str, self._keys))}>"

    def __len__(self) -> int:
        return len({key_id for key_id, _ in self._keys})

    def find(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """The key for a token's header; one that names no key needs a key that is the only one."""
        if key_id is not None:
            return self._keys.get((key_id, algorithm))
        fitting = [key for (_, name), key in self._keys.items() if name == algorithm]
        return fitting[0] if len(fitting) == 1 else None


NO_KEYS = KeySet({})


def read(document: bytes) -> KeySet:
    """The public keys for signatures in a JSON Web Key Set, which may have none.

    Raises UnusableKeys if the document is not a key set.
    """
    try:
        keys = msgspec.json.decode(document)["keys"]
    except (msgspec.DecodeError, UnicodeError, RecursionError, LookupError, TypeError) as error:
        raise UnusableKeys("the document is not a JSON Web Key Set") from error
    if not isinstance(keys, list):
        raise UnusableKeys("the document is not a JSON Web Key Set: `keys` is not an array")
    return KeySet({entry: key for each in keys for entry, key in _entries(each)})


def _entries(entry: object) -> list[tuple[tuple[str | None, str], PyJWK]]:
    """The entries of a key. Only the public part of a private key is used."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return []
    public = {name: entry[name] for name in _PUBLIC if name in entry}
    if not all(isinstance(each, str) and len(each) <= _LONGEST for each in public.values()):
        return []
    allowed = ALGORITHMS.get((entry.get("kty"), entry.get("crv")), ())
    named = entry.get("alg")
    chosen = allowed if named is None else [each for each in allowed if each == named]
    try:
        return [((entry.get("kid"), each), PyJWK(public, each)) for each in chosen]
    except (PyJWTError, LookupError, TypeError, ValueError):
        return []
