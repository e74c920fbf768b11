"""Text from and for a command line: URLs as typed, error messages on one line."""

from urllib.parse import urlsplit


def one_line(text: str) -> str:
    """The text without line breaks; control characters become `?`."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))


def cause(error: BaseException) -> str:
    """The innermost reason, which is the system's own, such as Connection refused."""
    inner = error.__cause__ or error.__context__
    return one_line(str(error)) if inner is None else cause(inner)


def holds_user(text: str) -> bool:
    """Whether user information precedes the host (RFC 3986, section 3.2.1).

    Where no host is recognized, every @ counts, so that no password is repeated in a message.
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
