"""Calls that their client gives up by a message: a cancellation, or the DELETE of its session.

Such a message counts once the server accepted it, so that no client that the server refuses can end
the calls of others. Until then it is pending: two connections are not in order, so a server may end
a call before the proxy has read that it accepted the message.
"""

from collections import Counter

from ..calls.client_request import ClientRequest
from ..in_flight import Finished
from ..jsonrpc.message import NO_PARAMS, RequestId
from ..jsonrpc.methods import CANCELLED as CANCELLED_METHOD
from ..outcome import CANCELLED
from ..telemetry.catalogue import Outcome

Cancellation = tuple[str, RequestId | None]
"""A session and the id of a call; None for all calls of the session."""

_STANDS = frozenset((Outcome.OK, Outcome.TIMEOUT, Outcome.CANCELLED))
"""Outcomes that no pending withdrawal changes: the server answered, or never would have."""


def cancellations(client_request: ClientRequest) -> tuple[Cancellation, ...]:
    """The calls that a client's message gives up; without a session they are not known."""
    session = client_request.info.session
    if not session or len(client_request.messages) == len(client_request.calls) > 0:
        return ()
    if client_request.info.method == "DELETE":
        return ((session, None),)
    asked = [
        (message.params or NO_PARAMS).request_id
        for message in client_request.messages
        if message.method == CANCELLED_METHOD
    ]
    return tuple([(session, each) for each in asked if each is not None])


class PendingCancellations:
    """The withdrawals that no server has answered yet: how often each is `open`."""

    def __init__(self) -> None:
        self.open: Counter[Cancellation] = Counter()

    def __repr__(self) -> str:
        return f"<PendingCancellations {dict(self.open)}>"

    def begin(self, client_request: ClientRequest) -> None:
        """A client's message is passed on."""
        self.open.update(cancellations(client_request))

    def end(self, client_request: ClientRequest) -> None:
        """The server answered it, or never will."""
        for each in cancellations(client_request):
            self.open[each] -= 1
            if not self.open[each]:
                del self.open[each]

    def reclassify(self, finished: Finished) -> Finished:
        """The outcome of a call: cancelled, if it failed while its cancellation was pending."""
        call = finished.call
        if finished.outcome.outcome in _STANDS:
            return finished
        withdrawn = (call.session, call.id) in self.open or (call.session, None) in self.open
        return Finished(call, CANCELLED) if withdrawn else finished
