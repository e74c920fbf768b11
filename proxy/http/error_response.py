"""HTTP error responses of a server: its text as one line, and what to change."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

LONGEST = 200
"""Characters of a server's error text that are passed on."""
UNAUTHORIZED = 401
"""Its body is an error of OAuth (RFC 6750), whose `error` looks like one of JSON-RPC."""
_READ = 4096
"""Bytes of a body in which they are looked for."""

_NAMES = ("error_description", "message", "detail", "title", "error")
"""Members in which frameworks say it: RFC 6749, Express, FastAPI, RFC 9457."""

_UNSEEN = re.compile(r"<(head|style|script)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


_PATH = "check the path of --upstream"
_TRANSPORT = (
    "and set --upstream-transport sse for HTTP+SSE, --upstream-transport streamable-http else"
)
_HOST = "the server does not serve the host of --upstream: allow it there, or name another"


class HttpError(NamedTuple):
    """An HTTP answer in place of one to a message, or, if `sse`, of the event stream of HTTP+SSE.

    In a session of the server 404 says that the session is over (specification, "Session
    Management"). What is acceptable (406) is a matter of the client, unless the request is the
    proxy's `own`. Servers of streamable HTTP answer 400 to a GET without a session. 403 is about a
    token or an Origin, unless the server speaks of the host.
    """

    status: int
    body: bytes = b""
    in_session: bool = False
    own: bool = False
    sse: bool = False

    @property
    def advice(self) -> str:
        """What the operator of the proxy must change; "" if it is not the operator's fault."""
        if self.status == 404:
            return "" if self.in_session else _PATH
        if self.status == 405 or (self.status == 406 and self.own) or self._no_stream:
            return f"{_PATH}, {_TRANSPORT}"
        if self.status == 421 or (self.status == 403 and b"host" in self.body[:_READ].lower()):
            return _HOST
        return ""

    @property
    def text(self) -> str:
        """One line: the status, the server's text, and the advice."""
        answered = f"the server answered {self.status}"
        line = f"{answered} and no event stream" if self.sse else f"{answered} to the message"
        return ": ".join(filter(None, (line, refusal_text(self.body), self.advice)))

    @property
    def _no_stream(self) -> bool:
        return self.sse and (self.status < 300 or self.status == 400)


def refusal_text(body: bytes) -> str:
    """The human-readable text of a body, in printable characters; "" if there is none."""
    text = _said_in_json(body) or body[:_READ].decode("utf-8", "replace")
    if text.lstrip().startswith("<"):
        text = _UNSEEN.sub(" ", text)
    elif text.lstrip()[:1] in ("{", "["):
        return ""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."


def _said_in_json(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    inner = found.get("error") if isinstance(found, Mapping) else None
    for holder in (inner, found):
        if isinstance(holder, Mapping):
            said = (holder.get(name) for name in _NAMES)
            text = next((each for each in said if isinstance(each, str) and each), "")
            if text:
                return text
    return found if isinstance(found, str) else ""
