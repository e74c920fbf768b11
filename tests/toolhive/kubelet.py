"""The series of cAdvisor and kube-state-metrics for ToolHive's pods.

Labels as kube-prometheus-stack's monitors leave them; both exporters' own labels are honoured.
"""

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tests.toolhive.emitted import Server

Row = tuple[dict[str, str], float]


class Cluster(Collector):
    """Two containers in the pod of each server's proxy, one of which was once ended."""

    def __init__(self, namespace: str, servers: tuple[Server, ...]) -> None:
        self._pods = [{"namespace": namespace, "pod": server.pod} for server in servers]

    def collect(self) -> Iterator[Metric]:
        used = [(each, time.process_time()) for each in self._containers()]
        yield _counter("container_cpu_usage_seconds", used)
        yield _gauge("container_memory_working_set_bytes", [(o, 5e7) for o in self._containers()])
        own = [{**pod, "container": "toolhive", "uid": "u"} for pod in self._pods]
        yield _counter("kube_pod_container_status_restarts", [(each, 1) for each in own])
        ended = [({**each, "reason": "OOMKilled"}, 1.0) for each in own]
        yield _gauge("kube_pod_container_status_last_terminated_reason", ended)
        limits = [
            ({**each, "resource": resource, "unit": unit, "node": "n"}, limit)
            for each in own
            for resource, unit, limit in (("cpu", "core", 0.2), ("memory", "byte", 1.28e8))
        ]
        yield _gauge("kube_pod_container_resource_limits", limits)

    def _containers(self) -> list[dict[str, str]]:
        return [
            {**pod, "container": container, "id": f"/kubepods/{pod['pod']}/{container}"}
            for pod in self._pods
            for container in ("toolhive", "")
        ]


def _counter(name: str, rows: list[Row]) -> Metric:
    return _filled(CounterMetricFamily(name, name, labels=list(rows[0][0])), rows)


def _gauge(name: str, rows: list[Row]) -> Metric:
    return _filled(GaugeMetricFamily(name, name, labels=list(rows[0][0])), rows)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, rows: list[Row]) -> Metric:
    for labels, value in rows:
        family.add_metric(list(labels.values()), value)
    return family
