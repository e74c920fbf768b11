"""What to do with a JSON-RPC message. Pure, so that all transports behave alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.tracing import OnResponse, ignore

Json = dict[str, Any]

PROTOCOL_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Supported versions, oldest first; clients that request another are offered the last."""

SLEEP_LIMIT_SECONDS = 60.0
"""The longest `sleep`: a mistyped argument must not park a connection for hours."""

# JSON-RPC 2.0, section 5.1.
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR = -32603
CRASH_CODE = 3
"""The exit code of the tool `crash`."""

# The official Python SDK answers a cancelled request with this code.
CANCELLED = 0

TOOLS: tuple[Json, ...] = (
    {
        "name": "echo",
        "description": "Returns its text.",
        "inputSchema": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "fail",
        "description": "Fails: a result with isError true.",
        "inputSchema": {"type": "object"},
    },
    {
        "name": "sleep",
        "description": "Answers after a number of seconds; can be cancelled.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "seconds": {"type": "number", "minimum": 0, "maximum": SLEEP_LIMIT_SECONDS}
            },
            "required": ["seconds"],
        },
    },
    {
        "name": "garble",
        "description": "Answers with invalid JSON.",
        "inputSchema": {"type": "object"},
    },
    {
        "name": "crash",
        "description": "Ends the server's process without an answer.",
        "inputSchema": {"type": "object"},
        "annotations": {"destructiveHint": True},
    },
)


CHANGED = "echo/changed"
"""A list is asked for with this in `_meta` to get CHANGED_TOOLS, as after a release."""

_CHANGES: tuple[Json, ...] = (
    {"annotations": {"destructiveHint": True}},
    {"description": "Fails, as it should.", "annotations": {"title": "Fail"}},
    {},
    {},
)
CHANGED_TOOLS = tuple({**each, **change} for each, change in zip(TOOLS, _CHANGES, strict=False))
"""`echo` is not read-only any more, `fail` is described in another way, `crash` is missing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer now."""

    message: Json


@dataclass(frozen=True, slots=True)
class DelayedReply:
    """Send `first` now and `reply` after `seconds`, unless the request is cancelled.

    `on_sent` is called with the reply once it is sent.
    """

    request_id: str | int
    seconds: float
    first: tuple[Json, ...]
    reply: Json
    on_sent: OnResponse = ignore


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop the pending answer to this request, if there is one."""

    request_id: str | int


@dataclass(frozen=True, slots=True)
class NoReply:
    """Nothing to send: a notification, or a client's response."""


@dataclass(frozen=True, slots=True)
class InvalidReply:
    """Answer with bytes that are not a message."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Crash:
    """End the process at once, without an answer."""


@dataclass(frozen=True, slots=True)
class CutReply:
    """Send the beginning of an answer, and close the connection."""

    message: Json


@dataclass(frozen=True, slots=True)
class ExpireSession:
    """End the session, and answer that there is none."""


Action = Reply | DelayedReply | Cancel | NoReply | InvalidReply | Crash | CutReply | ExpireSession


def handle(message: object) -> Action:
    """The action for a decoded message; invalid ones get an error response."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return Reply(error(None, INVALID_REQUEST, "not a JSON-RPC 2.0 message"))
    method, request_id, params = message.get("method"), message.get("id"), message.get("params", {})
    if not isinstance(method, str):
        return NoReply()
    if not isinstance(params, dict):
        return Reply(error(request_id, INVALID_PARAMS, "params must be an object"))
    if request_id is None:
        return _notification(method, params)
    if isinstance(request_id, bool) or not isinstance(request_id, str | int):
        return Reply(error(None, INVALID_REQUEST, "id must be a string or an integer"))
    method_handler = _METHODS.get(method)
    if method_handler is None:
        return Reply(error(request_id, METHOD_NOT_FOUND, f"unknown method: {method}"))
    return method_handler(request_id, params)


def error(request_id: object, code: int, text: str) -> Json:
    """A JSON-RPC error response."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}}


def log_notification(text: str) -> Json:
    """A log message on the stream that the client opened."""
    params = {"level": "info", "logger": "echo", "data": text}
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": params}


def result(request_id: str | int, content: Json) -> Json:
    """A JSON-RPC response with a result."""
    return {"jsonrpc": "2.0", "id": request_id, "result": content}


def _notification(method: str, params: Json) -> Action:
    cancelled = params.get("requestId")
    if method == "notifications/cancelled" and isinstance(cancelled, str | int):
        return Cancel(cancelled)
    return NoReply()


def _initialize(request_id: str | int, params: Json) -> Action:
    asked = params.get("protocolVersion")
    content: Json = {
        "protocolVersion": asked if asked in PROTOCOL_VERSIONS else PROTOCOL_VERSIONS[-1],
        "capabilities": {"tools": {}, "logging": {}},
        "serverInfo": {"name": "echo", "version": "1"},
    }
    return Reply(result(request_id, content))


def _empty(request_id: str | int, params: Json) -> Action:
    return Reply(result(request_id, {}))


def _list(request_id: str | int, params: Json) -> Action:
    meta = params.get("_meta")
    changed = isinstance(meta, dict) and meta.get(CHANGED) is True
    return Reply(result(request_id, {"tools": list(CHANGED_TOOLS if changed else TOOLS)}))


def _call(request_id: str | int, params: Json) -> Action:
    arguments = params.get("arguments", {})
    tool = _CALLS.get(str(params.get("name")))
    if tool is None:
        return Reply(error(request_id, INVALID_PARAMS, f"unknown tool: {params.get('name')}"))
    if not isinstance(arguments, dict):
        return Reply(error(request_id, INVALID_PARAMS, "arguments must be an object"))
    meta = params.get("_meta", {})
    return tool(request_id, arguments, meta if isinstance(meta, dict) else {})


def text_result(request_id: str | int, text: str, *, failed: bool = False) -> Json:
    """The response to a tool call with one text."""
    content: Json = {"content": [{"type": "text", "text": text}]}
    return result(request_id, content | {"isError": True} if failed else content)


def _echo(request_id: str | int, arguments: Json, meta: Json) -> Action:
    text = arguments.get("text")
    if not isinstance(text, str):
        return Reply(text_result(request_id, "text must be a string", failed=True))
    reply = text_result(request_id, text)
    if meta:
        reply["result"]["_meta"] = {"echo/received": meta}
    return Reply(reply)


def _fail(request_id: str | int, arguments: Json, meta: Json) -> Action:
    return Reply(text_result(request_id, "failed, as asked", failed=True))


def _sleep(request_id: str | int, arguments: Json, meta: Json) -> Action:
    seconds = arguments.get("seconds")
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 <= seconds <= SLEEP_LIMIT_SECONDS
    ):
        text = f"seconds must be a number from 0 to {SLEEP_LIMIT_SECONDS:g}"
        return Reply(text_result(request_id, text, failed=True))
    first = (_progress(meta["progressToken"], seconds),) if "progressToken" in meta else ()
    return DelayedReply(request_id, seconds, first, text_result(request_id, f"slept {seconds:g} s"))


def _garble(request_id: str | int, arguments: Json, meta: Json) -> Action:
    return InvalidReply(b"garbled")


def _crash(request_id: str | int, arguments: Json, meta: Json) -> Action:
    return Crash()


def _progress(token: object, seconds: float) -> Json:
    params = {"progressToken": token, "progress": 0, "total": seconds}
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}


_METHODS: Mapping[str, Callable[[str | int, Json], Action]] = {
    "initialize": _initialize,
    "ping": _empty,
    "logging/setLevel": _empty,
    "tools/list": _list,
    "tools/call": _call,
}

_CALLS: Mapping[str, Callable[[str | int, Json, Json], Action]] = {
    "echo": _echo,
    "fail": _fail,
    "sleep": _sleep,
    "garble": _garble,
    "crash": _crash,
}
