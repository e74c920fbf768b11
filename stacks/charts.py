"""The Helm charts: one table of pins per profile, and the names their releases get.

A profile fixes chart versions together with everything that follows from them (service names, API
shapes); versions of two profiles are never mixed. Service names derive from the release names, so
a release name is part of the wiring.
"""

from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """A set of versions that were rendered and checked together."""

    CURRENT = "current"
    SEED = "seed"


class Part(StrEnum):
    """What a stack is made of: one Helm release each. The value is the release's name."""

    PROMETHEUS = "kube-prometheus-stack"
    JAEGER = "jaeger"
    COLLECTOR = "otel-collector"
    TOOLHIVE_CRDS = "toolhive-operator-crds"
    TOOLHIVE = "toolhive-operator"


class Namespace(StrEnum):
    """The namespaces of the stack; it creates all three."""

    MONITORING = "monitoring"
    TOOLHIVE = "toolhive-system"
    SERVERS = "mcp-servers"


# The CRD release stays where it is: Helm lets only the same name and namespace adopt kept CRDs.
RELEASE_NAMESPACE = {
    Part.PROMETHEUS: Namespace.MONITORING,
    Part.JAEGER: Namespace.MONITORING,
    Part.COLLECTOR: Namespace.MONITORING,
    Part.TOOLHIVE_CRDS: Namespace.TOOLHIVE,
    Part.TOOLHIVE: Namespace.TOOLHIVE,
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart at one version.

    `repo` is a classic chart repository (https://...) or the registry folder of an OCI chart
    (oci://...). `values` names the base file under values/, without its suffix.
    """

    name: str
    repo: str
    version: str
    values: str

    @property
    def is_oci(self) -> bool:
        """Whether the chart comes from an OCI registry."""
        return self.repo.startswith("oci://")


_PROMETHEUS_REPO = "https://prometheus-community.github.io/helm-charts"
_COLLECTOR_REPO = "https://open-telemetry.github.io/opentelemetry-helm-charts"
_JAEGER_REPO = "https://jaegertracing.github.io/helm-charts"
_TOOLHIVE_REPO = "oci://ghcr.io/stacklok/toolhive"


def _pins(versions: dict[Part, str], *, jaeger_values: str) -> dict[Part, Chart]:
    names = {
        Part.PROMETHEUS: ("kube-prometheus-stack", _PROMETHEUS_REPO, "kube-prometheus-stack"),
        Part.JAEGER: ("jaeger", _JAEGER_REPO, jaeger_values),
        Part.COLLECTOR: ("opentelemetry-collector", _COLLECTOR_REPO, "opentelemetry-collector"),
        Part.TOOLHIVE_CRDS: ("toolhive-operator-crds", _TOOLHIVE_REPO, "toolhive-operator-crds"),
        Part.TOOLHIVE: ("toolhive-operator", _TOOLHIVE_REPO, "toolhive-operator"),
    }
    return {
        part: Chart(name, repo, versions[part], values)
        for part, (name, repo, values) in names.items()
    }


CHARTS: dict[Profile, dict[Part, Chart]] = {
    Profile.CURRENT: _pins(
        {
            Part.PROMETHEUS: "88.5.3",
            Part.JAEGER: "4.11.1",
            Part.COLLECTOR: "0.170.0",
            Part.TOOLHIVE_CRDS: "0.44.0",
            Part.TOOLHIVE: "0.44.0",
        },
        jaeger_values="jaeger",
    ),
    Profile.SEED: _pins(
        {
            Part.PROMETHEUS: "77.12.0",
            Part.JAEGER: "3.4.1",
            Part.COLLECTOR: "0.136.1",
            Part.TOOLHIVE_CRDS: "0.0.27",
            Part.TOOLHIVE: "0.2.18",
        },
        jaeger_values="jaeger-v1",
    ),
}
"""Chart pins: `seed` is what the original tutorial installs, `current` the newest set checked."""
