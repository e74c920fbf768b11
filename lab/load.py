"""MCP calls of known outcomes, sent as a client would send them."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

import requests

from lab.tracing import UNTRACED, Context, Json, Tracing
from proxy.telemetry.catalogue import Outcome
from proxy.telemetry.vocabulary import TOOLS_CALL

PROTOCOL_VERSION = "2025-11-25"
SESSION_HEADER = "Mcp-Session-Id"
TIMEOUT_SECONDS = 30.0
END_SECONDS = 2.0

_NO_CONTEXT: Context = {}


class LoadFailed(Exception):
    """A call got no answer, or another than it must; the text says which and what came instead."""


class ServerLost(LoadFailed):
    """The server ended, or no longer knows the session; a new session may find it again."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call and what it must come to."""

    tool: str
    outcome: Outcome
    arguments: Mapping[str, str] = field(default_factory=dict)


GOOD = Call("echo", Outcome.OK, {"text": "hello"})
FAILING = Call("fail", Outcome.TOOL_ERROR)
UNKNOWN = Call("absent", Outcome.PROTOCOL_ERROR)

HUNDRED = (*[GOOD] * 17, *[FAILING] * 2, UNKNOWN) * 5
"""85 good, 10 failing, 5 of an unknown tool."""

_MANY = (GOOD,) * 7
FLAWED = (_MANY, _MANY, (FAILING,), _MANY, _MANY, (UNKNOWN,), _MANY, _MANY)
SOUND = (_MANY,) * len(FLAWED)
SESSIONS = (*(SOUND, FLAWED) * 2, *[SOUND] * 20)
"""The calls of the sessions of light traffic, over and over.

So few fail that the objective holds and no alert fires, however long a demo runs; faults are
injected on purpose (`lab.faults`). Two sessions with failures come early, since a rate sees the
second of a kind first.
"""

ROUND = len(SOUND) + 2
"""Steps of light traffic after which one session has ended and the next has begun."""


def outcomes(calls: Iterable[Call]) -> Counter[Outcome]:
    """How many calls must come to each outcome."""
    return Counter(call.outcome for call in calls)


class Client:
    """One MCP session over streamable HTTP; leaving the `with` block ends it if it can.

    With `tracing`, the server is told of each request which span it is part of.
    """

    def __init__(self, url: str, tracing: Tracing = UNTRACED) -> None:
        self.url = url
        self._tracing = tracing
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Accept"] = "application/json, text/event-stream"
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"Client({self.url})"

    def __enter__(self) -> Self:
        client = {"name": "lab", "version": "1"}
        wanted = {"protocolVersion": PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client}
        response, answer = self._ask("initialize", wanted)
        if "error" in answer:
            raise LoadFailed(f"{self.url}: initialize came to {answer['error']}")
        self._http.headers["MCP-Protocol-Version"] = PROTOCOL_VERSION
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
        """The session's id; empty before it is open, or where the server has no sessions."""
        return str(self._http.headers.get(SESSION_HEADER, ""))

    def request(self, method: str, params: Json) -> Json:
        """The JSON-RPC answer to a request; raises LoadFailed or ServerLost when there is none."""
        return self._ask(method, params)[1]

    def call(self, call: Call) -> Outcome:
        """Make a tool call; raises LoadFailed unless it comes to what it must."""
        answer = self.request(TOOLS_CALL, {"name": call.tool, "arguments": call.arguments})
        came_to = _outcome(answer)
        if came_to is not call.outcome:
            wrong = f"tool {call.tool} came to {came_to} instead of {call.outcome}"
            raise LoadFailed(f"{self.url}: {wrong}: {str(answer)[:300]}")
        return came_to

    def _ask(self, method: str, params: Json) -> tuple[requests.Response, Json]:
        """The response to a request, and the message in it."""
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        with self._tracing.asking(message, self.url, self.session) as (context, told):
            if context:
                message["params"] = {**params, "_meta": context}
            response = self._post(message, context)
            answer = _answer(response)
            told(answer)
            return response, answer

    def _post(self, message: Json, context: Context = _NO_CONTEXT) -> requests.Response:
        response = self._send("POST", message, headers=context)
        # Streamable HTTP, "Session Management": 404 says that the session ended.
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


def _outcome(answer: Json) -> Outcome:
    if "error" in answer:
        return Outcome.PROTOCOL_ERROR
    return Outcome.TOOL_ERROR if answer["result"].get("isError") else Outcome.OK


def _answer(response: requests.Response) -> Json:
    """The response message: the body, or the last event of a stream."""
    text = response.text
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        events = [line for line in text.splitlines() if line.startswith("data:")]
        text = events[-1].removeprefix("data:") if events else ""
    try:
        answer: Json = json.loads(text)
    except ValueError as wrong:
        head = f"HTTP {response.status_code}, {text[:200]!r}"
        raise LoadFailed(f"{response.url}: not a JSON-RPC answer: {head}") from wrong
    return answer


def _reason(response: requests.Response) -> str:
    """Why there is no answer: the text of the error in it, else its beginning."""
    try:
        return str(_answer(response)["error"]["message"])
    except (LoadFailed, KeyError, TypeError):
        return " ".join(response.text[:200].split())


def light_traffic(
    url: str, lost: Callable[[ServerLost], None], tracing: Tracing = UNTRACED
) -> Generator[None]:
    """Sessions without end, a step at a time: everything a client does, very few calls failing.

    A session that is lost is told to `lost`, and the next step begins a new one. Raises
    LoadFailed for any other failure.
    """
    for bursts in itertools.cycle(SESSIONS):
        try:
            yield from _session(url, bursts, tracing)
        except ServerLost as why:
            lost(why)
            yield


def _session(url: str, bursts: Iterable[tuple[Call, ...]], tracing: Tracing) -> Generator[None]:
    with Client(url, tracing) as client:
        client.request("tools/list", {})
        yield
        client.request("ping", {})
        for burst in bursts:
            yield
            for call in burst:
                client.call(call)
