"""The whole stack as one Pulumi component: the plan, performed in order."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import Namespace as NamespaceResource

from stacks import toolhive
from stacks.charts import Part
from stacks.components.access import grafana_admin
from stacks.components.manifest import manifest_resource
from stacks.components.release import ChartSource, helm_release
from stacks.exports import exports
from stacks.ordering import KIND_NEEDS, OBJECT_NEEDS, RELEASE_NEEDS
from stacks.plan import Plan
from stacks.values import Values

# A delete that hangs longer than this never ends by itself.
_SMALL = pulumi.CustomTimeouts(delete="2m")


@dataclass(frozen=True, slots=True)
class ObservabilityArgs:
    """The plan, and what a plan must not or cannot hold: the password and the charts' place."""

    plan: Plan
    password: pulumi.Output[str]
    charts: ChartSource


class Observability(pulumi.ComponentResource):
    """Namespaces, then releases, then objects; each waits for what `ordering` says it needs."""

    def __init__(self, name: str, args: ObservabilityArgs) -> None:
        super().__init__("mcp-observability:index:Observability", name)
        self._provider = kubernetes.Provider(
            name,
            enable_server_side_apply=True,
            # Else a changed board would be replaced, and Grafana would see it vanish.
            enable_config_map_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._namespaces = self._make_namespaces(args.plan)
        self._releases = self._install(args)
        self._apply(args.plan)
        self.exports = exports(args.plan)
        self.register_outputs(self.exports)

    def _options(self, needs: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, provider=self._provider, depends_on=needs, custom_timeouts=_SMALL
        )

    def _make_namespaces(self, plan: Plan) -> list[pulumi.Resource]:
        # Emptying a namespace takes what the slowest object in it takes.
        patient = pulumi.ResourceOptions(
            parent=self,
            provider=self._provider,
            custom_timeouts=pulumi.CustomTimeouts(delete="5m"),
        )
        return [
            NamespaceResource(each, metadata={"name": each}, opts=patient)
            for each in plan.namespaces
        ]

    def _install(self, args: ObservabilityArgs) -> dict[Part, pulumi.Resource]:
        secret = grafana_admin(args.password, self._options(self._namespaces))
        installed: dict[Part, pulumi.Resource] = {}
        for planned in args.plan.releases:
            needed = [installed[part] for part in RELEASE_NEEDS[planned.part]]
            opts = pulumi.ResourceOptions(
                parent=self,
                provider=self._provider,
                depends_on=[*self._namespaces, secret, *needed],
            )
            installed[planned.part] = helm_release(planned, args.charts, opts)
        return installed

    def _apply(self, plan: Plan) -> None:
        applied: dict[str, list[pulumi.Resource]] = {kind: [] for kind in KIND_NEEDS}
        for manifest in plan.objects:
            kind = manifest["kind"]
            referred = [each for needed in OBJECT_NEEDS.get(kind, ()) for each in applied[needed]]
            releases = [self._releases[part] for part in KIND_NEEDS[kind]]
            opts = self._options([*self._namespaces, *releases, *referred])
            resource = manifest_resource(manifest, _replacing(opts, plan, manifest))
            applied[kind].append(resource)


def _replacing(
    opts: pulumi.ResourceOptions, plan: Plan, manifest: Values
) -> pulumi.ResourceOptions:
    changes = toolhive.REPLACED_ON[plan.profile] if manifest["kind"] == "MCPServer" else ()
    if not changes:
        return opts
    extra = pulumi.ResourceOptions(replace_on_changes=list(changes), delete_before_replace=True)
    return pulumi.ResourceOptions.merge(opts, extra)
