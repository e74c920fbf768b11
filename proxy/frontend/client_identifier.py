"""Which client sent a request: by its declaration, its session, or its User-Agent."""

import re
from typing import Final

from msgspec import UNSET

from ..calls.session_clients import SessionClients
from ..http.head import HeadCache
from ..http.request_policy import RequestInfo
from ..in_flight import Call
from ..jsonrpc import codec
from ..jsonrpc.methods import INITIALIZE
from ..telemetry.client_info import UNKNOWN_CLIENT, ClientInfo, client_info

_UNSET: Final = UNSET
"""As a name of the module, which the compiler reads without looking it up."""

_KEYS = re.compile(
    rb"(?im)^(?:authorization|cookie|x-mcp-[^:\r\n]*|[^:\r\n]*(?:key|token)):[^\r\n]*"
)


class ClientIdentifier:
    """Names the client of each request; `sessions` are those that are open."""

    __slots__ = ("_declared", "_sessions")

    def __init__(self, sessions: SessionClients) -> None:
        self._sessions = sessions
        self._declared = HeadCache(_read)

    def __repr__(self) -> str:
        return f"<ClientIdentifier {self._sessions!r}>"

    def identify(self, call: Call, info: RequestInfo) -> ClientInfo:
        """The client of a call: declared in `_meta` or `initialize`, else its session's, else the
        product of User-Agent, else `UNKNOWN_CLIENT`.
        """
        params = call.params
        # Each request of the stateless era has it, else the one that opens a session.
        meta = params.meta
        declared = _UNSET if meta is None else meta.client_info
        if declared is _UNSET and call.method == INITIALIZE:
            declared = params.client_info
        if declared is not _UNSET:
            client = self._declared(bytes(declared))
            if client is not UNKNOWN_CLIENT:
                return client
        session = info.session
        return (self._sessions.get(session) if session else None) or info.product


def shown_keys(info: RequestInfo) -> list[bytes]:
    """The header lines by which a request may show its server who sent it, or what it wants.

    GitHub's server, for one, lists by X-MCP-Toolsets.
    """
    return _KEYS.findall(info.forward)


def _read(declared: bytes) -> ClientInfo:
    return client_info(*codec.implementation(declared))
