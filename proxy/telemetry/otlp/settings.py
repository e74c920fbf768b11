"""What telemetry is sent where, read once from the standard `OTEL_*` variables.

Names, defaults and units are those of the OpenTelemetry specification ("Environment Variable
Specification", "OTLP Exporter Configuration"). What the proxy cannot do is refused, not ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from ...errors import SettingsError
from ..tracing.sampler import FIXED, OFF, RATIO, Sampler
from ..vocabulary import Signal
from . import tls as tls_files
from .env import Variables, refusal
from .tls import TlsFiles

DEFAULT_SERVER = "mcp-server"
NAME_RULE = "a name without a backtick, which ends a name in the dashboards' queries"


class Protocol(StrEnum):
    """Wire protocols of OTLP in use."""

    HTTP = "http/protobuf"
    GRPC = "grpc"


DEFAULT_ENDPOINTS = {
    Protocol.HTTP: "http://localhost:4318",
    Protocol.GRPC: "http://localhost:4317",
}

COMPRESSIONS = {Protocol.HTTP: ("none", "gzip", "deflate"), Protocol.GRPC: ("none", "gzip")}

EXPORTERS = {
    Signal.TRACES: ("otlp", "none"),
    Signal.METRICS: ("otlp", "prometheus", "none"),
    Signal.LOGS: ("otlp", "console", "none"),
}
"""Allowed exporters; all but `otlp` push nothing, as `/metrics` and lines on stderr are there."""

NEEDS_OWN_ENDPOINT = frozenset({Signal.LOGS})
"""Signals that the endpoint of all signals does not turn on: many collectors take no logs."""

ONLY = {
    "OTEL_PROPAGATORS": ("tracecontext", "baggage"),
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": ("cumulative",),
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION": ("explicit_bucket_histogram",),
}
"""Variables that change nothing, by the values that say what the proxy does anyway."""


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """Where one signal is pushed; `endpoint` is complete, with the path that HTTP needs."""

    endpoint: str
    protocol: Protocol
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    timeout_seconds: float
    compression: str
    tls: TlsFiles = TlsFiles()

    @property
    def log_name(self) -> str:
        """The endpoint as logs name it: without the query, which may hold a token."""
        url = urlsplit(self.endpoint)
        return f"{url.scheme}://{url.netloc}{url.path}"


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """A batch processor's limits; sizes are numbers of spans or log records."""

    queue_size: int
    batch_size: int
    delay_seconds: float


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """All telemetry settings; a signal without a place to go is None."""

    server: str
    resource: tuple[tuple[str, str], ...]
    sampler: Sampler
    span_batch: BatchSettings
    log_batch: BatchSettings
    metric_interval_seconds: float
    exemplars: bool
    traces: OtlpSettings | None
    metrics: OtlpSettings | None
    logs: OtlpSettings | None


def parse(environment: Mapping[str, str], server: str | None = None) -> TelemetrySettings:
    """Settings of a proxy whose server is called `server`, or as the environment calls it.

    Raises SettingsError with one line that names variable, value and what is allowed.
    """
    values = Variables(environment)
    _refuse_what_cannot_be(values)
    resource = _resource(values)
    name = server or resource.get("service.name", DEFAULT_SERVER)
    if "`" in name:
        variable, _ = values.named("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")
        raise refusal(variable, name, NAME_RULE)
    switch = values.choice("OTEL_SDK_DISABLED", allowed=("true", "false"), default="false")
    disabled = switch == "true"
    exemplars = values.choice(
        "OTEL_METRICS_EXEMPLAR_FILTER", allowed=("trace_based", "always_off"), default="trace_based"
    )
    return TelemetrySettings(
        server=name,
        resource=tuple({"service.name": name, **resource}.items()),
        sampler=OFF if disabled else _sampler(values),
        span_batch=_batch(values, "OTEL_BSP", delay=5_000),
        log_batch=_batch(values, "OTEL_BLRP", delay=1_000),
        metric_interval_seconds=values.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", default=60_000),
        exemplars=exemplars == "trace_based",
        traces=None if disabled else _otlp(values, Signal.TRACES, "OTEL_BSP_EXPORT_TIMEOUT"),
        metrics=None if disabled else _otlp(values, Signal.METRICS, "OTEL_METRIC_EXPORT_TIMEOUT"),
        logs=None if disabled else _otlp(values, Signal.LOGS, "OTEL_BLRP_EXPORT_TIMEOUT"),
    )


def _refuse_what_cannot_be(values: Variables) -> None:
    for name, allowed in ONLY.items():
        values.choices(name, allowed)
    if file := values.text("OTEL_CONFIG_FILE"):
        raise SettingsError(
            f"OTEL_CONFIG_FILE: {file!r} is not allowed: use the other variables, no file is read"
        )


def _resource(values: Variables) -> dict[str, str]:
    attributes = dict(values.pairs("OTEL_RESOURCE_ATTRIBUTES"))
    service = values.text("OTEL_SERVICE_NAME")
    return {**attributes, "service.name": service} if service else attributes


def _sampler(values: Variables) -> Sampler:
    allowed = (*FIXED, *RATIO)
    name = values.choice("OTEL_TRACES_SAMPLER", allowed=allowed, default="parentbased_always_on")
    if name in FIXED:
        return FIXED[name]
    return Sampler(values.ratio("OTEL_TRACES_SAMPLER_ARG", "1.0"), parent_based=RATIO[name])


def _batch(values: Variables, prefix: str, *, delay: int) -> BatchSettings:
    """The limits of the processor whose variables begin so; `delay` is its default."""
    queue = values.count(f"{prefix}_MAX_QUEUE_SIZE", 2048)
    batch = values.count(f"{prefix}_MAX_EXPORT_BATCH_SIZE", min(512, queue))
    if batch > queue:
        raise SettingsError(
            f"{prefix}_MAX_EXPORT_BATCH_SIZE: '{batch}' is not allowed: use at most"
            f" {prefix}_MAX_QUEUE_SIZE, which is {queue}"
        )
    return BatchSettings(
        queue, batch, values.milliseconds(f"{prefix}_SCHEDULE_DELAY", default=delay)
    )


def _otlp(values: Variables, signal: Signal, patience: str) -> OtlpSettings | None:
    """Where the signal goes; `timeout` names the variable that limits a whole export."""
    own, shared = f"OTEL_EXPORTER_OTLP_{signal.upper()}", "OTEL_EXPORTER_OTLP"
    endpoints = (f"{own}_ENDPOINT", f"{shared}_ENDPOINT")
    asking = endpoints[:1] if signal in NEEDS_OWN_ENDPOINT else endpoints
    if not _is_pushed(values, signal, has_endpoint=bool(values.text(*asking))):
        return None
    allowed = tuple(map(str, Protocol))
    protocol = Protocol(
        values.choice(
            f"{own}_PROTOCOL", f"{shared}_PROTOCOL", allowed=allowed, default=Protocol.HTTP
        )
    )
    name, url = values.url(*endpoints, default=DEFAULT_ENDPOINTS[protocol])
    if protocol is Protocol.HTTP and name != endpoints[0]:
        url = f"{url.rstrip('/')}/v1/{signal}"
    timeout = values.milliseconds(f"{own}_TIMEOUT", f"{shared}_TIMEOUT", default=10_000)
    return OtlpSettings(
        url,
        protocol,
        headers=values.headers(f"{own}_HEADERS", f"{shared}_HEADERS"),
        timeout_seconds=min(timeout, values.milliseconds(patience, default=30_000)),
        compression=values.choice(
            f"{own}_COMPRESSION",
            f"{shared}_COMPRESSION",
            allowed=COMPRESSIONS[protocol],
            default="none",
        ),
        tls=tls_files.read(values, (own, shared)),
    )


def _is_pushed(values: Variables, signal: Signal, *, has_endpoint: bool) -> bool:
    named = values.choices(f"OTEL_{signal.upper()}_EXPORTER", EXPORTERS[signal])
    return "otlp" in named if named else has_endpoint
