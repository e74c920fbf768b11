"""How each program of the pipeline is started, and how it says that it is ready."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import Addresses
from lab.ports import LOOPBACK
from lab.tracing import ENDPOINT

ROOT = Path(__file__).parents[1]

COLLECTOR_FILE, PROMETHEUS_FILE, RULES_FILE = "collector.yaml", "prometheus.yaml", "rules.yaml"
DATA_FOLDER = "prometheus-data"

PREVIEW_MIN_STEP = "5s"
"""The boards' own Min step of a minute is for clusters that push that slowly."""

_ANY_PORT = f"{LOOPBACK}:0"

# Spans wait this long for company; the default of 5 s is for clusters.
_QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "500"}

_FOREIGN_PREFIXES = ("OTEL_", "MCP_PROXY_", "JAEGER_")
_FOREIGN_SUFFIX = "_proxy"


@dataclass(frozen=True, slots=True)
class Process:
    """One program: its name, its command line, what it adds to the environment.

    It is ready when `url` answers with `status`.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    url: str
    status: int = 200


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without what would change the pipeline behind its back."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_FOREIGN_PREFIXES) and not name.lower().endswith(_FOREIGN_SUFFIX)
    }
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def echo(server: str, address: str, collector: str) -> Process:
    """Our echo server over HTTP. It knows one path only, so its 404 says that it listens.

    It answers by event streams, as servers of the official SDKs do unless told otherwise, and
    sends its own spans to the collector's address for OTLP/HTTP.
    """
    arguments = ("--transport", "streamable-http", "--listen", address, "--answers", "sse")
    python = (sys.executable, "-m", "lab.echo")
    own = tracing_to(collector)
    return Process(f"{server}-server", (*python, *arguments), own, f"http://{address}/", 404)


def tracing_to(address: str) -> Mapping[str, str]:
    """What tells the OpenTelemetry SDK of a process to send its spans there by OTLP/HTTP."""
    return {
        ENDPOINT: f"http://{address}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        **_QUICK,
    }


def jaeger(binary: Path, addresses: Addresses) -> Process:
    """Jaeger all-in-one in memory; by environment, because releases differ in their flags."""
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
    # Jaeger traces its own queries, to port 4317 of whoever has it, and waits 10 s to end for them.
    quiet = {
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{addresses.jaeger_otlp}",
    }
    url = f"http://{addresses.jaeger_query}/api/services"
    return Process("jaeger", (str(binary),), {**storage, **quiet, **listen}, url)


def prometheus(binary: Path, folder: Path, addresses: Addresses, flags: tuple[str, ...]) -> Process:
    """Prometheus with its data in the run's folder."""
    arguments = (
        f"--config.file={folder / PROMETHEUS_FILE}",
        f"--storage.tsdb.path={folder / DATA_FOLDER}",
        f"--web.listen-address={addresses.prometheus}",
        *flags,
    )
    url = f"http://{addresses.prometheus}/-/ready"
    return Process("prometheus", (str(binary), *arguments), {}, url)


def collector(binary: Path, folder: Path, health: str) -> Process:
    """The OpenTelemetry Collector."""
    arguments = (str(binary), f"--config={folder / COLLECTOR_FILE}")
    return Process("collector", arguments, {}, f"http://{health}/")


def proxy(
    server: str, metrics: str, environment: Mapping[str, str], arguments: tuple[str, ...]
) -> Process:
    """Our proxy in front of one server; ready when the server behind it is."""
    command = (sys.executable, "-m", "proxy", *arguments)
    return Process(
        f"proxy-{server}", command, {**environment, **_QUICK}, f"http://{metrics}/readyz"
    )


def preview(port: int, prometheus_url: str, jaeger_url: str) -> Process:
    """The boards as live pages, with a Min step for the short intervals of a local pipeline."""
    sources = ("--prometheus", prometheus_url, "--jaeger", jaeger_url)
    options = ("--serve", str(port), *sources, "--min-step", PREVIEW_MIN_STEP)
    command = (sys.executable, "-m", "lab.preview", *options)
    return Process("preview", command, {}, f"http://{LOOPBACK}:{port}/")
