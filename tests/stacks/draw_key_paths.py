"""Draw lists of key paths from chart defaults, chart schemas and CRD fields.

    python -m tests.stacks.draw_key_paths CHARTS

writes stacks/chart_keys/, one sorted file per chart (every key that its values may have), and
tests/stacks/key_paths/, one per CRD version (every field, its type, its allowed values). A path
that ends in `.*` is a map or list whose inside the source leaves open; `[]` stands for a list's
items, `{}` for a map's values.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from stacks import chart_values

KEY_PATHS = Path(__file__).parent / "key_paths"
CHART_KEYS = chart_values.FOLDER
SHARED = Path(__file__).parents[3] / "shared" / "charts"

# A chart's values also take its subcharts' values, each below the subchart's name.
CHARTS: dict[str, dict[str, str]] = {
    "kube-prometheus-stack-88.5.3": {
        "grafana": "grafana-12.11.1",
        "kube-state-metrics": "kube-state-metrics-8.4.0",
        "prometheus-node-exporter": "prometheus-node-exporter-4.56.1",
    },
    "kube-prometheus-stack-77.12.0": {
        "grafana": "grafana-10.0.0",
        "kube-state-metrics": "kube-state-metrics-6.3.0",
        "prometheus-node-exporter": "prometheus-node-exporter-4.48.0",
    },
    "jaeger-4.11.1": {},
    "jaeger-3.4.1": {},
    "opentelemetry-collector-0.170.0": {},
    "opentelemetry-collector-0.136.1": {},
    "toolhive-operator-crds-0.44.0": {},
    "toolhive-operator-crds-0.0.27": {},
    "toolhive-operator-0.44.0": {},
    "toolhive-operator-0.2.18": {},
}
# What the default values leave open without showing it: keys that they hold only as comments, and
# Grafana's own configuration file.
OPEN = {
    "jaeger-4.11.1": ("jaeger.resources.*",),
    "jaeger-3.4.1": ("allInOne.resources.*",),
    "kube-prometheus-stack-88.5.3": (
        "grafana.grafana.ini.*",
        "grafana.podAnnotations.*",
        "grafana.serviceMonitor.interval",
        "grafana.serviceMonitor.scrapeTimeout",
    ),
    "kube-prometheus-stack-77.12.0": ("grafana.grafana.ini.*", "grafana.podAnnotations.*"),
}
# Values that charts pass on to Kubernetes as they are: defaults show only some of their keys.
KUBERNETES_OBJECTS = ("securitycontext", ".resources", ".nodeselector", ".affinity")
CRDS = (
    "kube-prometheus-stack-crds-88.5.3",
    "kube-prometheus-stack-crds-77.12.0",
    "toolhive-operator-crds-0.44.0",
    "toolhive-operator-crds-0.0.27",
)

KINDS = frozenset({"ServiceMonitor", "PrometheusRule", "MCPServer", "MCPTelemetryConfig"})

Tree = Mapping[str, Any]
_CONTAINERS = ("object", "array")


def default_paths(values: Any, path: str) -> Iterator[str]:
    """Every key of a default values file; empty and absent values are open."""
    if path.lower().endswith(KUBERNETES_OBJECTS):
        yield f"{path}.*"
        return
    if not isinstance(values, dict) or not values:
        yield f"{path}.*" if values in ({}, [], None) else path
        return
    if path:
        yield path
    for key, each in values.items():
        yield from default_paths(each, f"{path}.{key}".lstrip("."))


def schema_paths(schema: Tree, root: Tree, path: str) -> Iterator[str]:
    """Every key that a JSON schema allows; objects that allow anything are open."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    properties = schema.get("properties", {})
    inside = schema.get("additionalProperties", True)
    kind = schema.get("type", "object")
    closed = properties or isinstance(inside, dict) or kind not in _CONTAINERS
    yield path if closed else f"{path}.*"
    for key, each in properties.items():
        yield from schema_paths(each, root, f"{path}.{key}".lstrip("."))
    if isinstance(inside, dict):
        yield from schema_paths(inside, root, f"{path}.{{}}")


def values_paths(charts: Path, chart: str, subcharts: Mapping[str, str]) -> set[str]:
    """What one chart's values may hold, its subcharts' included."""
    schema = charts / chart / "values.schema.json"
    if schema.exists():
        tree = json.loads(schema.read_text(encoding="utf-8"))
        return set(schema_paths(tree, tree, "")) - {""}
    paths = set(default_paths(_defaults(charts, chart), "")) - {"", ".*"}
    for name, subchart in subcharts.items():
        paths |= set(default_paths(_defaults(charts, subchart), name))
    return paths | set(OPEN.get(chart, ()))


def _defaults(charts: Path, chart: str) -> Any:
    return yaml.safe_load((charts / chart / "values.yaml").read_text(encoding="utf-8"))


def field_lines(field: Tree, path: str) -> Iterator[str]:
    """One line per field of a CRD: path, type, and where there are any, the allowed values."""
    kind = field.get("type", "integer-or-string")
    properties = field.get("properties", {})
    inside = field.get("additionalProperties")
    items = field.get("items")
    if not properties and not isinstance(inside, dict) and not items and kind in _CONTAINERS:
        yield f"{path}.* {kind}"
        return
    allowed = "|".join(str(each) for each in field.get("enum", ()))
    yield f"{path} {kind} {allowed}".rstrip()
    for name in field.get("required", ()):
        yield f"{path}.{name} required"
    for key, each in properties.items():
        yield from field_lines(each, f"{path}.{key}")
    if items:
        yield from field_lines(items, f"{path}[]")
    if isinstance(inside, dict):
        yield from field_lines(inside, f"{path}.{{}}")


def crd_files(charts: Path, chart: str) -> Iterator[tuple[str, list[str]]]:
    """File name and lines of each served version of each CRD of one chart."""
    for path in sorted((charts / chart).glob("crd-fields-*.json")):
        crd = json.loads(path.read_text(encoding="utf-8"))
        if crd["kind"] not in KINDS:
            continue
        for version, schema in crd["versions"].items():
            yield (
                f"{chart}.{crd['kind']}.{version}.txt",
                sorted(field_lines(schema["spec"], "spec")),
            )


def draw(charts: Path) -> dict[Path, str]:
    """Every list: path -> text."""
    lists = {
        CHART_KEYS / f"{chart}.txt": sorted(values_paths(charts, chart, subcharts))
        for chart, subcharts in CHARTS.items()
    }
    for chart in CRDS:
        lists |= {KEY_PATHS / name: lines for name, lines in crd_files(charts, chart)}
    return {path: "".join(f"{line}\n" for line in lines) for path, lines in lists.items()}


def main() -> None:
    """Write the lists, and remove those that nothing draws any more."""
    lists = draw(Path(sys.argv[1]))
    for folder in (KEY_PATHS, CHART_KEYS):
        folder.mkdir(exist_ok=True)
        for stale in set(folder.iterdir()) - lists.keys():
            stale.unlink()
    for path, text in lists.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
