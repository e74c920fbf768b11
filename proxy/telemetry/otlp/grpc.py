"""OTLP over gRPC, by the official gRPC library: it brings HTTP/2, TLS and compression.

The library takes 0.3 s and 20 MB to load, so it is imported where a collector is spoken to by
gRPC, and beside the event loop.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...errors import MalformedMessage
from .. import protobuf
from ..vocabulary import Signal
from . import export_response
from .http import USER_AGENT
from .retry import ANSWER_LIMIT, ExportResult, ExportTransport
from .settings import OtlpSettings

if TYPE_CHECKING:
    import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own

_METHODS = {
    Signal.TRACES: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    Signal.METRICS: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    Signal.LOGS: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
}

_RETRYABLE = frozenset(
    {"CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "OUT_OF_RANGE", "UNAVAILABLE", "DATA_LOSS"}
)
"""Statuses after which the OTLP specification allows another attempt, whatever is with them."""

_RETRY_INFO = b"google.rpc.RetryInfo"
_NANO = 1_000_000_000


async def open_grpc(settings: OtlpSettings, signal: Signal) -> "OtlpGrpcTransport":
    """A transport to the settings' endpoint."""
    return OtlpGrpcTransport(await asyncio.to_thread(_library), settings, signal)


def _library() -> "grpc":
    import grpc.aio  # type: ignore[import-untyped]

    return grpc


class OtlpGrpcTransport(ExportTransport):
    """Calls one method of a collector."""

    def __init__(self, library: "grpc", settings: OtlpSettings, signal: Signal) -> None:
        self._errors = library.aio.AioRpcError
        self._channel = _channel(library, settings)
        self._call = self._channel.unary_unary(_METHODS[signal])
        self._metadata = tuple((name.lower(), value) for name, value in settings.headers)

    async def prepare(self, body: bytes) -> bytes:
        """The library compresses by itself."""
        return body

    async def attempt(self, body: bytes, seconds: float) -> ExportResult:
        try:
            answer: bytes = await self._call(body, timeout=seconds, metadata=self._metadata)
        except self._errors as error:
            return _failure(error)
        return export_response.read(answer)

    async def close(self) -> None:
        await self._channel.close()


def _channel(library: "grpc", settings: OtlpSettings) -> "grpc.aio.Channel":
    url = urlsplit(settings.endpoint)
    target = url.netloc
    compression = library.Compression.Gzip if settings.compression == "gzip" else None
    options = (
        ("grpc.primary_user_agent", USER_AGENT),
        ("grpc.max_receive_message_length", ANSWER_LIMIT),
        # The specification's pauses are ours to make.
        ("grpc.enable_retries", 0),
    )
    if url.scheme == "http":
        return library.aio.insecure_channel(target, options=options, compression=compression)
    credentials = library.ssl_channel_credentials(*settings.tls.contents())
    return library.aio.secure_channel(target, credentials, options=options, compression=compression)


def _failure(error: "grpc.aio.AioRpcError") -> ExportResult:
    status: str = error.code().name
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    after = _asked_to_wait(details)
    # Without a word on when to come back, an exhausted collector is not to be asked again.
    again = status in _RETRYABLE or (status == "RESOURCE_EXHAUSTED" and after is not None)
    return ExportResult(f"gRPC status {status}", again=again, after=after)


def _asked_to_wait(details: bytes) -> float | None:
    """Seconds, from the RetryInfo in a google.rpc.Status, if it has one."""
    try:
        for _, packed in _messages(details, 3):
            named = dict(protobuf.fields(packed))
            kind, content = named.get(1), named.get(2)
            if isinstance(kind, bytes) and kind.endswith(_RETRY_INFO):
                return _duration(content if isinstance(content, bytes) else b"")
    except MalformedMessage:
        pass
    return None


def _messages(data: bytes, field: int) -> list[tuple[int, bytes]]:
    return [
        (number, value)
        for number, value in protobuf.fields(data)
        if number == field and isinstance(value, bytes)
    ]


def _duration(retry_info: bytes) -> float:
    """The retry_delay, a google.protobuf.Duration."""
    delay = dict(_messages(retry_info, 1)).get(1, b"")
    parts = dict(protobuf.fields(delay))
    seconds, nanoseconds = (part if isinstance(part := parts.get(n, 0), int) else 0 for n in (1, 2))
    return seconds + nanoseconds / _NANO
