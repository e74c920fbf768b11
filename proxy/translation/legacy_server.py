"""Modern clients at a legacy server, in a session that the proxy has opened.

Ids and progress tokens are rewritten; `server/discover` is answered from `initialize`'s result;
`subscriptions/listen` becomes `resources/subscribe` and a filter over what the server announces;
the log level of a request becomes `logging/setLevel`. What the server asks meanwhile (sampling,
elicitation, roots) ends the client's request as `input_required`, while the server's side waits;
the client's next request, by its `requestState`, answers it and replaces the first.
"""

from collections.abc import Callable

from msgspec import Raw

from ..jsonrpc import ids, methods
from ..jsonrpc.members import Fields, encode, members, members_or_empty, raw
from . import results
from .effects import Answer, Changed, Effects, Push, Send
from .id_map import IdMap, TranslatedRequest, progress
from .parameters import Parameters
from .request import (
    JsonRpcError,
    Request,
    cancellation,
    identity,
    mapping,
    plain,
    request,
    result,
    text,
)
from .rules import NO_SUCH_METHOD
from .subscription import Subscription, wanted

UNKNOWN_STATE = JsonRpcError(methods.INVALID_PARAMS, "requestState is unknown, or its time is over")
_OTHER_REQUEST = JsonRpcError(methods.INVALID_PARAMS, "requestState belongs to another request")
_NOBODY_ASKS = JsonRpcError(
    methods.METHOD_NOT_FOUND, "no request in flight could be asked for that"
)
_TOO_MANY = JsonRpcError(methods.INVALID_REQUEST, "too many questions wait for the client's input")
_NO_INPUT = JsonRpcError(methods.INVALID_REQUEST, "the client gave no input")


MOST_QUESTIONS = 32
QUESTIONS_LIMIT = 1024 * 1024
"""Questions of a server, and their bytes, that may wait for the client of one request."""


class _Asking:
    """What the server asked while it works on a request: by the name that the client gets, the
    request and the server's id for it.

    `answer` is the server's own answer, if it did not wait for its client's. `size` is how many
    bytes of questions there were.
    """

    __slots__ = ("answer", "count", "ids", "requests", "size", "state")

    def __init__(self, state: str) -> None:
        self.state = state
        self.count = 0
        self.size = 0
        self.ids: dict[str, Raw] = {}
        self.requests: dict[str, object] = {}
        self.answer: Fields | None = None


class LegacyServer:
    """One session. `opened` is the result of `initialize`; `mint` makes unguessable states.

    What the server lists is notified to `parameters`.
    """

    def __init__(
        self,
        opened: Raw,
        capabilities: Raw | None,
        mint: Callable[[], str],
        parameters: Parameters,
    ) -> None:
        self._parameters = parameters
        self._opened = members({"result": opened}, "result")
        self._offers = members_or_empty(self._opened, "capabilities")
        self._client = mapping(plain(capabilities))
        self._mint = mint
        self._id_map = IdMap[TranslatedRequest]()
        self._listening: dict[int, Subscription] = {}
        self._subscribing: dict[str, tuple[int, str]] = {}
        self._asking: dict[int, _Asking] = {}
        self._level = ""
        self._own = 0

    def __repr__(self) -> str:
        return f"<LegacyServer {self._id_map!r} asking={list(self._asking)}>"

    @property
    def busy(self) -> bool:
        """Whether a request is in flight, or waits for input."""
        return bool(self._id_map)

    def waits(self, number: int) -> bool:
        """Whether a request waits for input of its client."""
        return number in self._asking

    def can_serve(self, request: Request) -> bool:
        """Whether the session can serve this request concurrently with its others.

        A legacy server says of no question, and of no log message, which request it is about.
        """
        others = (each.request for each in self._id_map)
        return not (self._alone(request) and any(map(self._alone, others)))

    def ask(self, request: Request) -> tuple[int, Effects]:
        """Begin a request: its number, and the effects."""
        mapped = TranslatedRequest(request)
        self._id_map.add(mapped)
        if request.method == methods.DISCOVER:
            return mapped.number, self._complete(mapped, results.discovery(self._opened))
        if request.method == methods.LISTEN:
            return mapped.number, self._listen(mapped)
        if request.method in methods.REMOVED_METHODS:
            self._id_map.pop(mapped.number)
            return mapped.number, [Answer(mapped.number, NO_SUCH_METHOD.answer(mapped.id))]
        return mapped.number, [*self._set_level(request), self._forward(mapped)]

    def resume(self, request: Request) -> tuple[int, Effects] | JsonRpcError:
        """Continue an earlier request with the input that it required."""
        state = text(request.params.get("requestState"))
        number = next((each for each, asking in self._asking.items() if asking.state == state), 0)
        mapped = self._id_map.get(number)
        if mapped is None:
            return UNKNOWN_STATE
        if _target(mapped.request) != _target(request):
            return _OTHER_REQUEST
        mapped.adopt(request)
        return number, self._inform(mapped, self._asking[number], request)

    def knows(self, state: str) -> bool:
        """Whether a request waits for input under that state."""
        return any(each.state == state for each in self._asking.values())

    def cancel(self, number: int) -> Effects:
        """The client no longer waits for that request."""
        if self._id_map.pop(number) is None:
            return []
        subscription = self._listening.pop(number, None)
        if subscription is not None:
            waiting = self._subscribing.items()
            self._subscribing = {own: each for own, each in waiting if each[0] != number}
            return self._unsubscribe(subscription)
        asking = self._asking.pop(number, None)
        unanswered = () if asking is None else asking.ids.values()
        refusals = [Send(_NO_INPUT.answer(each)) for each in unanswered]
        return [*refusals, Send(cancellation(number))]

    def announce(self, changed: Changed) -> Effects:
        """Notify subscribers of a change."""
        pushes = (
            (number, each.select(changed.method, changed.fields))
            for number, each in self._listening.items()
        )
        return [Push(number, message) for number, message in pushes if message is not None]

    def receive(self, message: Fields) -> Effects:
        """Handle a message of the server; late responses are dropped."""
        if "method" not in message:
            return self._handle_response(message)
        method = text(message["method"])
        if "id" in message:
            return self._handle_request(method, message)
        return self._handle_notification(method, message)

    def _alone(self, request: Request) -> bool:
        """Whether an unsolicited message of the server could concern this request."""
        may_ask = request.method in methods.INPUT_METHODS and any(
            each in self._client for each in methods.INPUTS.values()
        )
        return may_ask or methods.LOG_LEVEL_KEY in request.meta

    def _forward(self, mapped: TranslatedRequest) -> Send:
        request = mapped.request
        meta = mapped.with_mapped_token()
        kept = {name: value for name, value in meta.items() if name not in methods.REQUEST_KEYS}
        params = {
            name: value
            for name, value in request.params.items()
            if name not in ("inputResponses", "requestState")
        }
        return Send(request.encoded(mapped.number, params, kept))

    def _set_level(self, asking: Request) -> Effects:
        level = text(asking.meta.get(methods.LOG_LEVEL_KEY))
        if level in ("", self._level) or "logging" not in self._offers:
            return []
        self._level = level
        return [Send(request(self._mint_own(), methods.SET_LEVEL, {"level": level}))]

    def _listen(self, mapped: TranslatedRequest) -> Effects:
        honored = wanted(mapped.request.params.get("notifications"), self._offers)
        subscription = self._listening[mapped.number] = Subscription(mapped.id, honored)
        if not subscription.waiting:
            return [Push(mapped.number, subscription.acknowledged())]
        asked: Effects = []
        for uri in subscription.uris:
            own = self._mint_own()
            self._subscribing[own] = (mapped.number, uri)
            asked.append(Send(request(own, methods.SUBSCRIBE, {"uri": uri})))
        return asked

    def _unsubscribe(self, subscription: Subscription) -> Effects:
        kept = {uri for each in self._listening.values() for uri in each.uris}
        return [
            Send(request(self._mint_own(), methods.UNSUBSCRIBE, {"uri": uri}))
            for uri in subscription.uris
            if uri not in kept
        ]

    def _handle_response(self, message: Fields) -> Effects:
        number = identity(message.get("id"))
        if isinstance(number, str) and ids.number(number) is None:
            return self._subscribed(number, agreed="error" not in message)
        mapped = self._id_map.answered(message)
        if mapped is None or mapped.number in self._listening:
            return []
        asking = self._asking.get(mapped.number)
        if asking is not None:
            asking.answer = message
            return []
        return self._finish(mapped, message)

    def _finish(self, mapped: TranslatedRequest, message: Fields) -> Effects:
        if "error" not in message:
            return self._complete(mapped, message.get("result", raw({})))
        elicitations = results.url_elicitations(message["error"])
        if elicitations is not None:
            return self._elicit(mapped, elicitations)
        self._id_map.pop(mapped.number)
        failed = {**message, "error": results.error(message["error"])}
        return [Answer(mapped.number, mapped.answer(failed))]

    def _complete(self, mapped: TranslatedRequest, found: Raw) -> Effects:
        self._id_map.pop(mapped.number)
        if mapped.method == methods.TOOLS_LIST:
            self._parameters.learn(plain(members({"result": found}, "result").get("tools")))
        completed = results.complete(mapped.method, found, self._opened.get("serverInfo"))
        return [Answer(mapped.number, result(mapped.id, completed))]

    def _elicit(self, mapped: TranslatedRequest, elicitations: dict[str, object]) -> Effects:
        """Send the user to the URLs; the client's next request is a new one."""
        self._id_map.pop(mapped.number)
        offered = mapping(self._client.get("elicitation"))
        if "url" not in offered or mapped.method not in methods.INPUT_METHODS:
            needed: object = {"requiredCapabilities": {"elicitation": {"url": {}}}}
            refused = JsonRpcError(
                methods.MISSING_CAPABILITY, "elicitation by URL is needed", needed
            )
            return [Answer(mapped.number, refused.answer(mapped.id))]
        required = results.input_required(elicitations, "")
        return [Answer(mapped.number, result(mapped.id, required))]

    def _subscribed(self, own: str, *, agreed: bool) -> Effects:
        number, uri = self._subscribing.pop(own, (0, ""))
        subscription = self._listening.get(number)
        if subscription is None or not subscription.confirm(uri, agreed=agreed):
            return []
        return [Push(number, subscription.acknowledged())]

    def _handle_request(self, method: str, message: Fields) -> Effects:
        server_id = message["id"]
        if method == methods.PING:
            return [Send(result(server_id, {}))]
        mapped = next((each for each in self._id_map if each.method in methods.INPUT_METHODS
                       and self._alone(each.request)), None)  # fmt: skip
        if mapped is None or methods.INPUTS.get(method) not in self._client:
            return [Send(_NOBODY_ASKS.answer(server_id))]
        client_waits = mapped.number not in self._asking
        asking = self._asking.setdefault(mapped.number, _Asking(self._mint()))
        asking.size += sum(map(len, map(bytes, message.values())))
        if len(asking.ids) >= MOST_QUESTIONS or asking.size > QUESTIONS_LIMIT:
            return [Send(_TOO_MANY.answer(server_id))]
        asking.count += 1
        name = f"input-{asking.count}"
        asking.ids[name] = server_id
        asking.requests[name] = _question(method, message)
        return self._require(mapped, asking) if client_waits else []

    def _inform(self, mapped: TranslatedRequest, asking: _Asking, brought: Request) -> Effects:
        """Forward the client's input; ask again for what is still missing."""
        if asking.answer is not None:
            del self._asking[mapped.number]
            return self._finish(mapped, asking.answer)
        sent: Effects = []
        for name, response in members(brought.params, "inputResponses").items():
            if name in asking.ids:
                del asking.requests[name]
                sent.append(Send(result(asking.ids.pop(name), response)))
        if asking.ids:
            asking.state = self._mint()
            return [*sent, *self._require(mapped, asking)]
        del self._asking[mapped.number]
        return sent

    def _require(self, mapped: TranslatedRequest, asking: _Asking) -> Effects:
        required = results.input_required(asking.requests, asking.state)
        return [Answer(mapped.number, result(mapped.id, required))]

    def _handle_notification(self, method: str, message: Fields) -> Effects:
        if method == methods.PROGRESS:
            return progress(self._id_map, message)
        if method == methods.UPDATED or method in methods.LIST_CHANGES:
            return [Changed(method, message)]
        if method == methods.LOG:
            logging = [each for each in self._id_map if each.wants_logs]
            return [Push(each.number, encode(message)) for each in logging[:1]]
        return []

    def _mint_own(self) -> str:
        self._own += 1
        return f"proxy-{self._own}"


def _target(request: Request) -> tuple[str, str, str]:
    params = request.params
    return request.method, text(params.get("name")), text(params.get("uri"))


def _question(method: str, message: Fields) -> dict[str, object]:
    params = mapping(plain(message.get("params")))
    if method == "elicitation/create":
        params = results.without_id(params)
    return {"method": method, "params": params}
