"""The endpoint URL of an HTTP+SSE server, which must have the same origin as the stream."""

from urllib.parse import SplitResult, urljoin, urlsplit


def endpoint(base: SplitResult, named: bytes) -> bytes | None:
    """The request target that an endpoint event names; None if it is of another origin.

    Another origin would get the client's messages and tokens. What is not printable ASCII could
    end the request line early.
    """
    if not named or any(each <= 0x20 or each >= 0x7F for each in named):
        return None
    try:
        url = urlsplit(urljoin(base.geturl(), named.decode("ascii")))
        same = origin(url) == origin(base)
    except ValueError:
        return None
    return target_of(url) if same else None


def origin(url: SplitResult) -> tuple[str, str | None, int]:
    """Scheme, host and port of a URL. Raises ValueError for an impossible port."""
    return url.scheme, url.hostname, url.port or (443 if url.scheme == "https" else 80)


def target_of(url: SplitResult) -> bytes:
    """A URL's path and query, as a request line names them."""
    query = f"?{url.query}" if url.query else ""
    return f"{url.path or '/'}{query}".encode()
