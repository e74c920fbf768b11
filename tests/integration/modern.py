"""A client of 2026-07-28 as bytes and headers, for tests that look at the wire."""

from typing import Any

from proxy.jsonrpc import methods
from proxy.translation.headers import NAMED_BY, encode_value
from tests.integration.sockets import Client, call

VERSION = "2026-07-28"


def meta(capabilities: Any = None, **more: Any) -> dict[str, Any]:
    """The `_meta` that every request carries."""
    return {methods.VERSION_KEY: VERSION, methods.CAPABILITIES_KEY: capabilities or {}, **more}


def headers_of(message: dict[str, Any]) -> dict[str, str]:
    """The headers that agree with a message."""
    method, params = message["method"], message.get("params", {})
    named = {"mcp-protocol-version": VERSION, "mcp-method": method}
    if method in NAMED_BY:
        named["mcp-name"] = encode_value(params.get(NAMED_BY[method], ""))
    return named


def request(method: str, request_id: int | str = 1, **params: Any) -> dict[str, Any]:
    """A complete request."""
    params.setdefault("_meta", meta())
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


class ModernClient(Client):
    """A client's connection; each message carries the headers that agree with it."""

    def send_request(self, message: dict[str, Any], **headers: str) -> None:
        """Send a request, and do not wait for its answer."""
        self.post(message, **{**headers_of(message), **headers})

    def ask(self, message: dict[str, Any], **headers: str) -> tuple[int, Any]:
        """Send a request: the status and the JSON body of its answer."""
        self.send_request(message, **headers)
        return self.answer()

    def call(self, tool: str, request_id: int | str = 1, **params: Any) -> tuple[int, Any]:
        """Call a tool, and wait for an answer that is not a stream."""
        return self.ask(call(request_id, tool, **{"_meta": meta(), **params}))
