"""Objects of a cluster, and which of them a selector matches."""

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.cluster_api import Access, Unreachable
from stacks.endpoints import Endpoint

Json = Mapping[str, Any]
Labels = Mapping[str, str]


class Objects:
    """Lists of objects as they are now, each read once. All methods raise Unreachable."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._read: dict[str, tuple[Json, ...]] = {}

    def pods(self, namespace: str) -> tuple[Json, ...]:
        """Those that are not going away."""
        found = self._list(f"/api/v1/namespaces/{namespace}/pods")
        return tuple(each for each in found if "deletionTimestamp" not in each["metadata"])

    def services(self, namespace: str) -> tuple[Json, ...]:
        """The Services of a namespace."""
        return self._list(f"/api/v1/namespaces/{namespace}/services")

    def service(self, endpoint: Endpoint) -> Json | None:
        """The Service of an endpoint."""
        found = self.services(endpoint.namespace)
        return next((each for each in found if name_of(each) == endpoint.service), None)

    def ready_pods(self, endpoint: Endpoint) -> frozenset[str]:
        """The names of the pods to which a Service leads."""
        slices = self._list(
            f"/apis/discovery.k8s.io/v1/namespaces/{endpoint.namespace}/endpointslices"
        )
        return frozenset(
            one["targetRef"]["name"]
            for each in slices
            if labels_of(each).get("kubernetes.io/service-name") == endpoint.service
            for one in each.get("endpoints") or ()
            if one.get("conditions", {}).get("ready") is not False and "targetRef" in one
        )

    def ready(self, endpoint: Endpoint) -> tuple[Json, ...]:
        """The pods to which a Service leads."""
        names = self.ready_pods(endpoint)
        return tuple(each for each in self.pods(endpoint.namespace) if name_of(each) in names)

    def target_port(self, endpoint: Endpoint, pod: Json) -> int:
        """The port of the pod behind a port of the Service."""
        service = self.service(endpoint)
        ports = service["spec"].get("ports") or () if service else ()
        target = next(
            (
                each.get("targetPort", each["port"])
                for each in ports
                if each["port"] == endpoint.port
            ),
            endpoint.port,
        )
        if isinstance(target, int):
            return target
        named = (one for each in containers_of(pod) for one in each.get("ports") or ())
        return next(
            (one["containerPort"] for one in named if one.get("name") == target), endpoint.port
        )

    def namespace_labels(self) -> Mapping[str, Labels]:
        """The labels of all namespaces."""
        return {name_of(each): labels_of(each) for each in self._list("/api/v1/namespaces")}

    def network_policies(self, namespace: str) -> tuple[Json, ...]:
        """The NetworkPolicies of a namespace."""
        return self._list(f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies")

    def monitoring(self, kind: str) -> tuple[Json, ...]:
        """Objects of the Prometheus operator in all namespaces, by their plural."""
        return self._list(f"/apis/monitoring.coreos.com/v1/{kind}")

    def _list(self, path: str) -> tuple[Json, ...]:
        if path not in self._read:
            try:
                self._read[path] = tuple(self._access.get(path).get("items") or ())
            except Unreachable as error:
                if error.status != 404:  # The kind is not defined on this cluster.
                    raise
                self._read[path] = ()
        return self._read[path]


def name_of(found: Json) -> str:
    """The name of an object."""
    return str(found["metadata"]["name"])


def full_name(found: Json) -> str:
    """namespace/name"""
    return f"{found['metadata']['namespace']}/{name_of(found)}"


def labels_of(found: Json) -> Labels:
    """The labels of an object."""
    return found["metadata"].get("labels") or {}


def selects(selector: Json | None, labels: Labels) -> bool:
    """Whether a LabelSelector matches; an empty one matches all, none matches nothing."""
    if selector is None:
        return False
    exact = (selector.get("matchLabels") or {}).items() <= labels.items()
    return exact and all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Json, labels: Labels) -> bool:
    value = labels.get(expression["key"])
    values = expression.get("values") or ()
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


def shown(labels: Labels) -> str:
    """Labels as kubectl prints them."""
    return ",".join(f"{name}={each}" for name, each in sorted(labels.items())) or "no labels"


def containers_of(pod: Json) -> Iterator[Json]:
    """The containers of a pod's specification."""
    yield from pod["spec"].get("containers") or ()


def environment_of(pod: Json, container: str) -> Mapping[str, str]:
    """The plain variables of a container."""
    return {
        each["name"]: each.get("value", "")
        for one in containers_of(pod)
        if one["name"] == container
        for each in one.get("env") or ()
    }
