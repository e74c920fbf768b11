"""Modern clients at a modern server whose one channel they share, as stdio has it.

Only what many clients would clash in is rewritten: request ids, progress tokens, subscription
ids. A log message names no request (2026-07-28, "stdio", Receiving Messages), so it is passed on
only while a single request asked for such messages.
"""

from ..jsonrpc import methods
from ..jsonrpc.members import Fields, encode, members_or_empty
from .effects import Answer, Close, Effects, Push, Send
from .id_map import IdMap, TranslatedRequest, progress
from .parameters import Parameters
from .request import JsonRpcError, Request, cancellation, identity, plain, text, with_meta


class ModernServer:
    """The requests in flight on one channel. What the server lists is notified to `parameters`."""

    def __init__(self, parameters: Parameters) -> None:
        self._id_map = IdMap[TranslatedRequest]()
        self._parameters = parameters

    def __repr__(self) -> str:
        return f"<ModernServer {self._id_map!r}>"

    def can_serve(self, request: Request) -> bool:
        """Whether the channel can serve this request concurrently with its others."""
        wants_logs = methods.LOG_LEVEL_KEY in request.meta
        return not (wants_logs and any(each.wants_logs for each in self._id_map))

    def ask(self, request: Request) -> tuple[int, Effects]:
        """Begin a request: its number, and the effects."""
        mapped = TranslatedRequest(request)
        number = self._id_map.add(mapped)
        meta = mapped.with_mapped_token()
        return number, [Send(request.encoded(number, request.params, meta))]

    def cancel(self, number: int) -> Effects:
        """The client no longer waits for that request."""
        return [] if self._id_map.pop(number) is None else [Send(cancellation(number))]

    def receive(self, message: Fields) -> Effects:
        """Handle a message of the server; late responses are dropped."""
        if "method" not in message:
            return self._handle_response(message)
        if "id" in message:
            rejection = JsonRpcError(
                methods.METHOD_NOT_FOUND, "a server asks by input_required results"
            )
            return [Send(rejection.answer(message["id"]))]
        return self._handle_notification(text(message["method"]), message)

    def _handle_response(self, message: Fields) -> Effects:
        mapped = self._id_map.answered(message)
        if mapped is None:
            return []
        self._id_map.pop(mapped.number)
        if mapped.method == methods.TOOLS_LIST and "result" in message:
            self._parameters.learn(plain(members_or_empty(message, "result").get("tools")))
        if mapped.method == methods.LISTEN and "result" in message:
            answer = {**message, "id": mapped.id}
            named = with_meta(answer, "result", methods.SUBSCRIPTION_KEY, mapped.id)
            return [Answer(mapped.number, named)]
        return [Answer(mapped.number, mapped.answer(message))]

    def _handle_notification(self, method: str, message: Fields) -> Effects:
        params = members_or_empty(message, "params")
        if method == methods.PROGRESS:
            return progress(self._id_map, message)
        if method == methods.CANCELLED:
            return self._closed(self._id_map.get(identity(params.get("requestId"))))
        subscription = members_or_empty(params, "_meta").get(methods.SUBSCRIPTION_KEY)
        if subscription is not None:
            return self._subscribed(self._id_map.get(identity(subscription)), message)
        logging = [each for each in self._id_map if each.wants_logs]
        if method == methods.LOG and len(logging) == 1:
            return [Push(logging[0].number, encode(message))]
        return []

    def _closed(self, mapped: TranslatedRequest | None) -> Effects:
        """The server may cancel only subscriptions (2026-07-28, "Cancellation")."""
        if mapped is None or mapped.method != methods.LISTEN:
            return []
        self._id_map.pop(mapped.number)
        return [Close(mapped.number)]

    def _subscribed(self, mapped: TranslatedRequest | None, message: Fields) -> Effects:
        if mapped is None:
            return []
        named = with_meta(message, "params", methods.SUBSCRIPTION_KEY, mapped.id)
        return [Push(mapped.number, named)]
