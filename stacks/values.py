"""Helm values: a base file per chart, merged with the architecture's overlay.

Maps merge, lists replace, and nulls are errors: some versions of the Kubernetes provider silently
drop nulls from Helm values, so a null cannot remove a chart's default. `!ref name` in a file is
replaced by a value that the plan computes, such as an address or an interval.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

Values = dict[str, Any]
"""A YAML mapping, such as Helm values or a Kubernetes manifest."""

FOLDER = Path(__file__).parents[1] / "values"

# Below these an overlay may add keys: the collector's pipelines.
OPEN_MAPS = ("alternateConfig.service.pipelines",)


class ValuesError(ValueError):
    """An invalid values file; the message has the file, the key and the known names."""


class _Loader(yaml.SafeLoader):
    references: Mapping[str, object]

    def reference(self, node: yaml.Node) -> object:
        name = str(node.value)
        if name not in self.references:
            known = ", ".join(sorted(self.references))
            place = f"{node.start_mark.name}:{node.start_mark.line + 1}"
            raise ValuesError(f"{place}: !ref {name} is unknown; known: {known}")
        return self.references[name]


_Loader.add_constructor("!ref", _Loader.reference)


def load(path: Path, references: Mapping[str, object]) -> Values:
    """Read one values file and resolve its references. Raises ValuesError."""
    loader = _Loader(path.read_text(encoding="utf-8"))
    loader.name = path.name
    loader.references = references
    values: Values = loader.get_single_data()
    for key in null_keys(values):
        raise ValuesError(f"{path.name}: {key} is null; nulls in Helm values may be dropped")
    return values


def null_keys(values: Any, prefix: str = "") -> list[str]:
    """The paths of all nulls, at any depth."""
    if values is None:
        return [prefix]
    pairs: list[tuple[str, Any]] = []
    if isinstance(values, dict):
        pairs = [(f"{prefix}.{key}".lstrip("."), each) for key, each in values.items()]
    if isinstance(values, list):
        pairs = [(f"{prefix}[{index}]", each) for index, each in enumerate(values)]
    return [found for path, each in pairs for found in null_keys(each, path)]


def merge(base: Values, overlay: Values, path: str = "") -> Values:
    """A new dict: maps merged, everything else replaced. Raises for keys that the base lacks."""
    merged = dict(base)
    for key, value in overlay.items():
        here = f"{path}.{key}".lstrip(".")
        if key not in base and path not in OPEN_MAPS:
            raise ValuesError(f"overlay key {here} is not in the base; known: {', '.join(base)}")
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(base[key], value, here) if nested else value
    return merged


def values_of(chart: str, overlays: Iterable[str], references: Mapping[str, object]) -> Values:
    """`values/<chart>.yaml`, and over it `values/<overlay>/<chart>.yaml` where that exists."""
    values = load(FOLDER / f"{chart}.yaml", references)
    for overlay in overlays:
        path = FOLDER / overlay / f"{chart}.yaml"
        if path.exists():
            values = merge(values, load(path, references))
    return values
