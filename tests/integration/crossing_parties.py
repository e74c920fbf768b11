"""Clients of both eras that do the same things, each in the way of its own revision."""

import json
from http.client import HTTPResponse
from typing import Any, NamedTuple, Protocol

from proxy.jsonrpc import methods
from tests.integration.modern import ModernClient, headers_of, meta
from tests.integration.proxies import RunningProxy, eventually
from tests.integration.sockets import Client, read_event

Json = dict[str, Any]

INPUT = {"roots": [], "action": "accept", "role": "assistant"}
"""What both clients answer whatever they are asked."""
CAPABILITIES: Json = {"roots": {}, "sampling": {}, "elicitation": {}}


class Response(NamedTuple):
    """The response to a request: the status, the messages before the answer, and the answer."""

    status: int
    before: list[Json]
    answer: Json

    @property
    def result(self) -> Json:
        """The result; fails if it is an error."""
        found: Json = self.answer["result"]
        return found

    @property
    def refusal(self) -> tuple[int, str]:
        """Code and text of the error."""
        error = self.answer["error"]
        return error["code"], error["message"]


class Party(Protocol):
    """A client of one era."""

    def ask(self, method: str, params: Json | None = None, **headers: str) -> Response:
        """Send a request, and wait for its answer."""

    def ask_and_be_asked(self, method: str, params: Json) -> Response:
        """The same, for a request that the server answers once it got input."""

    def events(self, params: Json) -> bytes:
        """Call a tool that is answered by a stream: its very bytes."""

    def post(self, message: Any) -> tuple[int, Any]:
        """Send anything: the status, and the JSON body if there is one."""

    def change(self) -> Json:
        """The next message that the server sends unasked."""

    def listen(self, uri: str) -> None:
        """Listen for changes of lists and of a resource from then on."""

    def give_up(self) -> None:
        """Ask for what is never answered, and cancel that."""

    def log_level(self, level: str) -> Json:
        """Ask for log messages: what belongs in `_meta` for that."""

    def close(self) -> None:
        """Leave."""


def _response(response: HTTPResponse) -> Response:
    """An answer, and what came before it on its stream."""
    if "event-stream" in (response.getheader("content-type") or ""):
        messages = list(iter(lambda: read_event(response), None))
    else:
        messages = [json.loads(response.read())]
    return Response(response.status, messages[:-1], messages[-1])


class LegacyParty:
    """A client with a session."""

    def __init__(self, proxy: RunningProxy) -> None:
        self._proxy = proxy
        self._ids = iter(range(1, 10_000))
        self._client, self._helper, self._stream = (Client(proxy.port) for _ in range(3))
        self._session = ""
        opening = {"protocolVersion": "2025-11-25", "capabilities": CAPABILITIES}
        self._client.post(
            {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
                **opening, "clientInfo": {"name": "legacy", "version": "1"}}}
        )  # fmt: skip
        response = self._client.getresponse()
        self.greeting = _response(response).result
        self._session = response.getheader("mcp-session-id") or ""
        self.post({"jsonrpc": "2.0", "method": methods.INITIALIZED})
        headers = {"accept": "text/event-stream", "mcp-session-id": self._session}
        self._stream.request("GET", "/mcp", headers=headers)
        self._events = self._stream.getresponse()

    def ask(self, method: str, params: Json | None = None, **headers: str) -> Response:
        self._send(method, params or {}, **headers)
        return _response(self._client.getresponse())

    def ask_and_be_asked(self, method: str, params: Json) -> Response:
        self._send(method, params)
        question = self.change()
        answer = {"jsonrpc": "2.0", "id": question["id"], "result": INPUT}
        assert self.post(answer)[0] == 202
        return _response(self._client.getresponse())

    def events(self, params: Json) -> bytes:
        self._send("tools/call", params)
        return self._client.getresponse().read()

    def post(self, message: Any) -> tuple[int, Any]:
        self._helper.post(message, mcp_session_id=self._session)
        response = self._helper.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body else None

    def change(self) -> Json:
        found: Json = read_event(self._events)
        return found

    def listen(self, uri: str) -> None:
        assert self.ask(methods.SUBSCRIBE, {"uri": uri}).result is not None

    def give_up(self) -> None:
        leaving = Client(self._proxy.port)
        request = {"jsonrpc": "2.0", "id": "h", "method": "tools/call", "params": {"name": "hang"}}
        leaving.post(request, mcp_session_id=self._session)
        _in_flight(self._proxy)
        cancelled = {"jsonrpc": "2.0", "method": methods.CANCELLED, "params": {"requestId": "h"}}
        assert self.post(cancelled)[0] == 202
        leaving.close()

    def log_level(self, level: str) -> Json:
        assert self.ask(methods.SET_LEVEL, {"level": level}).result is not None
        return {}

    def close(self) -> None:
        for each in (self._client, self._helper, self._stream):
            each.close()

    def _send(self, method: str, params: Json, **headers: str) -> None:
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        self._client.post(request, mcp_session_id=self._session, **headers)


class ModernParty:
    """A client of 2026-07-28."""

    def __init__(self, proxy: RunningProxy) -> None:
        self._proxy = proxy
        self._ids = iter(range(1, 10_000))
        self._client, self._stream = ModernClient(proxy.port), ModernClient(proxy.port)

    def ask(self, method: str, params: Json | None = None, **headers: str) -> Response:
        self._send(method, params or {}, **headers)
        return _response(self._client.getresponse())

    def ask_and_be_asked(self, method: str, params: Json) -> Response:
        required = self.ask(method, params).result
        assert required["resultType"] == "input_required"
        brought = dict.fromkeys(required["inputRequests"], INPUT)
        state = {"inputResponses": brought, "requestState": required["requestState"]}
        return self.ask(method, {**params, **state})

    def events(self, params: Json) -> bytes:
        self._send("tools/call", params)
        return self._client.getresponse().read()

    def post(self, message: Any) -> tuple[int, Any]:
        one = message if isinstance(message, dict) else message[0]
        named = {name.replace("-", "_"): value for name, value in headers_of(one).items()}
        self._client.post(message, **named)
        response = self._client.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body else None

    def change(self) -> Json:
        found: Json = read_event(self._events)
        return found

    def listen(self, uri: str) -> None:
        wanted = {"toolsListChanged": True, "resourceSubscriptions": [uri]}
        params = {"_meta": meta(CAPABILITIES), "notifications": wanted}
        request = {"jsonrpc": "2.0", "id": "l", "method": methods.LISTEN, "params": params}
        self._stream.send_request(request)
        self._events = self._stream.getresponse()
        acknowledged = self.change()
        assert acknowledged["method"] == methods.ACKNOWLEDGED, acknowledged
        assert acknowledged["params"]["notifications"] == wanted

    def give_up(self) -> None:
        leaving = ModernClient(self._proxy.port)
        params = {"name": "hang", "_meta": meta(CAPABILITIES)}
        leaving.send_request(
            {"jsonrpc": "2.0", "id": "h", "method": "tools/call", "params": params}
        )
        _in_flight(self._proxy)
        leaving.close()

    def log_level(self, level: str) -> Json:
        return {methods.LOG_LEVEL_KEY: level}

    def close(self) -> None:
        self._client.close()
        self._stream.close()

    def _send(self, method: str, params: Json, **headers: str) -> None:
        sent = {**params, "_meta": {**meta(CAPABILITIES), **params.get("_meta", {})}}
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": sent}
        self._client.send_request(request, **headers)


def _in_flight(proxy: RunningProxy) -> None:
    eventually(lambda: proxy.value("mcp_proxy_requests_in_flight") == 1, "the call in flight")
