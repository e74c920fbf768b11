"""The Helm charts: one table of pins per profile, and the names their releases get.

A profile fixes chart versions together with everything that depends on them (Service names, API
versions); versions of two profiles are never mixed. Charts derive their Service names from the
release name, so release names are fixed too.
"""

from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """A set of chart versions that were rendered and tested together."""

    CURRENT = "current"
    TUTORIAL = "tutorial"


class Component(StrEnum):
    """The parts of a stack, one Helm release each. The value is the release's name."""

    PROMETHEUS = "kube-prometheus-stack"
    JAEGER = "jaeger"
    COLLECTOR = "otel-collector"
    TOOLHIVE_CRDS = "toolhive-operator-crds"
    TOOLHIVE = "toolhive-operator"


class Namespace(StrEnum):
    """The default names of the namespaces."""

    MONITORING = "monitoring"
    TOOLHIVE = "toolhive-system"
    SERVERS = "mcp-servers"


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The names of the stack's namespaces."""

    monitoring: str = Namespace.MONITORING.value
    toolhive: str = Namespace.TOOLHIVE.value
    servers: str = Namespace.SERVERS.value

    def release(self, component: Component) -> str:
        """The namespace of a Helm release."""
        if component in (Component.TOOLHIVE_CRDS, Component.TOOLHIVE):
            return self.toolhive
        return self.monitoring


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


def _pins(versions: dict[Component, str], *, jaeger_values: str) -> dict[Component, Chart]:
    names = {
        Component.PROMETHEUS: ("kube-prometheus-stack", _PROMETHEUS_REPO, "kube-prometheus-stack"),
        Component.JAEGER: ("jaeger", _JAEGER_REPO, jaeger_values),
        Component.COLLECTOR: (
            "opentelemetry-collector",
            _COLLECTOR_REPO,
            "opentelemetry-collector",
        ),
        Component.TOOLHIVE_CRDS: (
            "toolhive-operator-crds",
            _TOOLHIVE_REPO,
            "toolhive-operator-crds",
        ),
        Component.TOOLHIVE: ("toolhive-operator", _TOOLHIVE_REPO, "toolhive-operator"),
    }
    return {
        component: Chart(name, repo, versions[component], values)
        for component, (name, repo, values) in names.items()
    }


CHARTS: dict[Profile, dict[Component, Chart]] = {
    Profile.CURRENT: _pins(
        {
            Component.PROMETHEUS: "88.5.3",
            Component.JAEGER: "4.11.1",
            Component.COLLECTOR: "0.170.0",
            Component.TOOLHIVE_CRDS: "0.44.0",
            Component.TOOLHIVE: "0.44.0",
        },
        jaeger_values="jaeger",
    ),
    Profile.TUTORIAL: _pins(
        {
            Component.PROMETHEUS: "77.12.0",
            Component.JAEGER: "3.4.1",
            Component.COLLECTOR: "0.136.1",
            Component.TOOLHIVE_CRDS: "0.0.27",
            Component.TOOLHIVE: "0.2.18",
        },
        jaeger_values="jaeger-v1",
    ),
}
"""Chart versions: `tutorial` is what ToolHive's tutorial installs, `current` the newest tested."""
