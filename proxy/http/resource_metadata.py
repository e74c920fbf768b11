"""Protected resource metadata (RFC 9728): where a client gets a token."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from .auth_settings import JwtSettings

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_DOCUMENTS = (
    WELL_KNOWN.encode(),
    b"/.well-known/oauth-authorization-server",
    b"/.well-known/openid-configuration",
)
"""Where clients look for documents: of the resource, and, in 2025-03-26, of who issues tokens."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The document, the paths it is served at, and the URL that a challenge names."""

    url: str
    paths: frozenset[bytes]
    document: bytes


NO_METADATA = Metadata("", frozenset(), b"")


def document_path(path: bytes) -> tuple[bytes, bytes]:
    """Of the path of a document: which document, and the path that it is about; else empty."""
    for root in _DOCUMENTS:
        about = path.removeprefix(root)
        if path.startswith(root) and about[:1] in (b"", b"/"):
            return root, about.rstrip(b"/")
    return b"", b""


def metadata(config: JwtSettings, path: str) -> Metadata:
    """The metadata of an endpoint at `path`; NO_METADATA unless an audience is its public address.

    The specification asks for tokens whose audience is the endpoint's own URL (RFC 8707), so
    that is where the address is known from.
    """
    public = next((each for each in config.audiences if each.startswith(("https:", "http:"))), "")
    if not public:
        return NO_METADATA
    where = urlsplit(public)
    outside = where.path.rstrip("/")
    document = {
        "resource": public,
        "authorization_servers": [config.issuer],
        "bearer_methods_supported": ["header"],
    }
    return Metadata(
        f"{where.scheme}://{where.netloc}{WELL_KNOWN}{outside}",
        frozenset(f"{WELL_KNOWN}{each}".encode() for each in ("", outside, path.rstrip("/"))),
        msgspec.json.encode(document),
    )
