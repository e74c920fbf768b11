"""A legacy client's session at a modern server.

`initialize` is answered from `server/discover`; every request gets the `_meta` that a modern
server needs; `logging/setLevel` is remembered and put there too; `resources/subscribe` and the
changes of lists come by one `subscriptions/listen`; an `input_required` result asks the client by
requests, as its revision has it, and its answers go with the request sent again.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Raw

from ..jsonrpc import ids, methods
from ..jsonrpc.members import Fields, encode, members, members_or_empty, raw
from .effects import Cancel, Resubscribe, RetryAfter, Send, SendToClient, SessionEffects
from .id_map import IdMap, MappedRequest
from .opening import modern_meta, speaks_modern
from .request import (
    JsonRpcError,
    Request,
    identity,
    mapping,
    plain,
    request,
    result,
    text,
    with_meta,
)
from .versions import LATEST_LEGACY, LEGACY_VERSIONS

MOST_ROUNDS = 100
"""How often one request may be answered by `input_required` before it is given up."""
PAUSE_SECONDS = 0.25
"""Before a request is sent again that its server answered by a state only, so that it may work."""

_CLOSED: Fields = {"result": raw({})}
_UNNAMED = {"name": "unnamed", "version": "0"}
_NO_LEVEL = JsonRpcError(methods.INVALID_PARAMS, "level is not a log level")
_NO_LOGGING = JsonRpcError(methods.METHOD_NOT_FOUND, "the server has no logging")
_NOT_HONORED = JsonRpcError(
    methods.INVALID_PARAMS, "the server does not notify of updates of that resource"
)
MOST_URIS = 1000
LONGEST_URI = 2048
"""Resources that a session may subscribe to, and characters of the name of one."""
_TOO_MUCH = JsonRpcError(
    methods.INVALID_PARAMS,
    f"a session subscribes to {MOST_URIS} resources of {LONGEST_URI} characters at most",
)
_NOT_ASKED = JsonRpcError(methods.METHOD_NOT_FOUND, "a server asks by input_required results")
_NOT_MODERN = JsonRpcError(methods.INTERNAL_ERROR, "the server does not speak 2026-07-28")
_ENDLESS = JsonRpcError(methods.INTERNAL_ERROR, f"the server asked for input {MOST_ROUNDS} times")
_UNKNOWN_TYPE = JsonRpcError(methods.INTERNAL_ERROR, "the server gave a result of an unknown type")


class _Round(NamedTuple):
    """A request that waits for input of its client: the names by the ids of our requests."""

    call: "_Call"
    state: Raw | None
    waiting: dict[str, str]
    responses: Fields


class _Call(MappedRequest):
    """A client's request; it gets another number each time it is sent again."""

    __slots__ = ("request", "round", "rounds")

    def __init__(self, asked: Request) -> None:
        super().__init__(asked.id)
        self.request = asked
        self.rounds = 0
        self.round: _Round | None = None


class LegacyClient:
    """One session, from the proxy's response to `initialize` on."""

    def __init__(self) -> None:
        self._client_info: Raw | None = None
        self._capabilities: Raw | None = None
        self._offers: Fields = {}
        self._level: Raw | None = None
        self._greeting: Request | None = None
        self._discovering = 0
        self._calls = IdMap[_Call]()
        self._questions: dict[str, _Round] = {}
        self._listening = 0
        self._superseded: set[int] = set()
        self._uris: list[str] = []
        self._subscribing: list[tuple[int, Raw, str]] = []

    def __repr__(self) -> str:
        return f"<LegacyClient {self._calls!r} listening={self._listening}>"

    def handle_client(self, data: bytes) -> SessionEffects:
        """Handle a message of the client. Raises MalformedMessage."""
        asked = Request(data)
        if "method" not in asked.fields:
            return self._handle_client_response(asked.fields)
        if "id" not in asked.fields:
            return self._handle_client_notification(asked)
        handlers: dict[str, Callable[[Request], SessionEffects]] = {
            methods.INITIALIZE: self._initialize,
            methods.PING: lambda each: [SendToClient(result(each.id, {}))],
            methods.SET_LEVEL: self._set_level,
            methods.SUBSCRIBE: self._subscribe,
            methods.UNSUBSCRIBE: self._unsubscribe,
        }
        handle = handlers.get(asked.method)
        return self._forward(_Call(asked)) if handle is None else handle(asked)

    def handle_server(self, message: Fields) -> SessionEffects:
        """Handle a message of the server. Raises MalformedMessage."""
        if "method" not in message:
            return self._handle_server_response(self._match(message), message)
        if "id" in message:
            return [Send(_NOT_ASKED.answer(message["id"]))]
        return self._handle_server_notification(text(message["method"]), message)

    def retry(self, number: int) -> SessionEffects:
        """A pause is over: send a request again that only had to wait."""
        call = self._calls.get(number)
        return [] if call is None or call.round is None else self._again(call.round)

    def on_undelivered(self, number: object) -> tuple[Request | None, SessionEffects]:
        """A message did not reach the server: the client's request that it belongs to."""
        if not isinstance(number, int):
            return None, []
        if number == self._discovering:
            greeting, self._greeting, self._discovering = self._greeting, None, 0
            return greeting, []
        if number == self._listening or number in self._superseded:
            return None, self._stream_ended(number, _CLOSED)
        call = self._calls.pop(number)
        return None if call is None else call.request, []

    def listen(self) -> SessionEffects:
        """Open a stream of all changes subscribed to now; it replaces the previous one."""
        wanted: dict[str, object] = {
            name: True
            for name, capability in methods.LIST_CHANGES.values()
            if mapping(plain(self._offers.get(capability))).get("listChanged") is True
        }
        if self._uris:
            wanted["resourceSubscriptions"] = self._uris
        replaced, self._listening = self._listening, 0
        if not wanted:
            return [Cancel(replaced)] if replaced else []
        if replaced:
            self._superseded.add(replaced)
        self._listening = self._calls.next_number()
        params = {"_meta": self._meta(), "notifications": wanted}
        return [Send(request(self._listening, methods.LISTEN, params))]

    def _initialize(self, asked: Request) -> SessionEffects:
        self._greeting = asked
        self._client_info = asked.params.get("clientInfo")
        offered = dict(mapping(plain(asked.params.get("capabilities"))))
        offered.pop("tasks", None)
        if "roots" in offered:
            offered["roots"] = {}
        self._capabilities = raw(offered)
        self._discovering = self._calls.next_number()
        return [Send(request(self._discovering, methods.DISCOVER, {"_meta": self._meta()}))]

    def _set_level(self, asked: Request) -> SessionEffects:
        level = asked.params.get("level")
        if "logging" not in self._offers:
            return [SendToClient(_NO_LOGGING.answer(asked.id))]
        if text(level) not in methods.LOG_LEVELS:
            return [SendToClient(_NO_LEVEL.answer(asked.id))]
        self._level = level
        return [SendToClient(result(asked.id, {}))]

    def _subscribe(self, asked: Request) -> SessionEffects:
        uri = text(asked.params.get("uri"))
        if uri not in self._uris:
            if len(self._uris) >= MOST_URIS or len(uri) > LONGEST_URI:
                return [SendToClient(_TOO_MUCH.answer(asked.id))]
            self._uris.append(uri)
        effects = self.listen()
        self._subscribing.append((self._listening, asked.id, uri))
        return effects

    def _unsubscribe(self, asked: Request) -> SessionEffects:
        uri = text(asked.params.get("uri"))
        answer = SendToClient(result(asked.id, {}))
        if uri not in self._uris:
            return [answer]
        self._uris.remove(uri)
        return [answer, *self.listen()]

    def _forward(self, call: _Call) -> SessionEffects:
        """Send a request, for the first time or again."""
        self._calls.add(call)
        params = dict(call.request.params)
        if call.round is not None:
            params["inputResponses"] = raw(call.round.responses)
            if call.round.state is not None:
                params["requestState"] = call.round.state
        call.round = None
        meta = {**call.request.meta, **self._meta()}
        return [Send(call.request.encoded(call.number, params, meta))]

    def _handle_client_notification(self, asked: Request) -> SessionEffects:
        if asked.method == methods.INITIALIZED:
            return self.listen()
        if asked.method == methods.CANCELLED:
            return self._cancelled(asked.params.get("requestId"))
        if asked.method in (methods.ROOTS_CHANGED, methods.PROGRESS):
            return []
        return [Send(encode(asked.fields))]

    def _cancelled(self, request_id: Raw | None) -> SessionEffects:
        wanted = plain(request_id)
        call = next((each for each in self._calls if plain(each.request.id) == wanted), None)
        if call is None:
            return []
        self._calls.pop(call.number)
        return [Cancel(call.number)] if call.round is None else []

    def _handle_client_response(self, message: Fields) -> SessionEffects:
        """Handle a response of the client."""
        round_ = self._questions.pop(text(message.get("id")), None)
        if round_ is None or round_.call.round is not round_ or not self._is_open(round_.call):
            return []
        if "result" not in message:
            self._calls.pop(round_.call.number)
            return [SendToClient(round_.call.answer(message))]
        round_.responses[round_.waiting.pop(text(message["id"]))] = message["result"]
        return [] if round_.waiting else self._again(round_)

    def _is_open(self, call: _Call) -> bool:
        return self._calls.get(call.number) is call

    def _again(self, round_: _Round) -> SessionEffects:
        self._calls.pop(round_.call.number)
        return self._forward(round_.call)

    def _match(self, answer: Fields) -> int | None:
        """The request that an answer is to: an error that names none is to the only one."""
        number = identity(answer.get("id"))
        waiting = [each.number for each in self._calls]
        if self._discovering:
            waiting.append(self._discovering)
        if number is None and "error" in answer and len(waiting) == 1:
            return waiting[0]
        return ids.number(number)

    def _handle_server_response(self, number: int | None, message: Fields) -> SessionEffects:
        if not number:
            return []
        if number == self._discovering:
            return self._discovered(message)
        if number == self._listening or number in self._superseded:
            return self._stream_ended(number, message)
        call = self._calls.get(number)
        if call is None or call.round is not None:
            return []
        kind = text(members(message, "result").get("resultType")) if "result" in message else ""
        if kind == "input_required":
            return self._require(call, members(message, "result"))
        self._calls.pop(number)
        if kind not in ("", "complete"):
            return [SendToClient(_UNKNOWN_TYPE.answer(call.id))]
        return [SendToClient(call.answer(message))]

    def _discovered(self, answer: Fields) -> SessionEffects:
        greeting, self._greeting, self._discovering = self._greeting, None, 0
        if greeting is None:
            return []
        if "result" not in answer or not speaks_modern(answer):
            refused = {**answer, "id": greeting.id}
            reply = encode(refused) if "error" in answer else _NOT_MODERN.answer(greeting.id)
            return [SendToClient(reply)]
        found = members(answer, "result")
        self._offers = members_or_empty(found, "capabilities")
        asked = text(greeting.params.get("protocolVersion"))
        initialized: dict[str, object] = {
            "protocolVersion": asked if asked in LEGACY_VERSIONS else LATEST_LEGACY,
            "capabilities": self._offers,
            "serverInfo": members_or_empty(found, "_meta").get(methods.SERVER_INFO_KEY, _UNNAMED),
        }
        if "instructions" in found:
            initialized["instructions"] = found["instructions"]
        return [SendToClient(result(greeting.id, initialized))]

    def _stream_ended(self, number: int, message: Fields) -> SessionEffects:
        """A stream of changes ended, by a response or a cancellation; another is opened later."""
        self._superseded.discard(number)
        effects: SessionEffects = []
        for place in [each for each in self._subscribing if each[0] == number]:
            self._subscribing.remove(place)
            self._forget(place[2])
            error = message.get("error", raw({"code": methods.INTERNAL_ERROR, "message": "closed"}))
            effects.append(SendToClient(encode({"jsonrpc": "2.0", "id": place[1], "error": error})))
        if number != self._listening or not number:
            return effects
        self._listening = 0
        return [*effects, Resubscribe()] if "result" in message else effects

    def _forget(self, uri: str) -> None:
        if uri in self._uris:
            self._uris.remove(uri)

    def _require(self, call: _Call, found: Fields) -> SessionEffects:
        call.rounds += 1
        if call.rounds > MOST_ROUNDS:
            self._calls.pop(call.number)
            return [SendToClient(_ENDLESS.answer(call.id))]
        round_ = call.round = _Round(call, found.get("requestState"), {}, {})
        questions: SessionEffects = []
        for name, question in members(found, "inputRequests").items():
            own = f"proxy-{self._calls.next_number()}"
            round_.waiting[own] = name
            self._questions[own] = round_
            questions.append(SendToClient(_question(own, mapping(plain(question)))))
        return questions or [RetryAfter(PAUSE_SECONDS, call.number)]

    def _handle_server_notification(self, method: str, message: Fields) -> SessionEffects:
        params = members_or_empty(message, "params")
        subscription = members_or_empty(params, "_meta").get(methods.SUBSCRIPTION_KEY)
        number = ids.number(identity(subscription))
        if method == methods.ACKNOWLEDGED:
            return self._acknowledged(number, params)
        if method == methods.CANCELLED:
            ended = ids.number(identity(params.get("requestId")))
            return [] if ended is None else self._stream_ended(ended, _CLOSED)
        if subscription is None:
            return [SendToClient(encode(message))]
        if number != self._listening and number not in self._superseded:
            return []
        return [SendToClient(with_meta(message, "params", methods.SUBSCRIPTION_KEY, None))]

    def _acknowledged(self, subscription: int | None, params: Fields) -> SessionEffects:
        if subscription != self._listening:
            return []
        honored = mapping(plain(params.get("notifications"))).get("resourceSubscriptions")
        uris = honored if isinstance(honored, list) else []
        effects: SessionEffects = [Cancel(each) for each in sorted(self._superseded)]
        self._superseded.clear()
        subscribing, self._subscribing = self._subscribing, []
        for _, request_id, uri in subscribing:
            if uri in uris:
                effects.append(SendToClient(result(request_id, {})))
            else:
                self._forget(uri)
                effects.append(SendToClient(_NOT_HONORED.answer(request_id)))
        return effects

    def _meta(self) -> Fields:
        meta = modern_meta(self._client_info, self._capabilities)
        if self._level is not None:
            meta[methods.LOG_LEVEL_KEY] = self._level
        return meta


def _question(own: str, question: Mapping[str, object]) -> bytes:
    """A request for a legacy client: an elicitation by URL gets an id."""
    params = dict(mapping(question.get("params")))
    if params.get("mode") == "url":
        params.setdefault("elicitationId", own)
    return request(own, str(question.get("method")), params)
