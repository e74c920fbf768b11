"""Addresses that somebody typed."""

from urllib.parse import urlsplit


def is_url(text: str) -> bool:
    """Whether this is an http or https URL of a possible host, without query and fragment."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        return False
    plain = text.isprintable() and not set(text) & set(" ?#")
    return parts.scheme in ("http", "https") and bool(host) and port != 0 and plain
