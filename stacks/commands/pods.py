"""What a stack waits for: pods that are not ready, and why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from stacks.cluster_api import Access, Unreachable

Json = Mapping[str, Any]

# What a container waits for in any start; others are reported with their message.
_STARTING = ("ContainerCreating", "PodInitializing")


def pod_reason(pod: Json) -> str | None:
    """Why a pod is not ready, or None: it is ready, has completed, or is going away."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp") or status.get("phase") == "Succeeded":
        return None
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    if conditions.get("Ready", {}).get("status") == "True":
        return None
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    found = [*filter(None, map(_container_reason, containers))]
    serious = [each for each in found if each not in _STARTING]
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return _with_message(scheduled)
    if found:
        return (serious or found)[0]
    return str(status.get("reason") or status.get("phase", "Pending"))


def _container_reason(container: Json) -> str | None:
    """Why a container is not ready, or None."""
    state = container.get("state", {})
    if waiting := state.get("waiting"):
        last = container.get("lastState", {}).get("terminated")
        if waiting.get("reason") == "CrashLoopBackOff" and last:
            return f"{_with_message(waiting)}; it ended with {_ended(last)}"
        return _with_message(waiting)
    if (ended := state.get("terminated")) and ended.get("exitCode"):
        return f"container {container['name']} ended with {_ended(ended)}"
    if "running" in state and not container.get("ready"):
        return f"container {container['name']} runs but is not ready"
    return None


def _ended(terminated: Json) -> str:
    """OOMKilled and the like explain more than the exit code alone."""
    reason = terminated.get("reason")
    code = f"exit code {terminated.get('exitCode')}"
    return code if reason in (None, "Error") else f"{code} ({reason})"


def _with_message(found: Json) -> str:
    reason, message = found.get("reason", "waiting"), " ".join(found.get("message", "").split())
    return f"{reason}: {message}" if message else str(reason)


def deployment_reason(deployment: Json) -> str | None:
    """Why a deployment cannot make its pods (a quota, pod security), or None."""
    for each in deployment.get("status", {}).get("conditions", []):
        if each["type"] == "ReplicaFailure" and each["status"] == "True":
            return _with_message(each)
    return None


def waits(access: Access, namespaces: Iterable[str], services: Iterable[str]) -> dict[str, str]:
    """Reasons by pod, deployment or Service that is not ready, all as namespace/name.

    `services` are hosts, `<service>.<namespace>.svc`; an operator may yet make their pods.
    Raises Unreachable.
    """
    found: dict[str, str] = {}
    for namespace in namespaces:
        found |= _reasons(access, f"/api/v1/namespaces/{namespace}/pods", pod_reason)
        deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        found |= _reasons(access, deployments, deployment_reason)
    for host in services:
        name, namespace, *_ = host.split(".")
        if not any(_ready_addresses(access, namespace, name)):
            found.setdefault(f"{namespace}/{name}", "no pod behind this Service is ready")
    return found


def _reasons(access: Access, path: str, reason: Any) -> dict[str, str]:
    found = {}
    for each in access.get(path).get("items", []):
        if why := reason(each):
            found[f"{each['metadata']['namespace']}/{each['metadata']['name']}"] = why
    return found


def _ready_addresses(access: Access, namespace: str, service: str) -> Iterator[str]:
    selector = quote(f"kubernetes.io/service-name={service}")
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    for each in access.get(f"{path}?labelSelector={selector}").get("items", []):
        for endpoint in each.get("endpoints") or []:
            if endpoint.get("conditions", {}).get("ready") is not False:
                yield from endpoint["addresses"]


class WaitReport:
    """Prints what is waited for whenever that changes."""

    def __init__(self, access: Access, namespaces: Iterable[str]) -> None:
        self._access = access
        self._namespaces = tuple(namespaces)
        self._before: dict[str, str] = {}

    def update(self, services: Iterable[str] = ()) -> dict[str, str]:
        """Print the changes since the last time; all that is waited for.

        While the cluster does not answer, that is what is waited for.
        """
        try:
            now = waits(self._access, self._namespaces, services)
        except Unreachable as error:
            now = {"the cluster": str(error)}
        for name in now:
            if now[name] != self._before.get(name):
                print(f"waiting for {name}: {now[name]}", flush=True)
        for name in self._before:
            if name not in now:
                print(f"{name}: ready, or gone", flush=True)
        self._before = now
        return now
