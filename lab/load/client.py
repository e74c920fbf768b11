"""An MCP client, and calls with known outcomes."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

import requests

from lab.load.protocol import SESSION_HEADER, VERSION_HEADER
from lab.tracing import UNTRACED, Context, Json, Tracing
from proxy.jsonrpc.methods import TOOLS_CALL
from proxy.telemetry.catalogue import Outcome
from proxy.translation.versions import LATEST_LEGACY

PROTOCOL_VERSION = LATEST_LEGACY
TIMEOUT_SECONDS = 30.0
END_SECONDS = 2.0

TOOLS_CHANGED = "notifications/tools/list_changed"

_NO_CONTEXT: Context = {}


class LoadFailed(Exception):
    """A call has no response or an unexpected outcome; the text says which."""


class ServerLost(LoadFailed):
    """The server or the session is gone; a new session may work."""


class UnexpectedOutcome(LoadFailed):
    """A call has a response, but another one than it must have."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call and its expected outcome."""

    tool: str
    outcome: Outcome
    arguments: Mapping[str, str] = field(default_factory=dict)


GOOD = Call("echo", Outcome.OK, {"text": "hello"})
FAILING = Call("fail", Outcome.TOOL_ERROR)
UNKNOWN = Call("absent", Outcome.PROTOCOL_ERROR)

HUNDRED = (*[GOOD] * 17, *[FAILING] * 2, UNKNOWN) * 5
"""85 good, 10 failing, 5 of an unknown tool."""


def outcomes(calls: Iterable[Call]) -> Counter[Outcome]:
    """The expected number of calls with each outcome."""
    return Counter(call.outcome for call in calls)


class Client:
    """One MCP session over streamable HTTP; leaving the `with` block deletes it.

    `name` is that of the client, and is in its token, which nothing checks. With `tracing`, each
    request carries the context of its span.
    """

    def __init__(self, url: str, tracing: Tracing = UNTRACED, name: str = "lab") -> None:
        self.url = url
        self._name = name
        self._tracing = tracing
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer token-of-{name}"
        self._http.headers["Accept"] = "application/json, text/event-stream"
        self._ids = itertools.count(1)
        self.lists_changed = 0
        """How often the server has announced that its list of tools changed."""

    def __repr__(self) -> str:
        return f"Client({self.url})"

    def __enter__(self) -> Self:
        client = {"name": self._name, "version": "1"}
        params = {"protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client}
        response, message = self._exchange("initialize", params)
        if "error" in message:
            raise LoadFailed(f"{self.url}: initialize failed: {message['error']}")
        self._http.headers[VERSION_HEADER] = PROTOCOL_VERSION
        if session := response.headers.get(SESSION_HEADER):
            self._http.headers[SESSION_HEADER] = session
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        with self._http, suppress(LoadFailed):
            if SESSION_HEADER in self._http.headers:
                self._send("DELETE", seconds=END_SECONDS)

    @property
    def session(self) -> str:
        """The session id; empty before `initialize`, or if the server has no sessions."""
        return str(self._http.headers.get(SESSION_HEADER, ""))

    def request(self, method: str, params: Json) -> Json:
        """The JSON-RPC response; raises LoadFailed or ServerLost without one."""
        return self._exchange(method, params)[1]

    def call(self, call: Call) -> Outcome:
        """Call a tool; raises UnexpectedOutcome, or LoadFailed without a response."""
        response = self.request(TOOLS_CALL, {"name": call.tool, "arguments": call.arguments})
        outcome = outcome_of(response)
        if outcome is not call.outcome:
            wrong = f"tool {call.tool} has outcome {outcome} instead of {call.outcome}"
            raise UnexpectedOutcome(f"{self.url}: {wrong}: {str(response)[:300]}")
        return outcome

    def _exchange(self, method: str, params: Json) -> tuple[requests.Response, Json]:
        """The HTTP response to a request, and the JSON-RPC response in it."""
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        with self._tracing.client_span(message, self.url, self.session) as (context, on_response):
            if context:
                message["params"] = {**params, "_meta": context}
            response = self._post(message, context)
            self.lists_changed += response.text.count(TOOLS_CHANGED)
            answer = message_of(response)
            on_response(answer)
            return response, answer

    def _post(self, message: Json, context: Context = _NO_CONTEXT) -> requests.Response:
        response = self._send("POST", message, headers=context)
        # Streamable HTTP, "Session Management": 404 means that the session has ended.
        ended = response.status_code == 404 and SESSION_HEADER in self._http.headers
        if ended or response.status_code >= 500:
            raise ServerLost(f"{self.url}: HTTP {response.status_code}, {_reason(response)}")
        return response

    def _send(
        self,
        verb: str,
        message: Json | None = None,
        seconds: float = TIMEOUT_SECONDS,
        headers: Context = _NO_CONTEXT,
    ) -> requests.Response:
        try:
            return self._http.request(
                verb, self.url, json=message, timeout=seconds, headers=headers
            )
        except requests.RequestException as wrong:
            raise LoadFailed(f"{verb} {self.url}: {wrong}") from wrong


def outcome_of(message: Json) -> Outcome:
    """The outcome of a tool call by its JSON-RPC response."""
    if "error" in message:
        return Outcome.PROTOCOL_ERROR
    return Outcome.TOOL_ERROR if message["result"].get("isError") else Outcome.OK


def message_of(response: requests.Response) -> Json:
    """The JSON-RPC response: the body, or the last event of a stream. Raises LoadFailed."""
    text = response.text
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        events = [line for line in text.splitlines() if line.startswith("data:")]
        text = events[-1].removeprefix("data:") if events else ""
    try:
        message: Json = json.loads(text)
    except ValueError as wrong:
        head = f"HTTP {response.status_code}, {text[:200]!r}"
        raise LoadFailed(f"{response.url}: not a JSON-RPC message: {head}") from wrong
    return message


def _reason(response: requests.Response) -> str:
    """The message of the JSON-RPC error, else the beginning of the body."""
    try:
        return str(message_of(response)["error"]["message"])
    except (LoadFailed, KeyError, TypeError):
        return " ".join(response.text[:200].split())
