"""The command line, environment and readiness check of each program of the pipeline."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.faults.changes import FAULTS_FILE, FAULTS_VARIABLE, SERVER_VARIABLE
from lab.local.addresses import Addresses
from lab.local.ports import LOOPBACK
from lab.local.user_servers import UserServers
from lab.tracing import ENDPOINT

ROOT = Path(__file__).parents[2]

COLLECTOR_FILE, PROMETHEUS_FILE, RULES_FILE = "collector.yaml", "prometheus.yaml", "rules.yaml"
DATA_FOLDER, LOGS_FOLDER = "prometheus-data", "logs-data"

PREVIEW_MIN_STEP = "5s"
"""The boards' own Min step of a minute is for clusters that push once a minute."""

_ANY_PORT = f"{LOOPBACK}:0"

# Milliseconds; the defaults are 5 s and 1 s.
_SHORT_DELAY = {"OTEL_BSP_SCHEDULE_DELAY": "500", "OTEL_BLRP_SCHEDULE_DELAY": "500"}

_REMOVED_PREFIXES = ("OTEL_", "MCP_PROXY_", "JAEGER_")
_REMOVED_SUFFIX = "_proxy"


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A program: its name, command line, and additions to the environment.

    It is ready when `url` answers with `status`.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    url: str
    status: int = 200


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without variables that would change the pipeline."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_REMOVED_PREFIXES) and not name.lower().endswith(_REMOVED_SUFFIX)
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}


def with_faults(server: str, folder: Path) -> Mapping[str, str]:
    """The environment by which a server of ours finds the faults that it is to have."""
    return {FAULTS_VARIABLE: str(folder / FAULTS_FILE), SERVER_VARIABLE: server}


def echo(server: str, address: str, collector: str) -> ProcessSpec:
    """The echo server over HTTP; ready when `/` answers 404.

    It answers with event streams, the default of the official SDKs, and sends its spans to the
    collector's OTLP/HTTP address.
    """
    arguments = ("--transport", "streamable-http", "--listen", address, "--answers", "sse")
    python = (sys.executable, "-m", "lab.echo")
    own = tracing_to(collector)
    return ProcessSpec(f"{server}-server", (*python, *arguments), own, f"http://{address}/", 404)


def tracing_to(address: str) -> Mapping[str, str]:
    """The environment of a process whose OpenTelemetry SDK sends spans there by OTLP/HTTP."""
    return {
        ENDPOINT: f"http://{address}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        **_SHORT_DELAY,
    }


def jaeger(binary: Path, addresses: Addresses) -> ProcessSpec:
    """Jaeger all-in-one in memory, set by environment because releases differ in their flags."""
    listen = {
        "COLLECTOR_OTLP_GRPC_HOST_PORT": addresses.jaeger_otlp,
        "COLLECTOR_OTLP_HTTP_HOST_PORT": _ANY_PORT,
        "COLLECTOR_GRPC_SERVER_HOST_PORT": addresses.jaeger_grpc,
        "COLLECTOR_HTTP_SERVER_HOST_PORT": _ANY_PORT,
        "QUERY_HTTP_SERVER_HOST_PORT": addresses.jaeger_query,
        "QUERY_GRPC_SERVER_HOST_PORT": _ANY_PORT,
        "ADMIN_HTTP_HOST_PORT": addresses.jaeger_admin,
        "HTTP_SERVER_HOST_PORT": _ANY_PORT,
        "PROCESSOR_JAEGER_BINARY_SERVER_HOST_PORT": _ANY_PORT,
        "PROCESSOR_JAEGER_COMPACT_SERVER_HOST_PORT": _ANY_PORT,
        "PROCESSOR_ZIPKIN_COMPACT_SERVER_HOST_PORT": _ANY_PORT,
    }
    storage = {"SPAN_STORAGE_TYPE": "memory", "MEMORY_MAX_TRACES": "20000"}
    # Jaeger exports spans of its own queries to port 4317, and waits 10 s for that when it stops.
    own_traces = {
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{addresses.jaeger_otlp}",
    }
    url = f"http://{addresses.jaeger_query}/api/services"
    return ProcessSpec("jaeger", (str(binary),), {**storage, **own_traces, **listen}, url)


def prometheus(
    binary: Path, folder: Path, addresses: Addresses, flags: tuple[str, ...]
) -> ProcessSpec:
    """Prometheus, with its data in the run's folder."""
    arguments = (
        f"--config.file={folder / PROMETHEUS_FILE}",
        f"--storage.tsdb.path={folder / DATA_FOLDER}",
        f"--web.listen-address={addresses.prometheus}",
        "--web.enable-otlp-receiver",  # For the load generator; the proxies' path is the plan's.
        *flags,
    )
    url = f"http://{addresses.prometheus}/-/ready"
    return ProcessSpec("prometheus", (str(binary), *arguments), {}, url)


def victoria_logs(binary: Path, folder: Path, address: str) -> ProcessSpec:
    """VictoriaLogs, with its data in the run's folder; by default it would cache in most memory."""
    arguments = (
        f"-storageDataPath={folder / LOGS_FOLDER}",
        f"-httpListenAddr={address}",
        "-retentionPeriod=1d",
        "-memory.allowedBytes=64MiB",
    )
    return ProcessSpec("victoria-logs", (str(binary), *arguments), {}, f"http://{address}/health")


def collector(binary: Path, folder: Path, health: str) -> ProcessSpec:
    """The OpenTelemetry Collector."""
    arguments = (str(binary), f"--config={folder / COLLECTOR_FILE}")
    return ProcessSpec("collector", arguments, {}, f"http://{health}/")


def proxy(
    server: str, metrics: str, environment: Mapping[str, str], arguments: tuple[str, ...]
) -> ProcessSpec:
    """Our proxy in front of one server; ready when the server is."""
    command = (sys.executable, "-m", "proxy", *arguments)
    return ProcessSpec(
        f"proxy-{server}", command, {**environment, **_SHORT_DELAY}, f"http://{metrics}/readyz"
    )


def user_proxy(
    name: str, metrics: str, environment: Mapping[str, str], servers: UserServers
) -> ProcessSpec:
    """Our proxy in front of a server of the user's; ready although the server may not be."""
    chosen = ("--config", servers.path, "--only", name)
    process = proxy(name, metrics, environment, chosen)
    return replace(process, name=servers.process_name(name), url=f"http://{metrics}/healthz")


def preview(port: int, prometheus_url: str, jaeger_url: str) -> ProcessSpec:
    """The preview server, with a Min step for the short intervals of a local pipeline."""
    sources = ("--prometheus", prometheus_url, "--jaeger", jaeger_url)
    options = ("--serve", str(port), *sources, "--min-step", PREVIEW_MIN_STEP)
    command = (sys.executable, "-m", "lab.preview", *options)
    return ProcessSpec("preview", command, {}, f"http://{LOOPBACK}:{port}/")
