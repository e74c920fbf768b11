"""The requests of a client in both protocol eras, and the outcomes of answers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from dashboards.cli_text import one_line
from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import Outcome
from proxy.translation.headers import NAMED_BY, encode_value
from proxy.translation.versions import LATEST_LEGACY, MODERN_VERSION

CLIENT_INFO = {"name": "lab.load", "version": "1"}
VERSIONS = (LATEST_LEGACY, MODERN_VERSION)

VERSION_HEADER, SESSION_HEADER = "MCP-Protocol-Version", "Mcp-Session-Id"

_REASON_LIMIT = 200
_NO_RESULT = msgspec.Raw(b"")


class CallFailed(Exception):
    """A request has no answer; the text says why, in one line."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(_reason(text))
        self.outcome = outcome


def _reason(text: str) -> str:
    """What a server wrote, in one line that a terminal can show."""
    return one_line(text[:_REASON_LIMIT])


class SessionEnded(CallFailed):
    """So has every further request of the session."""


class Request(NamedTuple):
    """A message, with the HTTP headers that its version asks for; no `id` for a notification."""

    id: int | None
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """A request but for its id."""

    before: bytes
    after: bytes
    headers: Mapping[str, str]

    def with_id(self, number: int) -> Request:
        return Request(number, b"%b%d%b" % (self.before, number, self.after), self.headers)


class Error(msgspec.Struct):
    """A JSON-RPC error."""

    code: int
    message: str = ""


class Answer(msgspec.Struct):
    """A JSON-RPC message, as far as it matters; `method` is that of a server's own messages."""

    id: int | str | None = None
    method: str = ""
    result: msgspec.Raw = msgspec.field(default_factory=lambda: _NO_RESULT)
    error: Error | None = None


class _ToolResult(msgspec.Struct):
    isError: bool = False


_answers = msgspec.json.Decoder(Answer)
_tool_results = msgspec.json.Decoder(_ToolResult)


def template(version: str, method: str, params: Mapping[str, Any]) -> RequestTemplate:
    """The request of a protocol version."""
    headers: Mapping[str, str] = {}
    if version == MODERN_VERSION:
        params = {**params, "_meta": {**params.get("_meta", {}), **_modern_meta()}}
        headers = modern_headers(method, params)
    rest = msgspec.json.encode({"method": method, "params": params})
    return RequestTemplate(b'{"jsonrpc":"2.0","id":', b"," + rest[1:], headers)


def modern_headers(method: str, params: Mapping[str, Any]) -> Mapping[str, str]:
    """The HTTP headers that a stateless message must have."""
    headers = {VERSION_HEADER: MODERN_VERSION, "Mcp-Method": method}
    if method in NAMED_BY:
        headers["Mcp-Name"] = encode_value(str(params.get(NAMED_BY[method], "")))
    return headers


def _modern_meta() -> Mapping[str, Any]:
    return {
        methods.VERSION_KEY: MODERN_VERSION,
        methods.CLIENT_INFO_KEY: CLIENT_INFO,
        methods.CAPABILITIES_KEY: {},
    }


def tool_call(version: str, tool: str, arguments: Mapping[str, Any]) -> RequestTemplate:
    return template(version, methods.TOOLS_CALL, {"name": tool, "arguments": arguments})


def initialize() -> RequestTemplate:
    params = {"protocolVersion": LATEST_LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO}
    return template(LATEST_LEGACY, methods.INITIALIZE, params)


INITIALIZED = Request(
    None, msgspec.json.encode({"jsonrpc": "2.0", "method": methods.INITIALIZED}), {}
)


def decode(data: bytes) -> Answer:
    """Raises CallFailed if this is not a JSON-RPC message."""
    try:
        return _answers.decode(data)
    except msgspec.DecodeError as wrong:
        head = data[:80].decode(errors="replace")
        raise CallFailed(
            Outcome.TRANSPORT_ERROR, f"not a JSON-RPC message: {wrong}: {head!r}"
        ) from wrong


def outcome_of(answer: Answer) -> tuple[Outcome, str]:
    """The outcome of a tool call, and why it is not ok."""
    if answer.error is not None:
        return Outcome.PROTOCOL_ERROR, _reason(f"{answer.error.code} {answer.error.message}")
    try:
        failed = _tool_results.decode(answer.result).isError
    except msgspec.DecodeError:
        return Outcome.TRANSPORT_ERROR, "the answer has no result"
    return (Outcome.TOOL_ERROR, "isError") if failed else (Outcome.OK, "")
