"""A stack's objects on an API server that only lists them, so that each can be broken."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lab.doctor.cluster.find_stack import ClusterStack
from stacks.charts import Component
from stacks.cluster_api import Access
from stacks.config import PASSWORD, parse
from stacks.endpoints import COLLECTOR_SERVICE, PROMETHEUS_SERVICE
from stacks.kubeconfig import Cluster
from stacks.monitors import collector_selector
from tests.http_edge import Handler, serving
from tests.stacks.stack import GOOD_PASSWORD, HTTP, plan_of

MONITORING, SERVERS = "monitoring", "mcp-servers"
Manifest = dict[str, Any]

PLURALS = {
    "Namespace": "namespaces",
    "Pod": "pods",
    "Service": "services",
    "EndpointSlice": "endpointslices",
    "NetworkPolicy": "networkpolicies",
    "ServiceMonitor": "servicemonitors",
    "Prometheus": "prometheuses",
    "PrometheusRule": "prometheusrules",
}


def pod(
    name: str, namespace: str, labels: dict[str, str], spec: Manifest | None = None
) -> Manifest:
    """A pod that is ready."""
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": spec or {"containers": [{"name": "main"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def service(name: str, namespace: str, labels: dict[str, str], **ports: int) -> Manifest:
    """A Service, with the labels that it also selects."""
    listed = [{"name": each, "port": port} for each, port in ports.items()]
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"selector": labels, "ports": listed},
    }


@dataclass
class Listed:
    """Objects by kind/namespace/name, which a test changes, and the stack that they are of."""

    config: dict[str, Any]
    every: dict[str, Manifest] = field(default_factory=dict)

    def add(self, *found: Manifest) -> None:
        for each in found:
            metadata = each["metadata"]
            key = f"{each['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
            self.every[key] = each

    @contextmanager
    def stack(self) -> Iterator[ClusterStack]:
        """The stack on an API server with these objects."""
        parsed = parse({**self.config, PASSWORD: GOOD_PASSWORD})

        class Api(Handler):
            def do_GET(handler) -> None:
                handler.answer(200, json.dumps({"items": self.items(handler.path)}))

        with serving(Api) as url:
            cluster = Cluster("test", Access(url), "a test")
            yield ClusterStack("mine", cluster, parsed, parsed.servers[0])

    def items(self, path: str) -> list[Manifest]:
        """What a list has."""
        found = re.search(r"/v1(?:/namespaces/([^/]+))?/(\w+)$", urlsplit(path).path)
        namespace, plural = found.groups() if found else (None, None)
        return [
            each
            for each in self.every.values()
            if PLURALS.get(each["kind"]) == plural
            and namespace in (None, each["metadata"].get("namespace"))
        ]


def deployed(**changes: Any) -> Listed:
    """A stack with one server, as it is when everything works."""
    config: dict[str, Any] = {"servers": [HTTP], **changes}
    listed = Listed(config)
    planned = deepcopy(plan_of(**config).objects)
    listed.add(*(each for each in planned if each["kind"] in PLURALS))
    for name in (MONITORING, SERVERS):
        labels = {"kubernetes.io/metadata.name": name}
        listed.add({"kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    for each in planned:
        if each["kind"] == "Deployment":
            template = each["spec"]["template"]
            found = pod("search-1", SERVERS, template["metadata"]["labels"], template["spec"])
            listed.add(found)
    prometheus = {"app.kubernetes.io/name": "prometheus"}
    collector = collector_selector()
    ports = {"otlp-http": 4318, "metrics": 8888, "prometheus": 8889}
    release = {"release": Component.PROMETHEUS.value}
    listed.add(
        pod("prometheus-0", MONITORING, prometheus),
        service(PROMETHEUS_SERVICE, MONITORING, prometheus, http=9090),
        pod("collector-1", MONITORING, collector),
        service(COLLECTOR_SERVICE, MONITORING, collector, **ports),
        pod("jaeger-1", MONITORING, {"app": "jaeger"}),
        service("jaeger", MONITORING, {"app": "jaeger"}, otlp=4317, query=16686),
        {
            "kind": "Prometheus",
            "metadata": {"name": "main", "namespace": MONITORING, "labels": release},
            "spec": {
                "serviceMonitorSelector": {},
                "serviceMonitorNamespaceSelector": {},
                "ruleSelector": {},
                "ruleNamespaceSelector": {},
                "enableRemoteWriteReceiver": True,
            },
        },
        slice_of("search", SERVERS, "search-1"),
        slice_of(PROMETHEUS_SERVICE, MONITORING, "prometheus-0"),
        slice_of(COLLECTOR_SERVICE, MONITORING, "collector-1"),
        slice_of("jaeger", MONITORING, "jaeger-1"),
    )
    return listed


def slice_of(name: str, namespace: str, pod_name: str) -> Manifest:
    """The EndpointSlice of a Service with one pod that is ready."""
    labels = {"kubernetes.io/service-name": name}
    return {
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "endpoints": [{"targetRef": {"kind": "Pod", "name": pod_name}, "addresses": ["10.0.0.1"]}],
    }
