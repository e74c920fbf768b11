"""Which client sent a request: by what it declares, by its session, or by its User-Agent."""

from msgspec import UNSET, Raw, UnsetType

from ..calls.session_clients import SessionClients
from ..http.head import HeadCache
from ..http.request_policy import RequestInfo
from ..jsonrpc import codec
from ..jsonrpc.message import NO_META, NO_PARAMS, Message
from ..jsonrpc.methods import INITIALIZE
from ..telemetry.client_info import UNKNOWN_CLIENT, ClientInfo, client_info


class ClientIdentifier:
    """Names the client of each request; `sessions` are those that are open."""

    __slots__ = ("_declared", "_sessions")

    def __init__(self, sessions: SessionClients) -> None:
        self._sessions = sessions
        self._declared = HeadCache(_read)

    def __repr__(self) -> str:
        return f"<ClientIdentifier {self._sessions!r}>"

    def identify(self, message: Message, info: RequestInfo) -> ClientInfo:
        """The client of a request: declared in `_meta` or `initialize`, else its session's, else
        the product of User-Agent, else `UNKNOWN_CLIENT`.
        """
        declared = _declared(message)
        if declared is not UNSET:
            client = self._declared(bytes(declared))
            if client is not UNKNOWN_CLIENT:
                return client
        session = info.session
        return (self._sessions.get(session) if session else None) or info.product


def _declared(message: Message) -> Raw | UnsetType:
    """`clientInfo`: of each request in the stateless era, else of the one that opens a session."""
    params = message.params or NO_PARAMS
    declared = (params.meta or NO_META).client_info
    if declared is UNSET and message.method == INITIALIZE:
        return params.client_info
    return declared


def _read(declared: bytes) -> ClientInfo:
    return client_info(*codec.implementation(declared))
