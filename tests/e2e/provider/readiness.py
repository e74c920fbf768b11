"""When the real provider takes an object for ready, of the kinds that our program makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.e2e.kubeapi.client import Client

# The real provider's default.
SECONDS = 600.0
LOOK_SECONDS = 0.25
_SKIP = "pulumi.com/skipAwait"


def is_ready(client: Client, live: dict[str, Any]) -> bool:
    """Deployments are rolled out, Services with a selector have an endpoint; all else is ready."""
    if live["metadata"].get("annotations", {}).get(_SKIP) == "true":
        return True
    if live["kind"] == "Deployment":
        return _is_rolled_out(live)
    return live["kind"] != "Service" or _is_served(client, live)


def reasons(client: Client, live: dict[str, Any]) -> Iterator[str]:
    """What the object and its pods say about why they are not ready."""
    for each in live.get("status", {}).get("conditions", ()):
        yield each.get("message", each["type"])
    selector = live.get("spec", {}).get("selector") or {}
    labels = selector.get("matchLabels", selector).items()
    pods = client.resource_type("v1", "Pod")
    for pod in client.list_all(pods, namespace=live["metadata"].get("namespace")):
        if labels and labels <= pod["metadata"].get("labels", {}).items():
            yield from _pod_reasons(pod)


def _is_rolled_out(live: dict[str, Any]) -> bool:
    status = live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return False
    return any(
        (each["type"], each["status"], each.get("reason"))
        == ("Progressing", "True", "NewReplicaSetAvailable")
        for each in status.get("conditions", ())
    )


def _is_served(client: Client, live: dict[str, Any]) -> bool:
    spec, metadata = live["spec"], live["metadata"]
    if not spec.get("selector") or spec.get("clusterIP") == "None":
        return True
    slices = client.resource_type("discovery.k8s.io/v1", "EndpointSlice")
    return any(
        endpoint["conditions"].get("ready")
        for each in client.list_all(slices, namespace=metadata["namespace"])
        if each["metadata"]["labels"].get("kubernetes.io/service-name") == metadata["name"]
        for endpoint in each.get("endpoints") or ()
    )


def _pod_reasons(pod: dict[str, Any]) -> Iterator[str]:
    for container in pod["status"].get("containerStatuses", ()):
        if not container["ready"]:
            state = {**container.get("lastState", {}), **container["state"]}
            yield f"pod {pod['metadata']['name']}, container {container['name']}: {state}"
