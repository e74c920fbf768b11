"""The images of the stack's components, each of one program that was built for the tests.

The names are those that the charts of this folder ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.charts import CHARTS, Component, Profile
from tests.node.images import Image, layer, program


@dataclass(frozen=True, slots=True)
class _Program:
    """Where a tool is in its image, the image's names, and the user it runs as."""

    path: str
    names: tuple[str, ...]
    user: str = "65534"


_COLLECTOR = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector"
_COLLECTOR_VERSION = CHARTS[Profile.CURRENT][Component.COLLECTOR].version
_OPERATOR = "quay.io/prometheus-operator"

_PROGRAMS = {
    "collector": _Program(
        "/otelcol",
        tuple(f"{_COLLECTOR}-{each}:{_COLLECTOR_VERSION}" for each in ("contrib", "k8s")),
        "10001",
    ),
    "jaeger": _Program("/jaeger", ("jaegertracing/all-in-one:1.62.0",), "10001"),
    "prometheus": _Program("/bin/prometheus", ("quay.io/prometheus/prometheus:v3.10.0",)),
    "prometheus-operator": _Program("/bin/operator", (f"{_OPERATOR}/prometheus-operator:v0.93.1",)),
    "prometheus-config-reloader": _Program(
        "/bin/prometheus-config-reloader", (f"{_OPERATOR}/prometheus-config-reloader:v0.93.1",)
    ),
}
TOOLS = tuple(_PROGRAMS)


def images(folder: Path, tools: Mapping[str, Path]) -> Iterator[Image]:
    """The images of all components; their layers are written into the folder."""
    for name, settings in _PROGRAMS.items():
        only = layer(folder / f"{name}.tar", program(settings.path, tools[name]))
        config = {"Entrypoint": [settings.path], "User": settings.user}
        yield Image(settings.names, (only,), config)
