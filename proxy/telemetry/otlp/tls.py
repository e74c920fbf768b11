"""The files that a connection to a collector is secured with."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from ... import tls
from ...errors import SettingsError
from .env import Variables


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Paths of PEM files, "" where none is given: whom to trust, and who the proxy is."""

    certificate: str = ""
    client_key: str = ""
    client_certificate: str = ""

    def context(self) -> ssl.SSLContext:
        """What Python's TLS needs; the system's authorities are trusted if none is named."""
        context = ssl.create_default_context(cafile=self.certificate or None)
        if self.client_certificate:
            context.load_cert_chain(self.client_certificate, self.client_key or None)
        return context

    def contents(self) -> tuple[bytes | None, bytes | None, bytes | None]:
        """Authorities, key and chain, as gRPC needs them; its own authorities if none is named."""
        key = self.client_key or self.client_certificate
        return _content(self.certificate), _content(key), _content(self.client_certificate)


def read(variables: Variables, prefixes: tuple[str, ...]) -> TlsFiles:
    """The files that `<prefix>_CERTIFICATE` and its kin name, of the first prefix that does.

    Raises SettingsError if one cannot be read, or if key and certificate do not belong together.
    """
    found = {
        suffix: variables.named(*(f"{prefix}_{suffix}" for prefix in prefixes))
        for suffix in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE")
    }
    files = TlsFiles(*(path for _, path in found.values()))
    name, path = found["CERTIFICATE"]
    try:
        if path:
            tls.authorities(path)
        name, path = found["CLIENT_CERTIFICATE" if files.client_certificate else "CLIENT_KEY"]
        if path:
            tls.key_pair(files.client_certificate, files.client_key)
    except ValueError as error:
        raise SettingsError(f"{name}: {path!r} is not allowed: {error}") from error
    return files


def _content(path: str) -> bytes | None:
    return Path(path).read_bytes() if path else None
