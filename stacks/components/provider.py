"""The Kubernetes provider for the cluster that the configuration names."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

import pulumi

from stacks.components.secrets import resolved
from stacks.kubeconfig import CONTEXT_KEY, IN_CLUSTER, KUBECONFIG_KEY, Cluster
from stacks.secret_values import Text

_SETTINGS = {
    "enableServerSideApply": "true",
    # Otherwise a changed dashboard is replaced, and Grafana loses it for a moment.
    "enableConfigMapMutable": "true",
    # Otherwise a changed Secret is replaced, and pods that start meanwhile fail.
    "enableSecretMutable": "true",
}


@dataclass(frozen=True, slots=True)
class ClusterArgs:
    """A cluster and the provider's settings, which are keys of the namespace `kubernetes`.

    Without a cluster, the provider will look for one itself, and say what it lacks.
    `allowed_context` is a context that the stack may move to.
    """

    cluster: Cluster | None
    settings: Mapping[str, Text]
    allowed_context: str | None = None


def kubernetes_provider(name: str, args: ClusterArgs) -> pulumi.ProviderResource:
    """The provider of a cluster.

    Raises pulumi.RunError if the stack was deployed to another context, which is not allowed.
    """
    if args.cluster is None:
        pulumi.log.warn(f"there is no kubeconfig: set KUBECONFIG or {KUBECONFIG_KEY}")
    else:
        pulumi.log.info(f"deploying to {args.cluster}")
        _check_context(args.cluster.context, args.allowed_context)
    context = args.cluster.context if args.cluster else None
    return pulumi.ProviderResource(
        "kubernetes",
        name,
        # kubernetes.Provider would pass the variable KUBECONFIG on as if it were one file.
        {
            **_SETTINGS,
            **resolved(dict(args.settings)),
            "context": None if context == IN_CLUSTER else context,
        },
        pulumi.ResourceOptions(version=metadata.version("pulumi-kubernetes")),
    )


def _check_context(context: str, allowed: str | None) -> None:
    before = _previous_context()
    if before not in (None, context) and allowed != context:
        raise pulumi.RunError(
            f"{CONTEXT_KEY}: {context!r} is not allowed; the stack was deployed to {before!r};"
            f" to move it: pulumi config set allowContext {context}"
        )


def _previous_context() -> str | None:
    """The context of the last deployment, which is an output of the stack."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    # What pulumi.StackReference reads, but now: nothing may be registered before the check.
    found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value
    context: str | None = ((found or {}).get("outputs") or {}).get("context")
    return context
