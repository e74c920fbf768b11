"""The images of the stack's components, each of one program that was built for the tests.

They have the names that the charts ask for, whatever the version.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.plan import HelmRelease
from tests.node.images import Image, layer, program

_KUBERNETES_VERSION = "1.34.2"
# Operators get those that they add to pods as an argument (the reloader) or as a variable.
_IMAGE = re.compile(
    r"^ *(?:- )?(?:image: |--prometheus-config-reloader=|name: TOOLHIVE_RUNNER_IMAGE\s+value: )"
    r"\"?([^\"\s]+)",
    re.M,
)


@dataclass(frozen=True, slots=True)
class _Program:
    """Where a tool is in its image, the names of its images, without registry, and its user."""

    path: str
    names: tuple[str, ...]
    user: str = "65534"


_PROGRAMS = {
    "collector": _Program(
        "/otelcol", ("opentelemetry-collector-contrib", "opentelemetry-collector-k8s"), "10001"
    ),
    "jaeger": _Program("/jaeger", ("all-in-one",), "10001"),
    "prometheus": _Program("/bin/prometheus", ("prometheus",)),
    "prometheus-operator": _Program("/bin/operator", ("prometheus-operator",)),
    "prometheus-config-reloader": _Program(
        "/bin/prometheus-config-reloader", ("prometheus-config-reloader",)
    ),
    "kube-state-metrics": _Program("/kube-state-metrics", ("kube-state-metrics",)),
    "node-exporter": _Program("/bin/node_exporter", ("node-exporter",)),
    "toolhive-operator": _Program("/ko-app/thv-operator", ("operator",)),
    "toolhive-proxyrunner": _Program("/ko-app/thv-proxyrunner", ("proxyrunner",), "65532"),
}
"""By the names of the tools."""


def tools(asked: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The tools that make images, each with the names, of those asked for, that its image gets."""
    by_name: dict[str, list[str]] = {}
    for each in sorted(asked):
        by_name.setdefault(each.rpartition(":")[0].rpartition("/")[2], []).append(each)
    named = {
        tool: tuple(full for name in settings.names for full in by_name.pop(name, ()))
        for tool, settings in _PROGRAMS.items()
    }
    assert by_name == {}, "no program for these images"
    return {tool: names for tool, names in named.items() if names}


def images(
    folder: Path, binaries: Mapping[str, Path], named: Mapping[str, tuple[str, ...]]
) -> Iterator[Image]:
    """The images of these tools, with these names."""
    for tool, names in named.items():
        settings = _PROGRAMS[tool]
        only = layer(folder / f"{tool}.tar", program(settings.path, binaries[tool]))
        config = {"Entrypoint": [settings.path], "User": settings.user}
        yield Image(names, (only,), config)


def asked(helm: Path, charts: Path, releases: Iterable[HelmRelease], folder: Path) -> set[str]:
    """The names of the images that the charts ask for, given the values of the releases."""
    return {name for each in releases for name in _rendered(helm, charts, each, folder)}


def _rendered(helm: Path, charts: Path, release: HelmRelease, folder: Path) -> list[str]:
    values = folder / "values.json"
    values.write_text(json.dumps(release.values))
    chart = charts / release.chart.name
    command = (helm, "template", release.name, chart, "--namespace", release.namespace)
    options = ("--values", values, "--kube-version", _KUBERNETES_VERSION)
    done = subprocess.run((*command, *options), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return _IMAGE.findall(done.stdout)
