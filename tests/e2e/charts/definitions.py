"""Custom resource definitions of the kinds that the program uses, for the stand-in charts.

The fields come from ../shared/charts where that is there (then a field that the real kind lacks is
an error); elsewhere a definition takes every field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.charts import Profile

SHARED = Path(__file__).parents[4] / "shared" / "charts"

_ANYTHING: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@dataclass(frozen=True)
class Definition:
    """One custom kind; the last of `versions` is the one it is stored in."""

    group: str
    kind: str
    versions: tuple[str, ...]
    source: str

    @property
    def plural(self) -> str:
        name = self.kind.lower()
        return f"{name[:-1]}ies" if name.endswith("xy") else f"{name}s"

    @property
    def name(self) -> str:
        return f"{self.plural}.{self.group}"

    def manifest(self, *, keep: bool) -> dict[str, Any]:
        """The CustomResourceDefinition; `keep` makes helm leave it when the release goes."""
        policy = {"annotations": {"helm.sh/resource-policy": "keep"}} if keep else {}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.name, **policy},
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": {
                    "kind": self.kind,
                    "plural": self.plural,
                    "singular": self.kind.lower(),
                    "listKind": f"{self.kind}List",
                },
                "versions": [self._version(version) for version in self.versions],
            },
        }

    def _version(self, version: str) -> dict[str, Any]:
        properties = {"spec": self._spec(version), "status": _ANYTHING}
        return {
            "name": version,
            "served": True,
            "storage": version == self.versions[-1],
            "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        }

    def _spec(self, version: str) -> dict[str, Any]:
        fields = SHARED / self.source / f"crd-fields-{self.plural}.json"
        if not fields.exists():
            return _ANYTHING
        spec = json.loads(fields.read_text())["versions"][version]["spec"]
        untrimmed = _untrimmed(spec)
        assert isinstance(untrimmed, dict)
        return untrimmed


def _untrimmed(schema: Any) -> Any:
    """Let through what the extract left out of the schema (pod templates)."""
    if isinstance(schema, list):
        return [_untrimmed(child) for child in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-trimmed"):
        return _ANYTHING
    return {key: _untrimmed(child) for key, child in schema.items()}


def _monitoring(source: str) -> tuple[Definition, ...]:
    kinds = ("ServiceMonitor", "PodMonitor", "PrometheusRule")
    return tuple(Definition("monitoring.coreos.com", kind, ("v1",), source) for kind in kinds)


_TOOLHIVE = "toolhive.stacklok.dev"
_NEWER = ("v1alpha1", "v1beta1")

DEFINITIONS: dict[Profile, dict[str, tuple[Definition, ...]]] = {
    Profile.CURRENT: {
        "kube-prometheus-stack": _monitoring("kube-prometheus-stack-crds-88.5.3"),
        "toolhive-operator-crds": (
            Definition(_TOOLHIVE, "MCPServer", _NEWER, "toolhive-operator-crds-0.44.0"),
            Definition(_TOOLHIVE, "MCPTelemetryConfig", _NEWER, "toolhive-operator-crds-0.44.0"),
            Definition(_TOOLHIVE, "MCPRemoteProxy", _NEWER, "toolhive-operator-crds-0.44.0"),
        ),
    },
    Profile.TUTORIAL: {
        "kube-prometheus-stack": _monitoring("kube-prometheus-stack-crds-77.12.0"),
        "toolhive-operator-crds": (
            Definition(_TOOLHIVE, "MCPServer", ("v1alpha1",), "toolhive-operator-crds-0.0.27"),
        ),
    },
}
"""Profile -> chart -> the kinds it defines, as far as the program uses them."""

# Charts that have their definitions among their templates; the others in crds/, which helm
# installs once and never deletes.
TEMPLATED: dict[Profile, frozenset[str]] = {
    Profile.CURRENT: frozenset({"toolhive-operator-crds"}),
    Profile.TUTORIAL: frozenset(),
}


def names(profile: Profile) -> frozenset[str]:
    """The definitions that stay when everything else is gone."""
    return frozenset(each.name for group in DEFINITIONS[profile].values() for each in group)
