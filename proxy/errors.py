"""The errors of the proxy.

Each message names the thing, its value and what is allowed or what to do.
"""


class ProxyError(Exception):
    """Base of all errors that the proxy raises itself."""


class SettingsError(ProxyError):
    """A setting that is unknown, malformed or impossible; ends the program with exit code 2."""


class MalformedHead(ProxyError):
    """An HTTP head that is not valid HTTP/1.1, or could be request smuggling."""


class MalformedBody(ProxyError):
    """An HTTP body whose chunked framing is broken."""


class UnfollowedRedirect(ProxyError):
    """A redirect of the server that a request does not follow."""


class MalformedMessage(ProxyError):
    """Bytes that are not a JSON-RPC message."""


class TooManyMessages(MalformedMessage):
    """A batch of too many messages."""


class DuplicateRequest(ProxyError):
    """A request id that is still in flight in the same session."""


class InvalidToken(ProxyError):
    """An invalid bearer token; the text is empty if the reason must not be disclosed."""


class UnknownKey(ProxyError):
    """A bearer token signed by an unknown key."""


class UnusableKeys(ProxyError):
    """An issuer's keys cannot be fetched, or read; the message says why."""
