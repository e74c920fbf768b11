"""URLs of settings, before they are used for anything."""

from urllib.parse import SplitResult, urlsplit


def http_url(text: str) -> SplitResult | None:
    """The parts of an http or https URL whose host a name or address can be; None of other text."""
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        str(url.hostname).encode("idna")
    except ValueError:
        return None
    return url if usable else None
