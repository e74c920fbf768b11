"""The header rules of 2026-07-28: what must agree with the body, and what is made of the body.

Specification: "Streamable HTTP", Request Metadata, Value Encoding, Server Validation.
"""

import base64
from collections.abc import Iterable, Mapping

from msgspec import Raw

from ..http.head import Header
from ..jsonrpc import methods
from .request import JsonRpcError, Request, text

NAMED_BY = {
    methods.TOOLS_CALL: "name",
    methods.PROMPTS_GET: "name",
    methods.RESOURCES_READ: "uri",
}
"""The parameter that Mcp-Name repeats, by method."""

OF_MCP = frozenset((b"mcp-method", b"mcp-name", b"mcp-protocol-version", b"mcp-session-id",
                    b"last-event-id"))  # fmt: skip
"""Headers that speak of one message or session."""
REPLACED = OF_MCP | {b"accept", b"content-type"}
"""Headers that are set again on what the proxy sends in a session of its own."""
PARAMETER = b"mcp-param-"

_START, _END = "=?base64?", "?="


def split(lines: bytes) -> tuple[Header, ...]:
    """Header lines, as `wire.head.lines` joins them, with names in lower case."""
    parts = (line.partition(b": ") for line in lines.split(b"\r\n") if line)
    return tuple((name, value) for name, _, value in parts)


def encode_value(value: str) -> str:
    """A value for a header: plain, or in the Base64 form of the specification."""
    plain = value.isascii() and value.isprintable() and value == value.strip()
    if plain and not (value.startswith(_START) and value.endswith(_END)):
        return value
    return f"{_START}{base64.b64encode(value.encode()).decode()}{_END}"


def decode_value(value: str) -> str | None:
    """The value that a header encodes; None if its Base64 form is malformed."""
    if not (value.startswith(_START) and value.endswith(_END)):
        return value
    try:
        return base64.b64decode(value[len(_START) : -len(_END)], validate=True).decode()
    except ValueError:  # No ASCII, no Base64, or not the Base64 of UTF-8.
        return None


def mismatch(request: Request, version: str, headers: Iterable[Header]) -> JsonRpcError | None:
    """How the standard headers of a request contradict its body; None if they agree."""
    named = NAMED_BY.get(request.method)
    wanted = {
        "MCP-Protocol-Version": version,
        "Mcp-Method": request.method,
        "Mcp-Name": None if named is None else text(request.params.get(named)),
    }
    given = _by_name(headers)
    for name, value in wanted.items():
        if value is None:
            continue
        found = given.get(name.lower().encode(), [])
        if len(found) != 1:
            how_often = "is missing" if not found else "is given more than once"
            return JsonRpcError(methods.HEADER_MISMATCH, f"Header mismatch: {name} {how_often}")
        header = decode_value(found[0]) if name == "Mcp-Name" else found[0]
        if header != value:
            reason = f"{name} says {_shown(header)}, the body {_shown(value)}"
            return JsonRpcError(methods.HEADER_MISMATCH, f"Header mismatch: {reason}")
    return None


def made_of(method: str, params: Mapping[str, Raw], version: str) -> list[Header]:
    """The standard headers of a request that the proxy sends."""
    headers = [
        (b"mcp-protocol-version", version.encode()),
        (b"mcp-method", encode_value(method).encode()),
    ]
    named = NAMED_BY.get(method)
    if named is not None:
        headers.append((b"mcp-name", encode_value(text(params.get(named))).encode()))
    return headers


def _by_name(headers: Iterable[Header]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value.decode("latin-1"))
    return found


def _shown(value: str | None) -> str:
    if value is None:
        return "something that is not Base64"
    return repr(value if len(value) <= 80 else f"{value[:80]}...")
