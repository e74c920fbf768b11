"""TLS files that settings name, read at startup, when a mistake is one line of error."""

import ssl


def authorities(text: str) -> str:
    """The path of certificates to trust. Raises ValueError saying what it may be."""
    allowed = "use a readable file of PEM certificates"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{allowed}: {_reason(error)}") from error
    return text


def key_pair(certificate: str, key: str) -> None:
    """Check a client's certificate and its private key ("": in the same file). ValueError."""
    allowed = "use a readable PEM certificate and its private key, which no password protects"
    try:
        ssl.create_default_context().load_cert_chain(certificate, key or None, password="")
    except (OSError, ValueError) as error:
        raise ValueError(f"{allowed}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM data").lower().replace("_", " ")
    return getattr(error, "strerror", None) or "it is no path"
