"""Addresses that somebody typed."""

from urllib.parse import urlsplit


def holds_user(text: str) -> bool:
    """Whether a user stands before the host, mostly with a password (RFC 3986, section 3.2.1).

    Where no host can be told from the rest, every @ counts: a password is not to be repeated.
    """
    try:
        return "@" in (urlsplit(text).netloc or text)
    except ValueError:
        return "@" in text


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
