"""What the collector's kubeletstats receiver emits for its groups node and pod, as OTLP in JSON.

Names, units and resource attributes are the receiver's (opentelemetry-collector-contrib).
"""

from collections.abc import Iterator
from typing import Any

from tests.cluster.pods import EVERYONE, NODE, Pod

Json = dict[str, Any]

_SCOPE = {"name": "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/kubeletstats"}


def kubelet_statistics(nanoseconds: int) -> Json:
    """One collection, at a time since the epoch."""
    return {"resourceMetrics": list(_resources(str(nanoseconds)))}


def _resources(time: str) -> Iterator[Json]:
    yield _resource({"k8s.node.name": NODE}, _use("k8s.node", 3.0, 2_000_000_000, time))
    for pod in EVERYONE:
        yield _resource(_attributes(pod), _use("k8s.pod", pod.cores, pod.bytes, time))


def _attributes(pod: Pod) -> dict[str, str]:
    return {
        "k8s.namespace.name": pod.namespace,
        "k8s.pod.name": pod.name,
        "k8s.pod.uid": pod.uid,
        "k8s.node.name": NODE,
    }


def _use(of: str, cores: float, size: int, time: str) -> list[Json]:
    """`cpu.usage` in cores and the working set in bytes, both gauges."""
    cpu = {"asDouble": cores, "timeUnixNano": time}
    memory = {"asInt": str(size), "timeUnixNano": time}
    return [
        {"name": f"{of}.cpu.usage", "unit": "{cpu}", "gauge": {"dataPoints": [cpu]}},
        {"name": f"{of}.memory.working_set", "unit": "By", "gauge": {"dataPoints": [memory]}},
    ]


def _resource(attributes: dict[str, str], metrics: list[Json]) -> Json:
    described = [{"key": key, "value": {"stringValue": each}} for key, each in attributes.items()]
    return {
        "resource": {"attributes": described},
        "scopeMetrics": [{"scope": _SCOPE, "metrics": metrics}],
    }
