"""Patches that give the main container of a running pod little CPU, and its own again. Pure."""

import re
from typing import Any

from lab.doctor.cluster.objects import Json, containers_of, full_name
from proxy.faults.levels import LevelInvalid, LevelKind

MIN_MILLICPUS, MAX_MILLICPUS = 10, 1000
"""Kubernetes enforces no lower CPU limit."""

NO_LIMIT = "1k"
"""CPUs of a container that had no limit: Kubernetes changes limits in place, but removes none."""

Patch = dict[str, Any]


def millicpus(text: str) -> int:
    """Thousandths of a CPU, from MIN_MILLICPUS to MAX_MILLICPUS, such as 20m."""
    found = re.fullmatch("([0-9]{1,8})m", text)
    value = int(found[1]) if found else 0
    if not MIN_MILLICPUS <= value <= MAX_MILLICPUS:
        raise LevelInvalid(text)
    return value


CPU = LevelKind(f"CPU limit from {MIN_MILLICPUS}m to {MAX_MILLICPUS}m", "20m", millicpus)


def little_cpu(pod: Json, limit: str) -> Patch:
    """A strategic merge patch of its resize; a request is never above the limit.

    The pod keeps its QoS class, as it must: only one that is Guaranteed requests all that it may
    have.
    """
    return _cpu(pod, limit if pod["status"].get("qosClass") == "Guaranteed" else "0", limit)


def own_cpu(pod: Json) -> Patch:
    """The strategic merge patch that undoes `little_cpu`, made before it."""
    resources = _main(pod).get("resources") or {}
    requests, limits = (resources.get(each) or {} for each in ("requests", "limits"))
    return _cpu(pod, requests.get("cpu", "0"), limits.get("cpu", NO_LIMIT))


def why_not(pod: Json) -> str:
    """Why its CPU cannot be changed while it runs; "" where the API server decides."""
    if pod["status"].get("qosClass") == "BestEffort":
        return (
            f"pod {full_name(pod)} has no resources, and gets none while it runs:"
            " set requests of memory for it in `values`"
        )
    policies = _main(pod).get("resizePolicy") or ()
    if {"resourceName": "cpu", "restartPolicy": "RestartContainer"} in policies:
        return f"pod {full_name(pod)} restarts when its CPU changes: so its resizePolicy says"
    return ""


def is_resized(pod: Json) -> bool:
    """Whether the main container runs, with the CPU limit of its specification."""
    main = _main(pod)
    for each in pod["status"].get("containerStatuses") or ():
        if each["name"] == main["name"]:
            return "running" in each["state"] and _limit(each) == _limit(main)
    return False


def _cpu(pod: Json, request: str, limit: str) -> Patch:
    resources = {"requests": {"cpu": request}, "limits": {"cpu": limit}}
    return {"spec": {"containers": [{"name": _main(pod)["name"], "resources": resources}]}}


def _main(pod: Json) -> Json:
    """The container that is not a sidecar, by the annotation that kubectl goes by."""
    annotations = pod["metadata"].get("annotations") or {}
    name = annotations.get("kubectl.kubernetes.io/default-container")
    containers = list(containers_of(pod))
    return next((each for each in containers if each["name"] == name), containers[0])


def _limit(container: Json) -> str | None:
    limits = (container.get("resources") or {}).get("limits") or {}
    limit: str | None = limits.get("cpu")
    return limit
