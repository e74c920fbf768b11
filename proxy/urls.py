"""Validation of URLs in settings."""

import re
from urllib.parse import SplitResult, urlsplit


def http_url(text: str) -> SplitResult | None:
    """The parts of an http or https URL with a valid host; None for other text."""
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        str(url.hostname).encode("idna")
    except ValueError:
        return None
    return url if usable else None


def shown(text: str) -> str:
    """A text that is meant as a URL, as messages name it.

    Credentials and the query may be secret, so neither is in it.
    """
    place = re.split("[?#]", text, maxsplit=1)[0]
    scheme, separator, address = place.rpartition("://")
    if "@" in text:
        address = "...@" + address.rpartition("@")[2] if "@" in address else "..."
    return f"{scheme}{separator}{address}{'?...' if place != text else ''}"
