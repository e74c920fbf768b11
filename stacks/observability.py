"""The whole stack as one Pulumi component."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as NamespaceResource

from stacks import toolhive
from stacks.charts import Component
from stacks.components.manifest import manifest_resource
from stacks.components.provider import ClusterArgs, kubernetes_provider
from stacks.components.release import ChartSource, helm_release
from stacks.config import parse
from stacks.plan import KIND_NEEDS, OBJECT_NEEDS, RELEASE_NEEDS, Plan
from stacks.plan import plan as plan_of
from stacks.secret_values import SecretValue
from stacks.values import Values

# Deletes that take longer are stuck and never end by themselves.
_OBJECT_TIMEOUT = pulumi.CustomTimeouts(delete="2m")
# A namespace is deleted once everything in it is.
_NAMESPACE_TIMEOUT = pulumi.CustomTimeouts(delete="5m")


@dataclass(frozen=True, slots=True)
class ObservabilityArgs:
    """The plan, where the charts come from, and the cluster.

    Without a cluster, the component uses the provider of its options, or Pulumi's default one.
    """

    plan: Plan
    charts: ChartSource
    cluster: ClusterArgs | None = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> "ObservabilityArgs":
        """The arguments for the keys of a stack file, without their prefix; outputs are secret.

        What is `auto` in a stack file is off, or IPv4. A folder of charts is relative to the
        working directory. Raises ConfigError.
        """
        config = parse({key: _without_outputs(each) for key, each in settings.items()})
        return cls(plan_of(config), ChartSource(config.chart_folder, Path.cwd()))


def _without_outputs(value: Any) -> Any:
    """A copy with outputs as secret values, whose content is known at deployment only."""
    if isinstance(value, pulumi.Output):
        return SecretValue(value)
    if isinstance(value, Mapping):
        return {key: _without_outputs(each) for key, each in value.items()}
    return [*map(_without_outputs, value)] if isinstance(value, list | tuple) else value


class Observability(pulumi.ComponentResource):
    """Namespaces, Helm releases and objects, in the order that they need each other.

    Children inherit the component's Kubernetes provider and are named `<name>-<child>`.
    """

    architecture: pulumi.Output[str]
    profile: pulumi.Output[str]
    addresses: pulumi.Output[dict[str, str]]
    """URLs of Grafana, Prometheus and Jaeger inside the cluster."""
    port_forward: pulumi.Output[dict[str, str]]
    """Commands that make them reachable on this machine."""
    servers: pulumi.Output[dict[str, dict[str, Any]]]
    """For each MCP server its URLs and an entry for the `mcp.json` of clients."""
    outputs: dict[str, Any]
    """All of them by the names that the stack exports them under, and the cluster's context."""

    def __init__(
        self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        if args.cluster:
            provider = kubernetes_provider(name, args.cluster)
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
        super().__init__("mcp-observability:index:Observability", name, None, opts)
        self._name = name
        for line in args.plan.warnings:
            pulumi.log.warn(line, self)
        namespaces = self._create_namespaces(args.plan)
        releases = self._install(args, namespaces)
        self._apply(args.plan, namespaces, releases)
        self._set_outputs(args)

    def _options(
        self, needs: Sequence[pulumi.Resource], timeouts: pulumi.CustomTimeouts | None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=needs, custom_timeouts=timeouts)

    def _create_namespaces(self, plan: Plan) -> list[pulumi.Resource]:
        opts = self._options([], _NAMESPACE_TIMEOUT)
        labels = plan.namespace_labels
        return [
            NamespaceResource(
                f"{self._name}-{each}",
                metadata={"name": each, **({"labels": labels[each]} if each in labels else {})},
                opts=opts,
            )
            for each in plan.namespaces
        ]

    def _install(
        self, args: ObservabilityArgs, namespaces: list[pulumi.Resource]
    ) -> dict[Component, pulumi.Resource]:
        opts = self._options(namespaces, _OBJECT_TIMEOUT)
        prerequisites = [
            manifest_resource(self._name, each, opts) for each in args.plan.prerequisites
        ]
        installed: dict[Component, pulumi.Resource] = {}
        for planned in args.plan.releases:
            needed = [
                installed[each] for each in RELEASE_NEEDS[planned.component] if each in installed
            ]
            opts = self._options([*namespaces, *prerequisites, *needed], None)
            installed[planned.component] = helm_release(self._name, planned, args.charts, opts)
        return installed

    def _apply(
        self,
        plan: Plan,
        namespaces: list[pulumi.Resource],
        releases: dict[Component, pulumi.Resource],
    ) -> None:
        applied: dict[str, list[pulumi.Resource]] = {kind: [] for kind in KIND_NEEDS}
        for manifest in plan.objects:
            kind = manifest["kind"]
            referred = [each for needed in OBJECT_NEEDS.get(kind, ()) for each in applied[needed]]
            needed = [releases[each] for each in KIND_NEEDS[kind] if each in releases]
            opts = self._options([*namespaces, *needed, *referred], _OBJECT_TIMEOUT)
            opts = _replacing(opts, plan, manifest)
            applied[kind].append(manifest_resource(self._name, manifest, opts))

    def _set_outputs(self, args: ObservabilityArgs) -> None:
        planned = args.plan.outputs
        self.architecture = pulumi.Output.from_input(planned["architecture"])
        self.profile = pulumi.Output.from_input(planned["profile"])
        self.addresses = pulumi.Output.from_input(planned["addresses"])
        self.port_forward = pulumi.Output.from_input(planned["portForward"])
        self.servers = pulumi.Output.from_input(planned["servers"])
        cluster = args.cluster and args.cluster.cluster
        context = {"context": cluster.context} if cluster else {}
        self.outputs = {**context, **planned}
        self.register_outputs(self.outputs)


def _replacing(
    opts: pulumi.ResourceOptions, plan: Plan, manifest: Values
) -> pulumi.ResourceOptions:
    """Objects of ToolHive are made again in another profile, under the name that they have."""
    group, _, version = manifest["apiVersion"].partition("/")
    if group != toolhive.GROUP:
        return opts
    kind = manifest["kind"]
    changes = toolhive.REPLACED_ON[plan.profile] if kind == "MCPServer" else ()
    extra = pulumi.ResourceOptions(
        replace_on_changes=["apiVersion", *changes],
        delete_before_replace=True,
        aliases=[
            pulumi.Alias(type_=f"kubernetes:{group}/{each}:{kind}")
            for each in toolhive.VERSIONS.values()
            if each != version
        ],
    )
    return pulumi.ResourceOptions.merge(opts, extra)
