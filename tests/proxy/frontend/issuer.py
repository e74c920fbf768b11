"""An issuer of JSON Web Tokens with real keys."""

import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from proxy.http.auth_settings import JwtSettings

ISSUER = "https://id.example"
AUDIENCE = "https://mcp.example/mcp"
LIFE_SECONDS = 86_400
"""Some tokens are made as the tests are collected, long before they are judged."""
TERMS = JwtSettings("https://id.example/keys", ISSUER, (AUDIENCE, "other"))

_CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@cache
def _made(family: str, key_id: str) -> Any:
    if family in _CURVES:
        return ec.generate_private_key(_CURVES[family])
    if family == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def private_key(algorithm: str, key_id: str = "1") -> Any:
    """A key that signs; the same one for the same id and kind of algorithm."""
    return _made("RSA" if algorithm[1:2] == "S" and algorithm[0] in "RP" else algorithm, key_id)


def public(algorithm: str, key_id: str = "1", **more: Any) -> dict[str, Any]:
    """The public half, as it is published."""
    key = private_key(algorithm, key_id).public_key()
    entry: dict[str, Any] = json.loads(get_default_algorithms()[algorithm].to_jwk(key))
    entry.pop("key_ops", None)
    return {**entry, "kid": key_id, **more}


def document(*entries: dict[str, Any]) -> bytes:
    """A JSON Web Key Set."""
    return json.dumps({"keys": entries}).encode()


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token claims; a claim of None is left out."""
    ends = time.time() + LIFE_SECONDS
    good = {"iss": ISSUER, "aud": AUDIENCE, "exp": ends, "sub": "someone", **changed}
    return {name: value for name, value in good.items() if value is not None}


def token(
    algorithm: str = "RS256",
    key_id: str = "1",
    headers: dict[str, Any] | None = None,
    **changed: Any,
) -> bytes:
    """A signed token."""
    named = {"kid": key_id} if headers is None else headers
    key = private_key(algorithm, key_id)
    return jwt.encode(claims(**changed), key, algorithm, headers=named).encode()
