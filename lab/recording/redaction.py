"""What of a message is recorded: its form, names and sizes, but not its values unless asked for.

Only members that MCP defines keep their values, if those are words of the protocol: methods, tool
and prompt names, versions, capabilities, schemas, error codes. Everything else becomes a
placeholder of the same JSON type and size. Secrets are replaced in any case.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from proxy.frontend.payload_log import Redactor
from proxy.jsonrpc import methods

_KEPT = frozenset(
    {
        "action", "cacheScope", "code", "hasMore", "includeContext", "isError", "jsonrpc", "level",
        "method", "mimeType", "progress", "protocolVersion", "required", "resultType", "role",
        "status", "stopReason", "supportedVersions", "total", "ttlMs", "type",
        methods.LOG_LEVEL_KEY, methods.VERSION_KEY,
    }
)  # fmt: skip
_IDS = frozenset(("progressToken", "requestId"))
_WHOLE = frozenset(
    {
        "annotations", "capabilities", "clientInfo", "execution", "serverInfo",
        methods.CAPABILITIES_KEY, methods.CLIENT_INFO_KEY, methods.SERVER_INFO_KEY,
    }
)  # fmt: skip
_SCHEMAS = frozenset(("inputSchema", "outputSchema", "requestedSchema"))
_RECURSIVE = frozenset(
    {
        "_meta", "argument", "completion", "content", "contents", "error", "inputRequests",
        "inputResponses", "messages", "notifications", "params", "prompts", "ref", "resource",
        "resources", "resourceTemplates", "result", "roots", "task", "tasks", "tools",
    }
)  # fmt: skip
_NAMED = frozenset(("prompts", "ref", "tools"))
"""What has a `name` that is the server's own, not data."""
_NAMING_METHODS = frozenset((methods.TOOLS_CALL, methods.PROMPTS_GET))
_BY_KEY = frozenset(("inputRequests", "inputResponses"))
"""Objects whose keys are chosen by the server."""
_CONTENT_TYPES = frozenset(
    ("audio", "image", "resource", "resource_link", "text", "tool_result", "tool_use")
)
_PROSE = frozenset(("$comment", "description", "title"))

OPAQUE = frozenset(
    {"cursor", "nextCursor", "requestState", "taskId", "uri", methods.SUBSCRIPTION_KEY}
)
"""Values that one side issues, and the other sends back: equal ones get equal placeholders."""

_WORD = re.compile(r"[\w./+:-]{0,64}")
_SCHEME = re.compile(r"[a-z][a-z\d+.-]{0,20}:(?://)?")
_DIGIT = re.compile(r"\d")
_REDACTOR = Redactor(0)


class Redaction:
    """Redacts the messages of one recording; with `payloads` only secrets."""

    def __init__(self, *, payloads: bool) -> None:
        self._hide: Callable[[Any], Any] = _REDACTOR.redact if payloads else _placeholder
        self._payloads = payloads
        self._opaque: dict[str, str] = {}

    def redact(self, message: dict[str, Any]) -> dict[str, Any]:
        """The message as it is recorded. Raises RecursionError."""
        ids = {"id": message["id"]} if "id" in message else {}
        return {**self._members(message, named=False), **ids}

    def _members(self, value: dict[str, Any], *, named: bool) -> dict[str, Any]:
        named_params = value.get("method") in _NAMING_METHODS
        found: dict[str, Any] = {}
        for key, each in value.items():
            if self._is_structure(key, each, named=named):
                names = named_params if key == "params" else named or key in _NAMED
                found[key] = self._structure(each, key, named=names)
            elif key == "name" and named:
                found[key] = each
            elif key in _SCHEMAS:
                found[key] = self._schema(each)
            elif _is_kept(key, each):
                found[key] = each
            elif key in OPAQUE and isinstance(each, str):
                found[key] = self._opaque_value(each)
            else:
                found |= self._hidden_member(key, each)
        return found

    def _is_structure(self, key: str, value: Any, *, named: bool) -> bool:
        """Whether a member is an object or a list of MCP's own, whose members may be kept."""
        if key == "content" and isinstance(value, dict):
            return value.get("type") in _CONTENT_TYPES  # Else it is that of a form.
        if key == "arguments":
            return named and isinstance(value, list)  # Those that a prompt takes.
        return key in _RECURSIVE and isinstance(value, dict | list)

    def _structure(self, value: Any, key: str, *, named: bool) -> Any:
        if isinstance(value, list):
            return [self._structure(each, "", named=named) for each in value]
        if not isinstance(value, dict):
            return self._hide(value)
        if key in _BY_KEY:
            return {name: self._structure(each, "", named=False) for name, each in value.items()}
        return self._members(value, named=named)

    def _hidden_member(self, key: str, value: Any) -> dict[str, Any]:
        if self._payloads:
            return dict(_REDACTOR.redact({key: value}))
        return {_REDACTOR.redact(key): self._hide(value)}

    def _schema(self, value: Any) -> Any:
        """A JSON Schema without its prose."""
        if isinstance(value, dict):
            return {
                key: self._hide(each)
                if key in _PROSE and isinstance(each, str)
                else self._schema(each)
                for key, each in value.items()
            }
        if isinstance(value, list):
            return [self._schema(each) for each in value]
        return _REDACTOR.redact(value)

    def _opaque_value(self, text: str) -> str:
        if self._payloads:
            return str(_REDACTOR.redact(text))
        number = str(len(self._opaque) + 1)
        scheme = _SCHEME.match(text)
        start = scheme[0] if scheme else ""
        return self._opaque.setdefault(text, f"{start}{number:x>{_size(text) - len(start)}}")


def _is_kept(key: str, value: Any) -> bool:
    if key in _IDS:
        return isinstance(value, str | int)
    return key in _WHOLE or (key in _KEPT and _is_word(value))


def _is_word(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_word, value))
    return not isinstance(value, dict) and bool(_WORD.fullmatch(str(value)))


def _placeholder(value: Any) -> Any:
    """A value of the same type, and as long in JSON, except false, which becomes true."""
    if isinstance(value, dict):
        return {_REDACTOR.redact(key): _placeholder(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_placeholder(each) for each in value]
    if isinstance(value, str):
        return "x" * _size(value)
    if isinstance(value, bool) or value is None:
        return value if value is None else True
    return type(value)(_DIGIT.sub("1", repr(value)))


def _size(text: str) -> int:
    """Bytes between the quotes in JSON."""
    return len(msgspec.json.encode(text)) - 2
