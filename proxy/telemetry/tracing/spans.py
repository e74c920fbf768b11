"""Sampled exchanges as OTLP spans, encoded at once: a SERVER span with a CLIENT child.

Names and attributes are those of the MCP semantic conventions, GenAI registry, with two of our
own for the honest outcome. All that a span says beyond ids and times follows from few labels, so
it is encoded once for each set of labels and kept; a span then costs a few joins.
"""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeVar

from ...jsonrpc.methods import ALL as METHODS
from ...jsonrpc.methods import PROMPTS_GET, TOOLS_CALL
from .. import protobuf
from ..catalogue import OVERFLOW_LABEL, Fault, Outcome
from ..client_info import ClientInfo
from ..ledger import Ledger
from ..projection import network_transport
from ..vocabulary import TOOL_BYTES, cut, known
from .context import TraceContext
from .trace import Trace

OUTCOME = "mcp.proxy.outcome"
FAULT = "mcp.proxy.fault"
"""Attributes of the SERVER span that are not in the conventions."""
CLIENT_NAME = "mcp.client.name"
CLIENT_VERSION = "mcp.client.version"
"""Not in the conventions either, but the names that other MCP instrumentations use."""
PRINCIPAL = "enduser.id"
"""Of the general semantic conventions."""

_SPANS: Final = 2
"""The field of ScopeSpans."""

_TRACE_STATE, _NAME, _KIND, _ATTRIBUTES, _LINKS, _STATUS = 3, 5, 6, 9, 13, 15
"""Fields of Span, those that are not written whole below."""

_SERVER, _CLIENT, _ERROR = 2, 3, 2
"""Values of SpanKind and StatusCode."""

# trace_id, span_id, start_time_unix_nano and end_time_unix_nano, each with its tag.
_start: Final = struct.Struct("<2s16s2s8sBQBQ").pack
_TRACE_ID, _SPAN_ID, _START, _END = b"\n\x10", b"\x12\x08", 0x39, 0x41
_PARENT: Final = b'"\x08'
# SpanFlags: whether the parent is remote is known; it is. Field 16, four bytes.
_LOCAL_PARENT: Final = b"\x85\x01" + struct.pack("<I", 0x100)
_REMOTE_PARENT: Final = b"\x85\x01" + struct.pack("<I", 0x300)
_REMOTE_LINK = b"\x35" + struct.pack("<I", 0x300)

_TARGETS = {TOOLS_CALL: "gen_ai.tool.name", PROMPTS_GET: "gen_ai.prompt.name"}
_NANO: Final = 1_000_000_000

# A caller who hangs up has not seen the server fail.
_FINE = frozenset({Outcome.OK, Outcome.CANCELLED})

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_MOST_KEPT = 1024
"""Encodings that are kept; then all are made again, so that callers cannot fill the memory."""


class SpanRecord(NamedTuple):
    """What a span pair says about one request; build it only if its trace is sampled.

    `target` is the name of the tool or prompt. Empty strings and None mean "does not apply".
    `upstream` is when the upstream was asked and when it had answered, in seconds after the
    request's arrival; None if it was never asked. Payload never gets in here. The labels, which
    repeat from call to call, come first.
    """

    method: str
    target: str
    protocol_version: str
    outcome: Outcome
    fault: Fault
    error_type: str
    rpc_code: str
    status_code: int
    request_id: str
    session_id: str
    client: ClientInfo
    principal: str
    seconds: float
    upstream: tuple[float, float] | None

    @property
    def spans(self) -> int:
        """How many spans it becomes."""
        return 1 if self.upstream is None else 2


_LABELS: Final = SpanRecord._fields.index("request_id")


class SpanEncoder:
    """Encodes the spans of one proxy; `address` is the upstream's host and port, if it has one."""

    def __init__(self, ledger: Ledger, address: tuple[str, int] | None) -> None:
        self._ledger = ledger
        self._address = address
        self._kept: dict[tuple[object, ...], tuple[bytes, bytes]] = {}
        self._senders: dict[tuple[str, ClientInfo, str], bytes] = {}

    def __repr__(self) -> str:
        return f"<SpanEncoder {self._ledger.server} kept={len(self._kept)}>"

    def encode(self, trace: Trace, exchange: SpanRecord, end: int) -> bytes:
        """The SERVER span, and the CLIENT span if the upstream was asked, as fields of ScopeSpans.

        `end` is when the answer had ended, in nanoseconds since the epoch.
        """
        server, client = self._kept.get(exchange[:_LABELS]) or self._encode_labels(exchange)
        start = end - round(exchange.seconds * _NANO)
        trace_id = trace.trace_id.to_bytes(16)
        span_id = trace.server_span_id.to_bytes(8)
        own = self._own(exchange)
        if trace.tracestate:
            own += protobuf.text(_TRACE_STATE, trace.tracestate)
        parent = _LOCAL_PARENT if trace.parent is None else _below(trace.parent)
        link = b"" if trace.link is None else _linked(trace.link)
        spans = protobuf.message(
            _SPANS,
            _start(_TRACE_ID, trace_id, _SPAN_ID, span_id, _START, start, _END, end)
            + b"".join((parent, link, own, server)),
        )
        if exchange.upstream is None:
            return spans
        asked = start + round(exchange.upstream[0] * _NANO)
        answered = start + round(exchange.upstream[1] * _NANO)
        client_id = trace.client_span_id.to_bytes(8)
        return spans + protobuf.message(
            _SPANS,
            _start(_TRACE_ID, trace_id, _SPAN_ID, client_id, _START, asked, _END, answered)
            + b"".join((_PARENT, span_id, own, client)),
        )

    def _own(self, exchange: SpanRecord) -> bytes:
        """The attributes that are not labels: of the request, its session and its client."""
        sender = exchange.session_id, exchange.client, exchange.principal
        attributes = self._senders.get(sender)
        if attributes is None:
            attributes = _attributes(_sender(*sender))
            _keep(self._senders, sender, attributes, len(str(sender)))
        if not exchange.request_id:
            return attributes
        return attributes + _attributes({"jsonrpc.request.id": exchange.request_id})

    def _encode_labels(self, exchange: SpanRecord) -> tuple[bytes, bytes]:
        """What the two spans say beside ids, times, request and session."""
        server_fails = _is_server_error(exchange)
        client_fails = exchange.outcome not in _FINE
        name = protobuf.text(_NAME, self._name(exchange))
        shared = name + _attributes(_shared(exchange))
        encoded = (
            shared
            + protobuf.number(_KIND, _SERVER)
            + _attributes(self._server_attributes(exchange, failed=server_fails))
            + _status(failed=server_fails),
            shared
            + protobuf.number(_KIND, _CLIENT)
            + _attributes(self._client_attributes(exchange, failed=client_fails))
            + _status(failed=client_fails)
            + _LOCAL_PARENT,
        )
        labels = exchange[:_LABELS]
        # A tool that has no name of its own yet may get one.
        nameless = self._ledger.tool_label(exchange.target) == OVERFLOW_LABEL
        if exchange.method != TOOLS_CALL or not nameless:
            _keep(self._kept, labels, encoded, len(str(labels)))
        return encoded

    def _name(self, exchange: SpanRecord) -> str:
        """`{method} {tool or prompt}`, bounded as the labels are, for who groups by name."""
        method = known(exchange.method, METHODS) or exchange.method
        tool = self._ledger.tool_label(exchange.target) if exchange.method == TOOLS_CALL else ""
        return f"{method} {tool}" if tool else method

    def _server_attributes(self, exchange: SpanRecord, *, failed: bool) -> dict[str, str | int]:
        return {
            # The proxy's clients always come by HTTP, whatever the server speaks.
            "network.transport": "tcp",
            "network.protocol.name": "http",
            OUTCOME: str(exchange.outcome),
            FAULT: str(exchange.fault),
            "http.response.status_code": exchange.status_code,
            "error.type": exchange.error_type if failed else "",
        }

    def _client_attributes(self, exchange: SpanRecord, *, failed: bool) -> dict[str, str | int]:
        network = network_transport(self._ledger.transport)
        host, port = self._address or ("", 0)
        return {
            "network.transport": network,
            "network.protocol.name": "" if network == "pipe" else "http",
            "server.address": host,
            "server.port": port,
            "error.type": exchange.error_type if failed else "",
        }


def _keep(kept: dict[_Key, _Value], key: _Key, value: _Value, length: int) -> None:
    """Keep an encoding of labels that are `length` characters long, unless that is too many."""
    if length > 4 * TOOL_BYTES:
        return
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value


def _shared(exchange: SpanRecord) -> dict[str, str]:
    """What both spans say of the labels."""
    target = _TARGETS.get(exchange.method)
    return {
        "mcp.method.name": exchange.method,
        "gen_ai.operation.name": "execute_tool" if exchange.method == TOOLS_CALL else "",
        "mcp.protocol.version": exchange.protocol_version,
        "rpc.response.status_code": exchange.rpc_code,
        **({target: exchange.target} if target is not None else {}),
    }


def _sender(session_id: str, client: ClientInfo, principal: str) -> dict[str, str]:
    return {
        "mcp.session.id": session_id,
        CLIENT_NAME: client.name,
        CLIENT_VERSION: client.version,
        PRINCIPAL: principal,
    }


def _attributes(values: dict[str, str | int] | dict[str, str]) -> bytes:
    """Those that apply, cut to the length of a label."""
    pairs: Iterable[tuple[str, str | int]] = (
        (name, cut(value) if isinstance(value, str) else value)
        for name, value in values.items()
        if value
    )
    return protobuf.attributes(_ATTRIBUTES, pairs)


def _is_server_error(exchange: SpanRecord) -> bool:
    """On the server's side the caller's faults are not errors (conventions, changelog 389)."""
    return exchange.outcome not in _FINE and exchange.fault is not Fault.CALLER


def _status(*, failed: bool) -> bytes:
    return protobuf.message(_STATUS, protobuf.number(3, _ERROR) if failed else b"")


def _below(parent: TraceContext) -> bytes:
    return _PARENT + parent.span_id.to_bytes(8) + _REMOTE_PARENT


def _linked(context: TraceContext) -> bytes:
    ids = (_TRACE_ID, context.trace_id.to_bytes(16), _SPAN_ID, context.span_id.to_bytes(8))
    return protobuf.message(_LINKS, b"".join((*ids, _REMOTE_LINK)))
