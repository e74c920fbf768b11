"""Modern clients at a modern server whose one channel they share, as stdio has it.

Only what many clients would clash in is rewritten: request ids, progress tokens, subscription
ids. A log message names no request (2026-07-28, "stdio", Receiving Messages), so it is passed on
only while a single request asked for such messages.
"""

from ..jsonrpc import methods
from ..jsonrpc.members import Fields, encode, inside
from .effects import Answer, Close, Effects, Push, Send
from .id_map import Ticket, Tickets, numbered
from .parameters import Parameters
from .request import Refused, Request, cancellation, identity, plain, text, with_meta


class ModernServer:
    """The requests in flight on one channel. What the server lists is told to `parameters`."""

    def __init__(self, parameters: Parameters) -> None:
        self._tickets = Tickets()
        self._parameters = parameters

    def __repr__(self) -> str:
        return f"<ModernServer {self._tickets!r}>"

    def can_take(self, request: Request) -> bool:
        """Whether the channel serves this request beside those it has."""
        wants_logs = methods.LOG_LEVEL_KEY in request.meta
        return not (wants_logs and any(each.wants_logs for each in self._tickets))

    def ask(self, request: Request) -> tuple[int, Effects]:
        """Take up a request: its ticket, and what is to be done."""
        ticket = self._tickets.issue(request)
        meta = numbered(request, ticket.number)
        return ticket.number, [Send(request.encoded(ticket.number, request.params, meta))]

    def cancel(self, number: int) -> Effects:
        """Nobody waits for that request any more."""
        return [] if self._tickets.take(number) is None else [Send(cancellation(number))]

    def receive(self, message: Fields) -> Effects:
        """Take a message of the server; late answers come to nothing."""
        if "method" not in message:
            return self._answered(message)
        if "id" in message:
            refusal = Refused(methods.METHOD_NOT_FOUND, "a server asks by input_required results")
            return [Send(refusal.answer(message["id"]))]
        return self._notified(text(message["method"]), message)

    def _answered(self, message: Fields) -> Effects:
        ticket = self._tickets.answered(message)
        if ticket is None:
            return []
        self._tickets.take(ticket.number)
        if ticket.method == methods.LIST_TOOLS and "result" in message:
            self._parameters.learn(plain(inside(message, "result").get("tools")))
        if ticket.method == methods.LISTEN and "result" in message:
            told = {**message, "id": ticket.id}
            named = with_meta(told, "result", methods.SUBSCRIPTION_KEY, ticket.id)
            return [Answer(ticket.number, named)]
        return [Answer(ticket.number, ticket.answer(message))]

    def _notified(self, method: str, message: Fields) -> Effects:
        params = inside(message, "params")
        if method == methods.PROGRESS:
            ticket = self._tickets.get(identity(params.get("progressToken")))
            push = None if ticket is None else ticket.progress(message)
            return [] if push is None else [push]
        if method == methods.CANCELLED:
            return self._closed(self._tickets.get(identity(params.get("requestId"))))
        subscription = inside(params, "_meta").get(methods.SUBSCRIPTION_KEY)
        if subscription is not None:
            return self._subscribed(self._tickets.get(identity(subscription)), message)
        logging = [each for each in self._tickets if each.wants_logs]
        if method == methods.LOG and len(logging) == 1:
            return [Push(logging[0].number, encode(message))]
        return []

    def _closed(self, ticket: Ticket | None) -> Effects:
        """The server may cancel a subscription only (2026-07-28, "Cancellation")."""
        if ticket is None or ticket.method != methods.LISTEN:
            return []
        self._tickets.take(ticket.number)
        return [Close(ticket.number)]

    def _subscribed(self, ticket: Ticket | None, message: Fields) -> Effects:
        if ticket is None:
            return []
        named = with_meta(message, "params", methods.SUBSCRIPTION_KEY, ticket.id)
        return [Push(ticket.number, named)]
