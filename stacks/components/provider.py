"""The Kubernetes provider of the program."""

import pulumi_kubernetes as kubernetes


def kubernetes_provider(name: str) -> kubernetes.Provider:
    """A provider for the current context of the kubeconfig."""
    return kubernetes.Provider(
        name,
        enable_server_side_apply=True,
        # Otherwise a changed dashboard is replaced, and Grafana loses it for a moment.
        enable_config_map_mutable=True,
        # Otherwise a changed Secret is replaced, and pods that start meanwhile fail.
        enable_secret_mutable=True,
    )
