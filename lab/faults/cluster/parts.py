"""Stops parts of a stack's pipeline, slows them or takes their Services away, and restores them.

An object that a fault changed has an annotation with the merge patch that undoes the change, so
that it can be restored whatever became of the command that changed it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from lab.doctor.cluster.objects import Json, labels_of, name_of
from lab.faults.cluster.throttle import Patch, is_resized, little_cpu, own_cpu, why_not
from lab.faults.fault import COLLECTOR, JAEGER, PROMETHEUS, SLOW, STOPPED, Fault
from stacks.cluster_api import Access, Unreachable
from stacks.component_choices import Mode
from stacks.config import StackConfig
from stacks.endpoints import Endpoint

MARK = "mcp-observability/fault"
"""The annotation of a changed object; also a label that no pod or node has."""

_NOWHERE = {MARK: "true"}
_NOT_NOWHERE = {MARK: None}
_MONITORING = "/apis/monitoring.coreos.com/v1"
_WORKLOADS = ("deployments", "statefulsets", "daemonsets")
_RESIZE = "resize"
"""The subresource of a pod by which its CPU changes while it runs."""


@dataclass(frozen=True, slots=True)
class _Object:
    """An object, and the path of the API at which it is."""

    path: str
    found: Json

    @property
    def spec(self) -> Json:
        spec: Json = self.found["spec"]
        return spec

    @property
    def mark(self) -> Json | None:
        """The fault that changed it, and how that is undone; None if none did."""
        text = (self.found["metadata"].get("annotations") or {}).get(MARK)
        mark: Json | None = json.loads(text) if text else None
        return mark

    @property
    def prometheus(self) -> str:
        """The name of the Prometheus whose operator made it, with its annotations; "" if none."""
        owners = self.found["metadata"].get("ownerReferences") or ()
        return next((str(each["name"]) for each in owners if each["kind"] == "Prometheus"), "")


Change = Callable[[_Object], tuple[Patch, Patch]]
"""Makes the merge patch that changes an object, and the one that undoes it."""

_Done = Callable[[list[Json]], bool]
"""Whether objects that are awaited are as they should be."""


def parts_of(config: StackConfig) -> dict[str, tuple[Endpoint, ...]]:
    """The parts that a stack installs, and their Services; others are not the stack's to break."""
    chosen, where = config.components, config.endpoints
    every = (
        (COLLECTOR, chosen.collector.mode, [where.collector_otlp_http]),
        (PROMETHEUS, chosen.prometheus.mode, [where.prometheus]),
        (JAEGER, chosen.traces.mode, [where.jaeger.otlp_grpc, where.jaeger.query]),
    )
    return {
        part: tuple({each.host: each for each in endpoints}.values())
        for part, mode, endpoints in every
        if mode is Mode.INSTALL
    }


class Parts:
    """The parts of one stack's pipeline. Methods raise Unreachable."""

    def __init__(self, access: Access, config: StackConfig) -> None:
        self._access = access
        self._parts = parts_of(config)
        self._namespace = config.namespaces.monitoring

    @cached_property
    def can_resize(self) -> bool:
        """Whether the cluster changes the CPU of running pods."""
        resources = self._access.get("/api/v1").get("resources") or ()
        return f"pods/{_RESIZE}" in [each["name"] for each in resources]

    def why_not_slow(self, part: str) -> str:
        """Why the pods of a part cannot be slowed as they are; "" if nothing is known."""
        if not self.can_resize:
            return "the cluster resizes no running pod, which Kubernetes does since 1.33"
        pods = self._pods_of(part)
        reasons = (reason for each in pods if (reason := why_not(each.found)))
        return next(reasons, "" if pods else "it has no pod")

    def check_slow(self, fault: Fault, level: str) -> None:
        """Raise Unreachable if the API server would refuse to slow the pods of a part."""
        for each in self._pods_of(fault.part):
            self._resize(each.path, little_cpu(each.found, level), "?dryRun=All")

    def begin(self, fault: Fault, level: str = "") -> None:
        """Stop or slow a part, or let its Services lead nowhere; again only changes the level."""
        if fault.name.endswith(SLOW):
            for each in self._pods_of(fault.part):
                self._change(each, fault.name, _keep_cpu)
                self._resize(each.path, little_cpu(each.found, level))
            return
        services = [self._service(each) for each in self._parts[fault.part]]
        if fault.name.endswith(STOPPED):
            for each in self._behind(services):
                self._change(each, fault.name, _stop)
            return
        pods = self._pods_of(fault.part)
        for each in services:
            self._change(each, fault.name, _refuse)
        # Connections that are open do not end with the Service.
        for each in pods:
            with _gone():
                self._access.delete(each.path)

    def end(self, fault: str | None) -> set[str]:
        """Undo a fault, or all; returns the names of the faults that were undone."""
        undone = set()
        for each in self._every():
            if each.mark and fault in (None, each.mark["fault"]):
                with _gone():
                    self._undo(each, {} if each.prometheus else each.mark["undo"])
                if not each.prometheus:
                    undone.add(str(each.mark["fault"]))
        return undone

    def await_away(self, part: str, seconds: float) -> bool:
        """Wait until the Services of a part lead nowhere; False if they do not within the time."""
        every = self._parts[part]
        return all(self._await_slices(each, seconds, _lead_nowhere) for each in every)

    def await_ready(self, part: str, seconds: float) -> bool:
        """Wait until each Service of a part leads to ready pods only."""
        return all(self._await_slices(each, seconds, _are_ready) for each in self._parts[part])

    def await_resized(self, part: str, seconds: float) -> bool:
        """Wait until all pods of a part run with the CPU limit of their specification."""
        selectors = self._selectors(part)

        def resized(pods: list[Json]) -> bool:
            return all(is_resized(each) for each in pods if _is_of(each, selectors))

        return self._await(f"/api/v1/namespaces/{self._namespace}/pods?", seconds, resized)

    def _await_slices(self, service: Endpoint, seconds: float, done: _Done) -> bool:
        path = f"/apis/discovery.k8s.io/v1/namespaces/{service.namespace}/endpointslices"
        selected = f"{path}?labelSelector=kubernetes.io/service-name%3D{service.service}&"
        return self._await(selected, seconds, done)

    def _await(self, path: str, seconds: float, done: _Done) -> bool:
        found = self._access.get(path)
        objects = {name_of(each): each for each in found["items"]}
        if done(list(objects.values())):
            return True
        since = found["metadata"]["resourceVersion"]
        for event in self._access.watch(f"{path}resourceVersion={since}", seconds):
            changed = event["object"]
            if event["type"] == "DELETED":
                objects.pop(name_of(changed), None)
            elif event["type"] in ("ADDED", "MODIFIED"):
                objects[name_of(changed)] = changed
            if done(list(objects.values())):
                return True
        return False

    def _undo(self, changed: _Object, undo: Patch) -> None:
        if "/pods/" in changed.path:
            self._resize(changed.path, undo)
            undo = {}
        self._access.patch(changed.path, {**undo, "metadata": {"annotations": _NOT_NOWHERE}})

    def _resize(self, pod: str, cpu: Patch, query: str = "") -> None:
        self._access.patch_entries(f"{pod}/{_RESIZE}{query}", cpu)

    def _service(self, endpoint: Endpoint) -> _Object:
        path = f"/api/v1/namespaces/{endpoint.namespace}/services/{endpoint.service}"
        return _Object(path, self._access.get(path))

    def _behind(self, services: list[_Object]) -> Iterator[_Object]:
        """The workloads whose pods the Services select; a Prometheus instead of its own."""
        seen = set()
        for each in self._workloads():
            labels = labels_of(each.spec["template"])
            selectors = [one.spec.get("selector") or {} for one in services]
            if any(one and one.items() <= labels.items() for one in selectors):
                owner = self._prometheus(each.prometheus) if each.prometheus else each
                if owner.path not in seen:
                    seen.add(owner.path)
                    yield owner

    def _prometheus(self, name: str) -> _Object:
        path = f"{_MONITORING}/namespaces/{self._namespace}/prometheuses/{name}"
        return _Object(path, self._access.get(path))

    def _workloads(self) -> Iterator[_Object]:
        for plural in _WORKLOADS:
            yield from self._list(f"/apis/apps/v1/namespaces/{self._namespace}/{plural}")

    def _every(self) -> Iterator[_Object]:
        """All objects that a fault may have changed; last those with annotations of the first."""
        yield from self._list(f"{_MONITORING}/namespaces/{self._namespace}/prometheuses")
        yield from self._list(f"/api/v1/namespaces/{self._namespace}/services")
        yield from self._workloads()
        yield from self._list(f"/api/v1/namespaces/{self._namespace}/pods")

    def _list(self, path: str) -> Iterator[_Object]:
        try:
            found = self._access.get(path)
        except Unreachable as error:
            if error.status != HTTPStatus.NOT_FOUND:  # The kind is not defined on this cluster.
                raise
            return
        for each in found.get("items") or ():
            yield _Object(f"{path}/{name_of(each)}", each)

    def _pods_of(self, part: str) -> list[_Object]:
        """The pods that the Services of a part select."""
        selectors = self._selectors(part)
        every = self._list(f"/api/v1/namespaces/{self._namespace}/pods")
        return [each for each in every if _is_of(each.found, selectors)]

    def _selectors(self, part: str) -> list[Json]:
        services = map(self._service, self._parts[part])
        return [each.spec.get("selector") or {} for each in services]

    def _change(self, changed: _Object, fault: str, how: Change) -> None:
        """Change an object as it was read, once; read it again where it changed meanwhile."""
        if changed.mark:
            return
        patch, undo = how(changed)
        metadata = {
            "annotations": {MARK: json.dumps({"fault": fault, "undo": undo})},
            "resourceVersion": changed.found["metadata"]["resourceVersion"],
        }
        try:
            self._access.patch(changed.path, {**patch, "metadata": metadata})
        except Unreachable as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            again = _Object(changed.path, self._access.get(changed.path))
            self._change(again, fault, how)


def _stop(workload: _Object) -> tuple[Patch, Patch]:
    """The merge patch that leaves a workload without pods, and the one that undoes it."""
    if "/daemonsets/" not in workload.path:
        replicas = workload.spec.get("replicas")
        return {"spec": {"replicas": 0}}, {"spec": {"replicas": replicas}}
    chosen = workload.spec["template"]["spec"].get("nodeSelector")
    return _nodes(_NOWHERE), _nodes(_NOT_NOWHERE if chosen else None)


def _nodes(selector: Patch | None) -> Patch:
    return {"spec": {"template": {"spec": {"nodeSelector": selector}}}}


def _keep_cpu(pod: _Object) -> tuple[Patch, Patch]:
    """No change, and the patch that undoes the resize that follows."""
    return {}, own_cpu(pod.found)


def _refuse(_: _Object) -> tuple[Patch, Patch]:
    """The merge patch that lets a Service select no pod, and the one that undoes it."""
    return {"spec": {"selector": _NOWHERE}}, {"spec": {"selector": _NOT_NOWHERE}}


@contextmanager
def _gone() -> Iterator[None]:
    """What is gone needs no change."""
    try:
        yield
    except Unreachable as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise


def _is_of(pod: Json, selectors: list[Json]) -> bool:
    """Whether one of the selectors selects a pod, which has not ended and does not end."""
    if pod["status"].get("phase") in ("Succeeded", "Failed"):
        return False
    labels = labels_of(pod).items()
    selected = any(each and each.items() <= labels for each in selectors)
    return selected and "deletionTimestamp" not in pod["metadata"]


def _states(slices: list[Json]) -> list[bool]:
    """Of the pods that a Service leads to and that do not end: whether each is ready."""
    every = (one for each in slices for one in each.get("endpoints") or ())
    conditions = (each.get("conditions") or {} for each in every)
    return [each.get("ready") is not False for each in conditions if not each.get("terminating")]


def _lead_nowhere(slices: list[Json]) -> bool:
    return not any(_states(slices))


def _are_ready(slices: list[Json]) -> bool:
    states = _states(slices)
    return bool(states) and all(states)
