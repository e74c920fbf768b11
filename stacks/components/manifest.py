"""Pulumi resources from Kubernetes manifests."""

from collections.abc import Callable

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service
from pulumi_kubernetes.networking.v1 import Ingress, NetworkPolicy

from stacks.components.secrets import resolved
from stacks.values import Values

_ARGUMENTS = {"stringData": "string_data"}

Builder = Callable[[str, Values, pulumi.ResourceOptions], pulumi.Resource]


def _builtin(
    kind: type[ConfigMap]
    | type[Secret]
    | type[Service]
    | type[Deployment]
    | type[Ingress]
    | type[NetworkPolicy],
) -> Builder:
    def build(name: str, manifest: Values, opts: pulumi.ResourceOptions) -> pulumi.Resource:
        body = {_ARGUMENTS.get(key, key): each for key, each in manifest.items()}
        body = {key: each for key, each in body.items() if key not in ("apiVersion", "kind")}
        return kind(name, opts=opts, **body)

    return build


def _custom(name: str, manifest: Values, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    return CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=opts,
    )


_BUILTINS: dict[str, Builder] = {
    "ConfigMap": _builtin(ConfigMap),
    "Secret": _builtin(Secret),
    "Service": _builtin(Service),
    "Deployment": _builtin(Deployment),
    "Ingress": _builtin(Ingress),
    "NetworkPolicy": _builtin(NetworkPolicy),
}


def resource_name(manifest: Values) -> str:
    """`<kind>-<name>`, which is unique within a stack."""
    return f"{manifest['kind'].lower()}-{manifest['metadata']['name']}"


def manifest_resource(
    prefix: str, manifest: Values, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Create the resource of one manifest."""
    build = _BUILTINS.get(manifest["kind"], _custom)
    return build(f"{prefix}-{resource_name(manifest)}", resolved(manifest), opts)
