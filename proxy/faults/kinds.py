"""What the real transport of each kind reports when its server has a fault."""

from collections.abc import Sequence
from time import perf_counter

from ..http.error_response import HttpError
from ..jsonrpc.message import RequestId
from ..outcome import INVALID_RESPONSE, UNREACHABLE, classify_http
from ..transports.base import TransportListener
from ..transports.stdio import StdioTransport
from .effects import BROKEN
from .transport import FaultyTransport

_UNANSWERED = "the server's stream ended without an answer"
_CUT = "the upstream closed the connection before its answer was complete"
_EXPIRED = "the server ended the session"
_ENDED = "the server ended its event stream"


class FaultyStdio(FaultyTransport):
    """A stdio server: `crash` kills its process, of which the transport reports the end."""

    def crash(self) -> None:
        if isinstance(self._transport, StdioTransport) and not self.probing:
            self._transport.crash()

    def on_malformed(self, owner: TransportListener, request_id: RequestId) -> None:
        """The call waits on."""
        owner.on_message(BROKEN, perf_counter())


class FaultyStateless(FaultyTransport):
    """A streamable HTTP server of 2026-07-28, which has no sessions to end."""

    in_session = False

    def on_malformed(self, owner: TransportListener, request_id: RequestId) -> None:
        owner.on_message(BROKEN, perf_counter())
        owner.on_undelivered((request_id,), INVALID_RESPONSE, _UNANSWERED)

    def on_cut(self, owner: TransportListener, request_id: RequestId) -> None:
        owner.on_undelivered((request_id,), UNREACHABLE, _CUT)


class FaultyStreamable(FaultyStateless):
    """A session at a streamable HTTP server."""

    in_session = True

    def on_expired(self, owner: TransportListener, requests: Sequence[RequestId]) -> None:
        self.end()
        owner.on_closed(UNREACHABLE, _EXPIRED)


class FaultySse(FaultyTransport):
    """A session at an HTTP+SSE server, which ends with its stream."""

    def on_malformed(self, owner: TransportListener, request_id: RequestId) -> None:
        """The call waits on."""
        owner.on_message(BROKEN, perf_counter())

    def on_cut(self, owner: TransportListener, request_id: RequestId) -> None:
        self.end()
        owner.on_closed(UNREACHABLE, _ENDED)

    def on_expired(self, owner: TransportListener, requests: Sequence[RequestId]) -> None:
        error = HttpError(404, b"", in_session=True, own=True)
        owner.on_undelivered(requests, classify_http(error), error.text)
