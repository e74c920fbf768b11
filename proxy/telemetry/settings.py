"""What telemetry is sent where, read once from the standard `OTEL_*` variables.

Names, defaults and units are those of the OpenTelemetry specification ("Environment Variable
Specification", "OTLP Exporter Configuration"): times are in milliseconds there and in seconds
here. TLS files are checked here, and read by the official exporters themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from proxy import certificates
from proxy.errors import SettingsError
from proxy.telemetry.sampling import FIXED, OFF, RATIO, Sampler
from proxy.telemetry.vocabulary import Signal

DEFAULT_SERVER = "mcp-server"


class Protocol(StrEnum):
    """Wire protocols of OTLP in use."""

    HTTP = "http/protobuf"
    GRPC = "grpc"


DEFAULT_ENDPOINTS = {
    Protocol.HTTP: "http://localhost:4318",
    Protocol.GRPC: "http://localhost:4317",
}

COMPRESSIONS = {Protocol.HTTP: ("none", "gzip", "deflate"), Protocol.GRPC: ("none", "gzip")}

EXPORTERS = {Signal.TRACES: ("otlp", "none"), Signal.METRICS: ("otlp", "prometheus", "none")}
"""Allowed exporters; `prometheus` and `none` push nothing, as `/metrics` is always served."""


@dataclass(frozen=True, slots=True)
class OtlpSettings:
    """Where one signal is pushed; `endpoint` is complete, with the path that HTTP needs."""

    endpoint: str
    protocol: Protocol
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    timeout_seconds: float
    compression: str


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """The batch span processor's limits; sizes are numbers of spans."""

    queue_spans: int
    batch_spans: int
    delay_seconds: float
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """All telemetry settings; a signal without a place to go is None."""

    server: str
    resource: tuple[tuple[str, str], ...]
    sampler: Sampler
    batch: BatchSettings
    metric_interval_seconds: float
    traces: OtlpSettings | None
    metrics: OtlpSettings | None


def parse(environment: Mapping[str, str], server: str | None = None) -> TelemetrySettings:
    """Settings of a proxy whose server is called `server`, or as the environment calls it.

    Raises SettingsError with one line that names variable, value and what is allowed.
    """
    values = _Values({name: value.strip() for name, value in environment.items()})
    resource = _resource(values)
    name = server or resource.get("service.name", DEFAULT_SERVER)
    disabled = values.choice("OTEL_SDK_DISABLED", ("true", "false"), "false") == "true"
    return TelemetrySettings(
        server=name,
        resource=tuple({"service.name": name, **resource}.items()),
        sampler=OFF if disabled else _sampler(values),
        batch=_batch(values),
        metric_interval_seconds=values.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000),
        traces=None if disabled else _otlp(values, Signal.TRACES),
        metrics=None if disabled else _otlp(values, Signal.METRICS),
    )


class _Values:
    """Typed reads of variables; an empty value counts as unset, as the specification says."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, *names: str, default: str = "") -> str:
        """The first of the variables that is set."""
        return self.named(*names, default=default)[1]

    def named(self, *names: str, default: str = "") -> tuple[str, str]:
        """The first of the variables that is set, with its name."""
        found = ((name, self._values[name]) for name in names if self._values.get(name))
        return next(found, (names[-1], default))

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default=default).lower()
        if value not in allowed:
            raise _refusal(name, value, f"one of {', '.join(allowed)}")
        return value

    def milliseconds(self, *names: str | int) -> float:
        """Seconds, from a variable in milliseconds; the last argument is the default."""
        *variables, default = names
        name, text = self.named(*map(str, variables), default=str(default))
        return _whole(name, text, "a whole number of milliseconds above 0") / 1000

    def count(self, name: str, default: int) -> int:
        return _whole(name, self.text(name, default=str(default)), "a whole number above 0")


def _refusal(name: str, value: str, allowed: str) -> SettingsError:
    return SettingsError(f"{name}: {value!r} is not allowed: use {allowed}")


def _whole(name: str, text: str, allowed: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise _refusal(name, text, allowed)
    return int(text)


def _resource(values: _Values) -> dict[str, str]:
    attributes = dict(_pairs("OTEL_RESOURCE_ATTRIBUTES", values.text("OTEL_RESOURCE_ATTRIBUTES")))
    service = values.text("OTEL_SERVICE_NAME")
    return {**attributes, "service.name": service} if service else attributes


def _pairs(name: str, text: str) -> list[tuple[str, str]]:
    """Comma-separated `key=value`, percent-encoded as in W3C Baggage."""
    pairs = []
    for member in filter(None, map(str.strip, text.split(","))):
        key, equals, value = member.partition("=")
        if not equals or not key.strip():
            raise _refusal(name, member, "key=value pairs with commas between")
        pairs.append((unquote(key.strip()), unquote(value.strip())))
    return pairs


def _sampler(values: _Values) -> Sampler:
    allowed = (*FIXED, *RATIO)
    name = values.choice("OTEL_TRACES_SAMPLER", allowed, "parentbased_always_on")
    if name in FIXED:
        return FIXED[name]
    return Sampler(_ratio(values), parent_based=RATIO[name])


def _ratio(values: _Values) -> float:
    text = values.text("OTEL_TRACES_SAMPLER_ARG", default="1.0")
    try:
        ratio = float(text)
    except ValueError:
        ratio = float("nan")
    if not 0 <= ratio <= 1:
        raise _refusal("OTEL_TRACES_SAMPLER_ARG", text, "a ratio from 0 to 1")
    return ratio


def _batch(values: _Values) -> BatchSettings:
    queue = values.count("OTEL_BSP_MAX_QUEUE_SIZE", 2048)
    batch = values.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", min(512, queue))
    if batch > queue:
        allowed = f"at most OTEL_BSP_MAX_QUEUE_SIZE, which is {queue}"
        raise _refusal("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", str(batch), allowed)
    delay = values.milliseconds("OTEL_BSP_SCHEDULE_DELAY", 5_000)
    timeout = values.milliseconds("OTEL_BSP_EXPORT_TIMEOUT", 30_000)
    return BatchSettings(queue, batch, delay, timeout)


def _otlp(values: _Values, signal: Signal) -> OtlpSettings | None:
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
    shared = "OTEL_EXPORTER_OTLP_ENDPOINT"
    variable, endpoint = values.named(own, shared)
    if not _is_pushed(values, signal, has_endpoint=bool(endpoint)):
        return None
    protocol = _protocol(values, signal)
    url = _url(variable, endpoint or DEFAULT_ENDPOINTS[protocol])
    if protocol is Protocol.HTTP and variable != own:
        url = f"{url.rstrip('/')}/v1/{signal}"
    _check_files(values, signal)
    return OtlpSettings(
        url,
        protocol,
        headers=tuple(_pairs(*values.named(*_forms(signal, "HEADERS")))),
        timeout_seconds=values.milliseconds(*_forms(signal, "TIMEOUT"), 10_000),
        compression=_compression(values, signal, protocol),
    )


def _check_files(values: _Values, signal: Signal) -> None:
    """Refuse TLS files that the exporter could not use, which it would tell at the first push."""
    name, authorities = values.named(*_forms(signal, "CERTIFICATE"))
    pair_name, certificate = values.named(*_forms(signal, "CLIENT_CERTIFICATE"))
    key_name, key = values.named(*_forms(signal, "CLIENT_KEY"))
    try:
        if authorities:
            certificates.authorities(authorities)
        name, authorities = (pair_name, certificate) if certificate else (key_name, key)
        if certificate or key:
            certificates.key_pair(certificate, key)
    except ValueError as error:
        raise SettingsError(f"{name}: {authorities!r} is not allowed: {error}") from error


def _is_pushed(values: _Values, signal: Signal, *, has_endpoint: bool) -> bool:
    name = f"OTEL_{signal.upper()}_EXPORTER"
    named = [part.strip() for part in values.text(name).lower().split(",") if part.strip()]
    for exporter in named:
        if exporter not in EXPORTERS[signal]:
            raise _refusal(name, exporter, f"one of {', '.join(EXPORTERS[signal])}")
    return "otlp" in named if named else has_endpoint


def _forms(signal: Signal, suffix: str) -> tuple[str, str]:
    """The signal's own variable, which wins, and the shared one."""
    return f"OTEL_EXPORTER_OTLP_{signal.upper()}_{suffix}", f"OTEL_EXPORTER_OTLP_{suffix}"


def _protocol(values: _Values, signal: Signal) -> Protocol:
    name, text = values.named(*_forms(signal, "PROTOCOL"), default=Protocol.HTTP)
    if text not in tuple(Protocol):
        raise _refusal(name, text, f"one of {', '.join(Protocol)}")
    return Protocol(text)


def _compression(values: _Values, signal: Signal, protocol: Protocol) -> str:
    name, text = values.named(*_forms(signal, "COMPRESSION"), default="none")
    if text.lower() not in COMPRESSIONS[protocol]:
        raise _refusal(name, text, f"one of {', '.join(COMPRESSIONS[protocol])}")
    return text.lower()


def _url(name: str, text: str) -> str:
    """An absolute http or https URL with a host and, if any, a valid port."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise _refusal(name, text, "a URL such as http://127.0.0.1:4318")
    return text
