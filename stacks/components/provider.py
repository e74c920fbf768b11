"""The Kubernetes provider for the cluster that the configuration names."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

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
# The engine saves the state of what is registered already while the program reads it, and its
# file backend does so in several writes: a read between two of them gets this error.
_UNREADABLE = "failed to load checkpoint"
_READ_ATTEMPTS = 20
_READ_PAUSE_SECONDS = 0.1


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
    context: str | None = (_stack_outputs(stack) or {}).get("context")
    return context


def _stack_outputs(stack: str) -> dict[str, Any] | None:
    """What pulumi.StackReference reads, but now: nothing may be registered before the check."""
    attempt = 0
    while True:
        attempt += 1
        try:
            found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value
        except Exception as error:  # the SDK has no narrower type for what the engine answers
            if _UNREADABLE not in str(error):
                raise
            if attempt == _READ_ATTEMPTS:
                raise pulumi.RunError(f"the stack's state cannot be read: {error}") from None
            time.sleep(_READ_PAUSE_SECONDS)
        else:
            outputs: dict[str, Any] | None = (found or {}).get("outputs")
            return outputs
