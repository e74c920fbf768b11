"""What label values may be: the known sets that keep every label bounded.

Methods and versions are those of the MCP specification, revisions 2024-11-05 to 2026-07-28;
error codes are JSON-RPC's and MCP's. Whatever is not here becomes `other` (`_OTHER` for error
types, as the OpenTelemetry conventions spell it), so that no peer can invent a series.
"""

from enum import StrEnum
from http import HTTPStatus

from .catalogue import OVERFLOW_LABEL

PROTOCOL_VERSIONS = frozenset(
    {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}
)

HTTP_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

# 499 is not registered, but it is how proxies (nginx first) write "the client went away".
STATUS_CODES = frozenset({*map(int, HTTPStatus), 499})

JSON_RPC_CODES = frozenset(
    {
        "-32700", "-32600", "-32601", "-32602", "-32603",
        "-32000", "-32001", "-32002", "-32003",
        "-32020", "-32021", "-32022", "-32042",
    }
)  # fmt: skip
"""JSON-RPC 2.0's own codes, those MCP reserves, and the server codes its SDKs send."""

OTHER_ERROR = "_OTHER"


class ErrorType(StrEnum):
    """Values of `error.type` that are neither a JSON-RPC code nor an HTTP status."""

    TOOL_ERROR = "tool_error"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    CONNECTION = "connection_error"
    UPSTREAM_EXITED = "upstream_exited"
    MALFORMED_ANSWER = "malformed_answer"
    EVICTED = "evicted"


ERROR_TYPES = (
    frozenset({str(code) for code in STATUS_CODES if code >= HTTPStatus.BAD_REQUEST})
    | JSON_RPC_CODES
    | frozenset(map(str, ErrorType))
    | {OTHER_ERROR}
)

TOOL_BYTES = 128
"""Longest tool name that becomes a label, in bytes of UTF-8."""


class Signal(StrEnum):
    """What can be lost on its way out."""

    TRACES = "traces"
    METRICS = "metrics"
    LOGS = "logs"


class TransportState(StrEnum):
    """How far a transport to the server is; with a stdio server it is a process."""

    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"


class KillSignal(StrEnum):
    """Signals that end a server's process: by the kernel, its own fault, or an operator's hand."""

    SIGABRT = "SIGABRT"
    SIGBUS = "SIGBUS"
    SIGFPE = "SIGFPE"
    SIGILL = "SIGILL"
    SIGKILL = "SIGKILL"
    SIGSEGV = "SIGSEGV"
    SIGTERM = "SIGTERM"
    OTHER = OVERFLOW_LABEL


class DropReason(StrEnum):
    """Why telemetry was lost."""

    QUEUE_FULL = "queue_full"
    EXPORT_FAILED = "export_failed"
    REJECTED = "rejected"
    SHUTDOWN = "shutdown"


class RejectionCause(StrEnum):
    """Why a request was refused before it reached the server."""

    MALFORMED = "malformed"
    HEAD_SIZE = "head_size"
    HOST = "host"
    ORIGIN = "origin"
    PATH = "path"
    METHOD = "method"
    ENCODING = "encoding"
    BODY_SIZE = "body_size"
    TOKEN = "token"
    KEYS = "keys"
    SLOW = "slow"
    CONNECTIONS = "connections"
    MEMORY = "memory"
    MESSAGE = "message"


def known(value: str, allowed: frozenset[str]) -> str:
    """`value` if it is empty or allowed, else `other`."""
    return value if not value or value in allowed else OVERFLOW_LABEL


def known_status(code: int) -> int:
    """The HTTP status if it is a known one, else 0, which is written `other`."""
    return code if code in STATUS_CODES else 0


def known_error(error_type: str) -> str:
    """`error.type` if it is empty or known, else `_OTHER`."""
    return error_type if not error_type or error_type in ERROR_TYPES else OTHER_ERROR


def cut(text: str, limit: int = TOOL_BYTES) -> str:
    """The longest prefix of `text` within `limit` bytes of UTF-8.

    Lone surrogates, which no label can carry, become `?`.
    """
    if text.isascii() and len(text) <= limit:
        return text
    return text[:limit].encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
