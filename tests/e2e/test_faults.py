"""Faults of a stack on a cluster: what is written to a real API server, and undone.

The API server has no controllers here: what workloads and Services come to is tests/node/.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.faults.catalogue import CLUSTER_FAULTS, LIVE_FAULTS
from lab.faults.cluster.parts import MARK, Parts
from lab.faults.cluster.state import FaultsConfigMap
from lab.faults.fault import PARTS
from proxy.faults.injections import NO_FAULTS, Faults, Injection
from stacks.cluster_api import Access, Unreachable
from stacks.config import StackConfig
from stacks.endpoints import Endpoint
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry
from tests.e2e.kubeapi.server import ApiServer
from tests.waiting import until

pytestmark = pytest.mark.slow

MONITORING, SERVERS = "monitoring", "mcp-servers"
WAIT_SECONDS = 60.0
CONFIG = StackConfig()
WHERE = CONFIG.endpoints
GROUP = "monitoring.coreos.com"
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": f"prometheuses.{GROUP}",
        "annotations": {"api-approved.kubernetes.io": "unapproved"},
    },
    "spec": {
        "group": GROUP,
        "names": {"kind": "Prometheus", "plural": "prometheuses"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}


def workload(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "example.org/none:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": MONITORING},
        "spec": {"selector": {"matchLabels": labels}, "template": template, **spec},
    }


def service(endpoint: Endpoint, app: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": endpoint.service, "namespace": endpoint.namespace},
        "spec": {"selector": {"app": app}, "ports": [{"port": endpoint.port}]},
    }


def slice_of(endpoint: Endpoint, *ready: bool) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": endpoint.service,
            "namespace": endpoint.namespace,
            "labels": {"kubernetes.io/service-name": endpoint.service},
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [f"10.0.0.{number}"], "conditions": {"ready": each}}
            for number, each in enumerate(ready, 1)
        ],
    }


def pod(app: str, resources: dict[str, Any], **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "example.org/none:1", "resources": resources, **spec}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{app}-1", "namespace": MONITORING, "labels": {"app": app}},
        "spec": {"containers": [container]},
    }


def running(client: Client, app: str, resources: dict[str, Any] | None) -> None:
    """Say of a pod, as its kubelet does, that it runs with these resources."""
    status = {"name": "main", "image": "none", "imageID": "none", "ready": True}
    state = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    container = {**status, "restartCount": 0, "state": state, "resources": resources}
    path = f"/api/v1/namespaces/{MONITORING}/pods/{app}-1/status"
    body = {"status": {"containerStatuses": [container]}}
    client.request("PATCH", path, body=body, content_type="application/merge-patch+json")


def pod_of(client: Client, app: str) -> tuple[dict[str, Any], bool]:
    """The resources of a pod's container, and whether a fault changed the pod."""
    found = client.read("v1", "Pod", f"{app}-1", namespace=MONITORING)
    assert found
    [container] = found["spec"]["containers"]
    return container["resources"], MARK in found["metadata"].get("annotations", {})


def manifests() -> Iterator[dict[str, Any]]:
    """The parts of a stack, as charts and Prometheus' operator leave them."""
    for name in (MONITORING, SERVERS):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    yield DEFINITION
    yield workload("Deployment", "jaeger", replicas=2)
    yield workload("Deployment", "other", replicas=1)
    yield workload("DaemonSet", "collector")
    yield service(WHERE.jaeger.query, "jaeger")
    yield service(WHERE.collector_otlp_http, "collector")
    yield service(WHERE.prometheus, "prometheus")
    yield {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Prometheus",
        "metadata": {"name": "kps", "namespace": MONITORING},
        "spec": {"version": "v3.10.0"},
    }


OBJECTS = (
    ("apps/v1", "Deployment", "jaeger"),
    ("apps/v1", "Deployment", "other"),
    ("apps/v1", "DaemonSet", "collector"),
    ("apps/v1", "StatefulSet", "prometheus"),
    (f"{GROUP}/v1", "Prometheus", "kps"),
    ("v1", "Service", WHERE.jaeger.query.service),
    ("v1", "Service", WHERE.collector_otlp_http.service),
    ("v1", "Service", WHERE.prometheus.service),
)


@pytest.fixture
def access(api_server: ApiServer, client: Client, untouched: frozenset[Entry]) -> Iterator[Access]:
    for each in manifests():
        client.apply(each)
    prometheus = client.read(f"{GROUP}/v1", "Prometheus", "kps", namespace=MONITORING)
    assert prometheus
    owner = {"apiVersion": f"{GROUP}/v1", "kind": "Prometheus", "name": "kps"}
    owned = workload("StatefulSet", "prometheus", serviceName="", replicas=1)
    owned["metadata"]["ownerReferences"] = [{**owner, "uid": prometheus["metadata"]["uid"]}]
    client.apply(owned)
    services = (WHERE.jaeger.query, WHERE.collector_otlp_http, WHERE.prometheus)
    for endpoint in services:
        client.apply(slice_of(endpoint, False))
    where = api_server.access
    authority = {"certificate-authority": where.certificate_authority}
    yield Access(where.server, authority, {"token": where.token})
    for endpoint in services:
        # What is removed after a test leaves these out.
        client.delete(
            "discovery.k8s.io/v1", "EndpointSlice", endpoint.service, namespace=endpoint.namespace
        )


def specs(client: Client) -> dict[str, Any]:
    found = {}
    for version, kind, name in OBJECTS:
        each = client.read(version, kind, name, namespace=MONITORING)
        assert each
        marked = MARK in (each["metadata"].get("annotations") or {})
        found[f"{kind}/{name}"] = (each["spec"], marked)
    return found


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name, each in before.items() if after[name] != each}


CHANGED = {
    "collector-stopped": "DaemonSet/collector",
    "collector-refusing": f"Service/{WHERE.collector_otlp_http.service}",
    "prometheus-stopped": "Prometheus/kps",
    "prometheus-refusing": f"Service/{WHERE.prometheus.service}",
    "jaeger-stopped": "Deployment/jaeger",
    "jaeger-refusing": f"Service/{WHERE.jaeger.query.service}",
}


def test_each_fault_changes_one_object_and_is_undone_exactly(
    access: Access, client: Client
) -> None:
    parts = Parts(access, CONFIG)
    before = specs(client)
    for name, changed in CHANGED.items():
        parts.begin(LIVE_FAULTS[name])
        during = specs(client)
        assert differing(before, during) == {changed}
        parts.begin(LIVE_FAULTS[name])
        assert specs(client) == during
        assert parts.end("jaeger-slow") == set()
        assert parts.end(name) == {name}
        assert specs(client) == before
    assert parts.end(None) == set()


def test_an_annotation_that_the_operator_copied_undoes_nothing(
    access: Access, client: Client
) -> None:
    parts = Parts(access, CONFIG)
    path = f"/apis/apps/v1/namespaces/{MONITORING}/statefulsets/prometheus"
    parts.begin(LIVE_FAULTS["prometheus-stopped"])
    prometheus = client.read(f"{GROUP}/v1", "Prometheus", "kps", namespace=MONITORING)
    assert prometheus
    annotations = {MARK: prometheus["metadata"]["annotations"][MARK]}
    copied = {"metadata": {"annotations": annotations}, "spec": {"replicas": 0}}
    access.patch(path, copied)
    assert parts.end(None) == {"prometheus-stopped"}
    # Also if it does so after the fault has ended.
    access.patch(path, copied)
    assert parts.end(None) == set()
    spec, marked = specs(client)["StatefulSet/prometheus"]
    assert (spec["replicas"], marked) == (0, False)


def test_what_stops_a_part_is_that_it_has_no_pods(access: Access, client: Client) -> None:
    parts = Parts(access, CONFIG)
    for part in PARTS:
        parts.begin(LIVE_FAULTS[f"{part}-stopped"])
    found = {name: spec for name, (spec, _) in specs(client).items()}
    assert found["Deployment/jaeger"]["replicas"] == 0
    assert found["Prometheus/kps"]["replicas"] == 0
    nodes = found["DaemonSet/collector"]["template"]["spec"]["nodeSelector"]
    assert nodes == {MARK: "true"}
    assert parts.end(None) == {f"{part}-stopped" for part in PARTS}


LITTLE = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
SLOWED = [
    (
        LITTLE,
        {"requests": {"cpu": "0", "memory": "64Mi"}, "limits": {"cpu": "20m", "memory": "128Mi"}},
        {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "1k", "memory": "128Mi"}},
    ),
    (
        {"requests": {"cpu": "2"}, "limits": {"cpu": "4"}},
        {"requests": {"cpu": "0"}, "limits": {"cpu": "20m"}},
        {"requests": {"cpu": "2"}, "limits": {"cpu": "4"}},
    ),
    (
        dict.fromkeys(("requests", "limits"), {"cpu": "1", "memory": "64Mi"}),
        dict.fromkeys(("requests", "limits"), {"cpu": "20m", "memory": "64Mi"}),
        dict.fromkeys(("requests", "limits"), {"cpu": "1", "memory": "64Mi"}),
    ),
    (
        {"requests": {"memory": "64Mi"}},
        {"requests": {"cpu": "0", "memory": "64Mi"}, "limits": {"cpu": "20m"}},
        {"requests": {"cpu": "0", "memory": "64Mi"}, "limits": {"cpu": "1k"}},
    ),
]
"""What a pod has before, during and after: of each QoS class that can be slowed."""


@pytest.mark.parametrize(("own", "during", "after"), SLOWED)
def test_a_slow_part_keeps_its_pods_which_get_their_own_cpu_again(
    access: Access,
    client: Client,
    own: dict[str, Any],
    during: dict[str, Any],
    after: dict[str, Any],
) -> None:
    parts, fault, before = Parts(access, CONFIG), CLUSTER_FAULTS["jaeger-slow"], specs(client)
    client.apply(pod("jaeger", own))
    client.apply(pod("other", LITTLE))
    assert parts.can_resize
    for _ in range(2):
        running(client, "jaeger", own)
        parts.check_slow(fault, "20m")
        assert pod_of(client, "jaeger") == (own, False)
        parts.begin(fault, "30m")
        parts.begin(fault, "20m")
        assert pod_of(client, "jaeger") == (during, True)
        assert not parts.await_resized("jaeger", 1)
        running(client, "jaeger", during)
        assert parts.await_resized("jaeger", 1)
        assert parts.end("jaeger-slow") == {"jaeger-slow"}
        assert pod_of(client, "jaeger") == (after, False)
        own = after
    assert specs(client) == before
    assert pod_of(client, "other") == (LITTLE, False)


RESTARTS = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (pod("other", LITTLE), "it has no pod"),
        (
            pod("jaeger", {}),
            "pod monitoring/jaeger-1 has no resources, and gets none while it runs:"
            " set requests of memory for it in `values`",
        ),
        (
            pod("jaeger", LITTLE, resizePolicy=RESTARTS),
            "pod monitoring/jaeger-1 restarts when its CPU changes: so its resizePolicy says",
        ),
    ],
)
def test_a_part_that_cannot_be_slowed_says_why(
    access: Access, client: Client, found: dict[str, Any], reason: str
) -> None:
    client.apply(found)
    assert Parts(access, CONFIG).why_not_slow("jaeger") == reason


def test_a_node_that_resizes_no_pod_is_named_by_the_api_server(
    access: Access, client: Client
) -> None:
    client.apply(pod("jaeger", LITTLE))
    running(client, "jaeger", None)
    with pytest.raises(Unreachable, match="Pod running on node without support for resize$"):
        Parts(access, CONFIG).check_slow(CLUSTER_FAULTS["jaeger-slow"], "20m")
    assert pod_of(client, "jaeger") == (LITTLE, False)


def test_a_part_is_away_without_ready_pods_and_ready_with_ready_ones_only(
    access: Access, client: Client
) -> None:
    parts, endpoint = Parts(access, CONFIG), WHERE.prometheus
    client.apply(slice_of(endpoint, True))
    assert parts.await_ready("prometheus", 1)
    assert not parts.await_away("prometheus", 1)
    with ThreadPoolExecutor() as pool:
        for awaited, states in (
            (parts.await_away, (False, False)),
            (parts.await_ready, (True, True)),
        ):
            waiting = pool.submit(awaited, "prometheus", 60)
            client.apply(slice_of(endpoint, *states[:1], not states[1]))
            client.apply(slice_of(endpoint, *states))
            assert waiting.result()


def test_what_several_people_change_at_once_is_all_there(access: Access) -> None:
    count = 8
    together = threading.Barrier(count)

    def add(number: int) -> None:
        new = Injection("hang", "100%", f"server-{number}", 1.0)
        together.wait()
        FaultsConfigMap(access, SERVERS).change(
            lambda faults: Faults((*faults.injections, new), faults.mystery)
        )

    state = FaultsConfigMap(access, SERVERS)
    assert state.read() == NO_FAULTS
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(add, range(count)))
    assert {each.server for each in state.read().injections} == {
        f"server-{number}" for number in range(count)
    }


COMMAND = """
import sys
from pathlib import Path
from lab.fault import run as fault
from lab.faults.cluster.place import cluster_place
root = Path(sys.argv[1])
fault.cluster_place = lambda name, environ: cluster_place(name, environ, root)
sys.exit(fault.main(sys.argv[2:]))
"""
UNMARKED = f"not marked on the boards: no pod of {MONITORING}/{WHERE.prometheus.service} is ready\n"
Start = Callable[..., subprocess.Popen[str]]
"""Starts the command with these words, for a stack that takes faults."""


@pytest.fixture
def start(api_server: ApiServer, tmp_path: Path) -> Start:
    (tmp_path / "stacks").mkdir()
    config = {"mcp-observability:faultInjection": "true"}
    (tmp_path / "stacks" / "Pulumi.mine.yaml").write_text(yaml.safe_dump({"config": config}))

    def started(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COMMAND, str(tmp_path), *words, "--stack", "mine"]
        environ = {**os.environ, "KUBECONFIG": str(api_server.kubeconfig)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environ, text=True, stdout=pipe, stderr=pipe)

    return started


@pytest.mark.parametrize(
    ("seconds", "number", "code"),
    [(3600, signal.SIGTERM, 143), (3600, signal.SIGINT, 130), (1, None, 0)],
)
def test_a_part_is_restored_however_its_time_ends(
    access: Access, client: Client, start: Start, seconds: int, number: int | None, code: int
) -> None:
    before = specs(client)
    with start("collector-stopped", "--seconds", str(seconds)) as command:
        assert command.stdout
        assert command.stdout.readline().startswith("on: collector-stopped, ends in ")
        assert command.stdout.readline() == UNMARKED
        client.apply(slice_of(WHERE.collector_otlp_http, True))
        if number:
            assert differing(before, specs(client)) == {"DaemonSet/collector"}
            command.send_signal(number)
        output = f"ended: collector-stopped\n{UNMARKED}"
        assert command.communicate(timeout=WAIT_SECONDS) == (output, "")
    assert command.returncode == code
    assert specs(client) == before
    assert FaultsConfigMap(access, SERVERS).read() == NO_FAULTS


def test_a_killed_command_leaves_what_reset_repairs(
    access: Access, client: Client, start: Start
) -> None:
    before = specs(client)
    with start("mystery", "--seed", "1", "--seconds", "3600") as command:
        assert command.stdout
        assert command.stdout.readline().startswith("on: mystery (seed 1), ends in ")
        command.kill()
    assert specs(client) != before
    for endpoint in (WHERE.collector_otlp_http, WHERE.prometheus, WHERE.jaeger.query):
        client.apply(slice_of(endpoint, True))
    with start("reset") as reset:
        output = f"ended: mystery (seed 1)\n{UNMARKED}"
        assert reset.communicate(timeout=WAIT_SECONDS) == (output, "")
    assert specs(client) == before


def test_a_killed_command_leaves_a_slow_part_that_reset_repairs(
    access: Access, client: Client, start: Start
) -> None:
    client.apply(pod("collector", LITTLE))
    after = SLOWED[0][2]
    with start("collector-slow", "--seconds", "3600") as command:
        until(
            lambda: pod_of(client, "collector")[0]["limits"].get("cpu") == "20m",
            seconds=WAIT_SECONDS,
            what="the pod is resized",
        )
        command.kill()
    running(client, "collector", after)
    client.apply(slice_of(WHERE.collector_otlp_http, True))
    with start("reset") as reset:
        output = f"ended: collector-slow 20m\n{UNMARKED}"
        assert reset.communicate(timeout=WAIT_SECONDS) == (output, "")
    assert pod_of(client, "collector") == (after, False)
