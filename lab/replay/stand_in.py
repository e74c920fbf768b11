"""The recorded server: its recorded answers, for clients that call as the recorded ones did.

An answer is that to the same params, else that to another request about the same tool, prompt or
resource; if a request is about none, that to another one of its method. Several are given in turn,
and the last again. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lab.echo.messages import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Action,
    Cancel,
    DelayedReply,
    Json,
    NoReply,
    Reply,
    error,
)
from lab.recording.calls import Call, calls
from lab.recording.recording_file import Recording, Sender
from proxy.jsonrpc import methods

HANG_SECONDS = 3600.0
"""Until the answer to a request that was not answered in the recording."""
SERVER_ERROR = -32000


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded answer, so many seconds after the request and messages about it; None: never."""

    message: Json
    seconds: float | None
    first: tuple[Json, ...] = ()


@dataclass(slots=True)
class _InTurn:
    """Answers that are given one after the other, the last again and again."""

    answers: list[Answer] = field(default_factory=list)
    given: int = 0

    def next(self) -> Answer:
        answer = self.answers[min(self.given, len(self.answers) - 1)]
        self.given += 1
        return answer


_Key = tuple[str, ...]


class StandIn:
    """Handles messages as `lab.echo` does (`Handler`). `speed` is a factor; 0 means at once."""

    def __init__(self, recording: Recording, *, speed: float) -> None:
        self._speed = speed
        self._answers: dict[_Key, _InTurn] = defaultdict(_InTurn)
        self._methods: set[str] = set()
        messages = _messages_about(recording)
        for call in calls(recording.entries):
            answer = _answer(recording, call, tuple(messages.get(call.begun, ())))
            self._methods.add(call.method)
            for key in _keys(call.method, call.params):
                self._answers[key].answers.append(answer)

    def __repr__(self) -> str:
        return f"<StandIn keys={len(self._answers)}>"

    def __call__(self, message: object, headers: Mapping[str, str]) -> Action:
        if not isinstance(message, dict):
            return Reply(error(None, INVALID_REQUEST, "not a JSON-RPC 2.0 message"))
        method, number, params = message.get("method"), message.get("id"), message.get("params")
        given = params if isinstance(params, dict) else {}
        if not isinstance(method, str):
            return NoReply()
        if number is None:
            return _on_notification(method, given)
        if isinstance(number, bool) or not isinstance(number, str | int):
            return Reply(error(None, INVALID_REQUEST, "id must be a string or an integer"))
        for key in _keys(method, given):
            if key in self._answers:
                return self._perform(self._answers[key].next(), number, given)
        if method == methods.PING:
            return Reply({"jsonrpc": "2.0", "id": number, "result": {}})
        code = INVALID_PARAMS if method in self._methods else METHOD_NOT_FOUND
        return Reply(
            error(number, code, f"not in the recording: {' '.join(_named(method, given))}")
        )

    def _perform(self, answer: Answer, number: str | int, params: Json) -> Action:
        token = _token(params)
        first = tuple(filter(None, (_with_token(each, token) for each in answer.first)))
        reply = {**answer.message, "id": number}
        if answer.seconds is None:
            seconds = HANG_SECONDS
        else:
            seconds = answer.seconds / self._speed if self._speed else 0.0
        if not first and not seconds:
            return Reply(reply)
        return DelayedReply(number, seconds, first, reply)


def _on_notification(method: str, params: Json) -> Action:
    request = params.get("requestId")
    if method == methods.CANCELLED and isinstance(request, str | int):
        return Cancel(request)
    return NoReply()


def _named(method: str, params: Json) -> tuple[str, ...]:
    """The method, and the tool, prompt or resource that a request is about, if any."""
    name = params.get("name", params.get("uri"))
    return (method, name) if isinstance(name, str) else (method,)


def _keys(method: str, params: Json) -> tuple[_Key, ...]:
    """What a request is known by, the most exact first."""
    plain = {key: value for key, value in params.items() if key != "_meta"}
    exact = msgspec.json.encode(plain, order="sorted").decode()
    named = _named(method, params)
    # Params that name something are not those of another call.
    return ((method, "", exact), named) if len(named) > 1 else ((method, "", exact), (method, "*"))


def _answer(recording: Recording, call: Call, first: tuple[Json, ...]) -> Answer:
    if call.ended is None:
        return Answer(error(None, SERVER_ERROR, "not answered in the recording"), None)
    entry = recording.entries[call.ended]
    seconds = max(0.0, entry.time - recording.entries[call.begun].time)
    message = entry.decoded()
    if message is None:
        message = error(None, SERVER_ERROR, f"HTTP status {entry.status} in the recording")
    return Answer(message, seconds, first)


def _messages_about(recording: Recording) -> dict[int, list[Json]]:
    """The server's own messages, by the index of the request that was answered after them.

    They are about the request with their progress token, else about the last before them.
    """
    found: dict[int, list[Json]] = defaultdict(list)
    every = calls(recording.entries)
    begun = {each.begun: each for each in every}
    ended = {each.ended for each in every}
    in_flight: dict[str, list[Call]] = defaultdict(list)
    for number, entry in enumerate(recording.entries):
        pending = in_flight[entry.session]
        if number in begun:
            pending.append(begun[number])
        elif number in ended:
            pending[:] = [each for each in pending if each.ended != number]
        elif entry.sender is Sender.SERVER and pending:
            message = entry.decoded()
            if message is not None and "method" in message:
                token = _progress_token(message)
                about = [
                    each for each in pending if token is not None and _token(each.params) == token
                ]
                found[(about or pending)[-1].begun].append(message)
    return found


def _token(params: Json) -> Any:
    meta = params.get("_meta")
    return meta.get("progressToken") if isinstance(meta, dict) else None


def _progress_token(message: Json) -> Any:
    params = message.get("params")
    return params.get("progressToken") if isinstance(params, dict) else None


def _with_token(message: Json, token: Any) -> Json | None:
    """A message with the client's progress token; None for progress that it does not ask for."""
    if message.get("method") != methods.PROGRESS:
        return message
    if token is None:
        return None
    return {**message, "params": {**message["params"], "progressToken": token}}
