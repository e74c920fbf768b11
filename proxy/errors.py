"""Every error of the proxy, on one screen.

Each message names the thing, its value and what is allowed or what to do.
"""


class ProxyError(Exception):
    """Base of all errors that the proxy raises itself."""


class SettingsError(ProxyError):
    """A setting that is unknown, malformed or impossible; ends the program with exit code 2."""


class MalformedHead(ProxyError):
    """An HTTP head that is not valid HTTP/1.1, or that smells of request smuggling."""


class MalformedBody(ProxyError):
    """An HTTP body whose chunked framing is broken."""


class UnfollowedRedirect(ProxyError):
    """A redirect of the server that a request does not follow."""


class MalformedMessage(ProxyError):
    """Bytes that are not a JSON-RPC message."""


class TooManyMessages(MalformedMessage):
    """A batch of more messages than are read."""


class DuplicateRequest(ProxyError):
    """A request id that is still in flight in the same session."""


class InvalidToken(ProxyError):
    """A bearer token that does not let its bearer in; empty where the reason is not disclosed."""


class UnknownKey(ProxyError):
    """A bearer token that is signed by a key which is not, or not yet, known."""


class UnusableKeys(ProxyError):
    """An issuer's keys cannot be fetched, or read; the message says why."""
