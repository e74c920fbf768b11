"""`pulumi up` of our program on a real node: what runs there, and what it comes to.

One stack is switched through all architectures, on a cluster that enforces the restricted Pod
Security Standard. Its calls go from this machine to the Services.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.doctor.cluster.facts import is_ready
from lab.doctor.examination import values_on
from lab.fault import run as command
from lab.faults.catalogue import CLUSTER_FAULTS
from lab.faults.cluster.parts import Parts
from lab.faults.cluster.place import cluster_place
from lab.faults.cluster.state import FaultsConfigMap
from lab.faults.cluster.throttle import NO_LIMIT
from lab.faults.fault import COLLECTOR, JAEGER, PARTS, PROMETHEUS
from lab.load.client import GOOD
from proxy.telemetry.catalogue import CONTRACT_LABELS, INJECTED_FAULT, OUTCOMES, Outcome
from stacks.architectures import ARCHITECTURES
from stacks.charts import Namespace
from stacks.cluster_api import Access, Unreachable
from stacks.config import StackConfig
from tests.e2e import program
from tests.e2e.engine import Engine
from tests.e2e.kubeapi.client import Client as Api
from tests.e2e.kubeapi.inventory import inventory
from tests.node import breakages
from tests.node import stack as stacks
from tests.node.breakages import BREAKAGES
from tests.node.node import Node
from tests.node.settings import NODE_NAME
from tests.node.stack import LOOK_SECONDS, MOST_SESSIONS, NAMES, VISIBLE_SECONDS, Running
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before(api: Api, surroundings: None) -> frozenset[Any]:
    return inventory(api)


@pytest.fixture(scope="module")
def stack(before: frozenset[Any], api: Api, engine: Engine, charts: Path) -> Running:
    first = next(iter(ARCHITECTURES))
    return Running(engine.create_stack(stacks.project(first, charts), program.run), api, charts)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def running(request: pytest.FixtureRequest, stack: Running) -> Running:
    """The stack, switched to an architecture from the one before."""
    stack.stack.configure(f"{program.PREFIX}:architecture", request.param)
    # A proxy that takes faults passes nothing through unchanged.
    takes_faults = not stack.history
    stack.stack.configure(f"{program.PREFIX}:faultInjection", str(takes_faults).lower())
    if stack.history:
        with stack.traffic() as failures:
            stack.stack.up()
            _await_pods(stack)
        stack.failures[request.param] = failures
    else:
        stack.stack.up()
        _await_pods(stack)
    stack.architecture = request.param
    return stack


def test_a_second_up_changes_nothing(running: Running) -> None:
    assert running.stack.up() == frozenset()


def test_calls_are_counted_once_with_the_labels_of_the_contract(running: Running) -> None:
    running.call_every_server()
    counted = until(running.counted, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS)
    for server, sample in counted.calls.items():
        labels = {name: sample.labels[name] for name in CONTRACT_LABELS}
        assert labels == {
            "job": f"{Namespace.SERVERS}/{server}",
            "namespace": Namespace.SERVERS,
            "server": server,
            "transport": "stdio" if server == "notes" else "streamable-http",
            "pod": running.pod_of(server),
        }
    running.history.append(counted)


def test_calls_made_without_a_collector_are_counted_afterwards(running: Running) -> None:
    names = [pod["metadata"]["name"] for pod in running.pods(Namespace.MONITORING)]
    [lost] = [each for each in names if each.startswith("otel-collector")]
    where = {"namespace": Namespace.MONITORING}
    running.api.delete("v1", "Pod", lost, **where)
    until(
        lambda: running.api.read("v1", "Pod", lost, **where) is None,
        seconds=VISIBLE_SECONDS,
        every=LOOK_SECONDS,
        what="the collector's pod is gone",
    )
    running.call_every_server()
    until(running.counted, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS)
    _await_pods(running)


@pytest.mark.parametrize("server", NAMES)
def test_a_call_is_a_trace(running: Running, server: str) -> None:
    began = time.time()
    with running.client(server) as session:
        session.call(GOOD)
    running.made[running.pod_of(server)] += 1

    def seen() -> bool:
        spans = running.jaeger.spans(server, 20)
        return any(each.name == f"tools/call {GOOD.tool}" for each in spans if each.start >= began)

    until(seen, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS, what="the call's span is in Jaeger")


def test_memory_and_cpu_of_the_pods_arrive(running: Running) -> None:
    pods = {running.pod_of(server) for server in NAMES}

    def arrived() -> bool:
        expressions = ("mcp:pod_memory_bytes:sum > 0", "mcp:pod_cpu_cores:rate5m")
        asked = map(running.prometheus.query, expressions)
        return all(pods <= {each.labels["pod"] for each in samples} for samples in asked)

    until(arrived, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS, what="statistics of all pods")


def test_no_pod_restarted_and_no_log_reports_a_denial(running: Running, node: Node) -> None:
    restarts = {
        f"{pod['metadata']['name']}/{each['name']}": each
        for pod in _pods(running)
        for each in pod["status"]["containerStatuses"]
        if each["restartCount"]
    }
    assert restarts == {}
    assert list(_denials(node.layout.pod_logs)) == []


def test_no_alert_fires(running: Running) -> None:
    # Real charts bring Watchdog and InfoInhibitor, which fire by design, without a severity.
    firing = 'ALERTS{alertstate="firing",severity!="none"}'
    assert running.prometheus.query(firing) == ()


FIRST = [next(iter(ARCHITECTURES))]
"""Where breakages and faults are tried: in the architecture that is deployed first."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkout")


def test_the_doctor_follows_a_call_all_the_way(
    running: Running, node: Node, charts: Path, checkout: Path
) -> None:
    name = running.architecture
    breakages.written(checkout, stacks.project(name, charts), name, node)
    for server in NAMES if name in FIRST else NAMES[:1]:
        found = breakages.examined(checkout, name, server, wait=VISIBLE_SECONDS)
        assert [str(each) for each in found if each.fix] == []
        assert len(found) == 7


@pytest.mark.parametrize("running", FIRST, indirect=True)
def test_the_doctor_names_what_breaks(running: Running, node: Node, checkout: Path) -> None:
    for each in BREAKAGES:
        with each.breaking(running, node):
            *_, last = breakages.examined(checkout, running.architecture, "web")
        assert last.hop == each.hop
        assert each.saw in last.saw
        assert each.fix in last.fix
    _await_pods(running)


WORKS_IN = {COLLECTOR: "opentelemetry-collector", PROMETHEUS: "prometheus", JAEGER: "jaeger"}
"""The label app.kubernetes.io/name of each part's pods."""

KINDS = ("requests", "limits")
READER = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": Namespace.SERVERS}],
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
}
"""Lets what runs in the servers' namespace read that of monitoring."""

Fault = Callable[..., str]
"""Runs `lab.fault` with these words on the stack; returns what it prints."""


@pytest.fixture
def fault(
    running: Running,
    node: Node,
    charts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Fault:
    name = running.architecture
    root = breakages.written(tmp_path, stacks.project(name, charts), name, node)
    monkeypatch.setattr(command, "cluster_place", lambda name, _: cluster_place(name, {}, root))

    def ran(*words: str) -> str:
        code = command.main((*words, "--stack", name))
        output = capsys.readouterr()
        assert (code, output.err) == (0, "")
        return output.out.rstrip("\n")

    return ran


@pytest.mark.parametrize("running", FIRST, indirect=True)
def test_a_fault_of_a_server_is_what_callers_and_prometheus_see_until_it_is_reset(
    running: Running, fault: Fault
) -> None:
    series = f'{OUTCOMES.series}{{server="web",outcome="{Outcome.TOOL_ERROR}"}} > 0'
    shown = f'{INJECTED_FAULT.series}{{server="web",fault="tool-errors",level="100%"}}'
    assert fault("tool-errors", "--level", "100%", "--server", "web") == (
        "on: tool-errors 100% on web, until reset"
    )
    with running.client("web") as session:
        session.call(replace(GOOD, outcome=Outcome.TOOL_ERROR))
        _await_series(running, series)
        _await_series(running, f"{shown} == 1")
        assert fault("reset") == "ended: tool-errors 100% on web"
        session.call(GOOD)
    running.made[running.pod_of("web")] += 1
    _await_series(running, f"{shown} == 0")


@pytest.mark.parametrize("running", FIRST, indirect=True)
def test_a_mystery_is_not_named_until_it_is_revealed(running: Running, fault: Fault) -> None:
    assert fault("mystery", "--seed", "2") == "on: mystery (seed 2), until reset"
    assert fault("status") == "mystery (seed 2), until reset"
    _await_series(running, f'{INJECTED_FAULT.series}{{server="web",fault="mystery"}} == 1')
    assert fault("reset") == "ended: mystery (seed 2)"
    assert fault("reveal").startswith("seed 2: protocol-errors 50% on web: ")


# Prometheus takes 20 s to be ready again.
@pytest.mark.parametrize("running", FIRST, indirect=True)
@pytest.mark.parametrize(("part", "pod"), [(COLLECTOR, "otel-collector"), (JAEGER, "jaeger")])
def test_a_part_that_a_fault_stops_runs_again_after_a_reset_and_boards_mark_it(
    running: Running, fault: Fault, part: str, pod: str
) -> None:
    def pods() -> list[dict[str, Any]]:
        found = running.pods(Namespace.MONITORING)
        return [each for each in found if each["metadata"]["name"].startswith(pod)]

    name = f"{part}-stopped"
    assert pods() != []
    assert fault(name) == f"on: {name}, until reset"
    assert pods() == []
    assert fault("status") == f"{name}, until reset"
    assert fault("reset") == f"ended: {name}"
    assert [is_ready(each) for each in pods()] == [True]
    series = f'{INJECTED_FAULT.series}{{fault="{name}"}}'
    assert running.prometheus.query(f"max_over_time({series}[1m]) == 1")
    assert running.prometheus.query(f"{series} == 0")
    _await_pods(running)


@pytest.mark.parametrize("running", FIRST, indirect=True)
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_a_fault_slows_has_a_limit_in_the_kernel_and_keeps_its_pod(
    running: Running, node: Node, fault: Fault, part: str
) -> None:
    def pod() -> dict[str, Any]:
        found = running.pods(Namespace.MONITORING)
        [only] = [each for each in found if _name_label(each) == WORKS_IN[part]]
        return only

    before = pod()

    def await_quota(microseconds: float) -> None:
        until(
            lambda: _quota(node, before) == microseconds,
            seconds=VISIBLE_SECONDS,
            every=LOOK_SECONDS,
            what=f"{part} may run for {microseconds:g} us in 100 ms",
        )

    assert fault(f"{part}-slow") == f"on: {part}-slow 20m, until reset"
    await_quota(2000)
    assert fault("reset") == f"ended: {part}-slow 20m"
    await_quota(1000 * 100_000)
    after = pod()
    requests, limits = ([_cpu(each, kind) for each in (before, after)] for kind in KINDS)
    assert requests[0] == requests[1] != "0"
    assert limits == [None, NO_LIMIT]
    assert _identity(after) == _identity(before)
    assert is_ready(after)
    _await_pods(running)


@pytest.mark.parametrize("running", FIRST, indirect=True)
def test_a_right_that_the_user_lacks_is_named(running: Running, node: Node) -> None:
    account = f"/api/v1/namespaces/{Namespace.SERVERS}/serviceaccounts/default/token"
    token = running.api.request("POST", account, body={"spec": {}})["status"]["token"]
    nobody = _access(node, token)
    with pytest.raises(Unreachable, match='cannot get resource "configmaps" in API group "" in'):
        FaultsConfigMap(nobody, Namespace.SERVERS).read()
    reader = {**READER, "metadata": {"name": "reader", "namespace": Namespace.MONITORING}}
    running.api.apply(reader)

    def lacks_right() -> bool:
        with pytest.raises(Unreachable) as refused:
            Parts(nobody, StackConfig()).check_slow(CLUSTER_FAULTS["jaeger-slow"], "20m")
        return 'cannot patch resource "pods/resize" in API group ""' in str(refused.value)

    # The authorizer sees a binding some time after it is made.
    until(lacks_right, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS)
    where = {"namespace": Namespace.MONITORING}
    running.api.delete("rbac.authorization.k8s.io/v1", "RoleBinding", "reader", **where)


def test_as_many_sessions_as_allowed_live(stack: Running) -> None:
    with ExitStack() as opened:
        sessions = [opened.enter_context(stack.client("notes")) for _ in range(MOST_SESSIONS)]
        for each in sessions:
            each.call(GOOD)
    pod = stack.api.read("v1", "Pod", stack.pod_of("notes"), namespace=Namespace.SERVERS)
    assert pod
    assert [each["restartCount"] for each in pod["status"]["containerStatuses"]] == [0]


def test_no_client_is_refused_while_the_architecture_is_switched(stack: Running) -> None:
    assert stack.failures == dict.fromkeys(list(ARCHITECTURES)[1:], [])


def test_pods_that_are_lost_come_back_and_lose_nothing_that_was_counted(stack: Running) -> None:
    lost = {pod["metadata"]["uid"]: pod["metadata"] for pod in _pods(stack)}
    for each in lost.values():
        stack.api.delete("v1", "Pod", each["name"], namespace=each["namespace"])

    def replaced() -> bool:
        there = {pod["metadata"]["uid"] for pod in _pods(stack)}
        return not there & lost.keys() and _all_ready(stack)

    until(replaced, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS, what="other pods are ready")
    stack.call_every_server()
    stack.history.append(until(stack.counted, seconds=VISIBLE_SECONDS, every=LOOK_SECONDS))


def test_what_was_counted_before_a_switch_is_still_there(stack: Running) -> None:
    assert len(stack.history) == len(ARCHITECTURES) + 1
    for counted in stack.history:
        said = stack.said(counted)
        lost = [each for server, each in counted.calls.items() if each not in said[server]]
        assert lost == []


def test_destroy_leaves_nothing_but_the_definitions(stack: Running, before: frozenset[Any]) -> None:
    """Last in this file: the stack is gone after it."""
    stack.stack.destroy()
    left = {(each.kind, each.name.partition(".")[2]) for each in inventory(stack.api) - before}
    groups = ["monitoring.coreos.com"]
    if stacks.has_toolhive(stack.charts):
        groups.append("toolhive.stacklok.dev")
    assert left == {("CustomResourceDefinition", each) for each in groups}


def _pods(stack: Running) -> list[dict[str, Any]]:
    return [each for namespace in stack.namespaces for each in stack.pods(namespace)]


def _name_label(found: dict[str, Any]) -> str | None:
    name: str | None = found["metadata"]["labels"].get("app.kubernetes.io/name")
    return name


def _cpu(pod: dict[str, Any], kind: str) -> str | None:
    cpu: str | None = pod["spec"]["containers"][0]["resources"].get(kind, {}).get("cpu")
    return cpu


def _identity(pod: dict[str, Any]) -> tuple[str, list[tuple[str, int]]]:
    """What changes when a pod is replaced, or one of its containers restarts."""
    every = pod["status"]["containerStatuses"]
    restarts = sorted((each["name"], each["restartCount"]) for each in every)
    return pod["metadata"]["uid"], restarts


def _access(node: Node, token: str) -> Access:
    """As the user with the token."""
    authority = {"certificate-authority": node.access.certificate_authority}
    return Access(node.access.server, authority, {"token": token})


def _quota(node: Node, pod: dict[str, Any]) -> float:
    """The CPU time that the pod's first container may have in 100 ms, in us, by its kubelet."""
    path = f"/api/v1/nodes/{NODE_NAME}/proxy/metrics/cadvisor"
    page = _access(node, node.access.token).text(path)
    name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
    every = values_on(page, "container_spec_cpu_quota", pod=name, container=container)
    return max((value for _, value in every), default=0)


def _await_series(stack: Running, query: str) -> None:
    until(
        lambda: stack.prometheus.query(query),
        seconds=VISIBLE_SECONDS,
        every=LOOK_SECONDS,
        what=query,
    )


def _await_pods(stack: Running) -> None:
    until(
        lambda: _all_ready(stack),
        seconds=VISIBLE_SECONDS,
        every=LOOK_SECONDS,
        what="every pod is ready",
    )


def _all_ready(stack: Running) -> bool:
    """Whether the pods are ready, Prometheus' own among them, which no release waits for."""
    pods = _pods(stack)
    return len(pods) == stack.pod_count and all(map(is_ready, pods))


# Its chart grants ToolHive's operator 0.44.0 no events.
_EXPECTED_DENIAL = 'err="events is forbidden: User \\"system:serviceaccount:toolhive-system:'


def _denials(folder: Path) -> Iterator[str]:
    for log in folder.rglob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            if _EXPECTED_DENIAL in line:
                continue
            if "permission denied" in line.lower() or "forbidden" in line.lower():
                yield f"{log.relative_to(folder)}: {line}"
