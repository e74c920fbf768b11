"""`pulumi up` of our program on a real node: what runs there, and what it comes to.

One stack is switched through all architectures, on a cluster that enforces the restricted Pod
Security Standard. Its calls go from this machine to the Services.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.load.client import GOOD
from proxy.telemetry.catalogue import CONTRACT_LABELS
from stacks.architectures import ARCHITECTURES
from stacks.charts import Namespace
from tests.e2e import program
from tests.e2e.engine import Engine
from tests.e2e.kubeapi.client import Client as Api
from tests.e2e.kubeapi.inventory import inventory
from tests.node import stack as stacks
from tests.node.node import Node
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
    if stack.history:
        with stack.traffic() as failures:
            stack.stack.up()
            _await_pods(stack)
        stack.failures[request.param] = failures
    else:
        stack.stack.up()
        _await_pods(stack)
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
    return len(pods) == stack.pod_count and all(
        condition["status"] == "True"
        for pod in pods
        for condition in pod["status"].get("conditions", ())
        if condition["type"] == "Ready"
    )


# Its chart grants ToolHive's operator 0.44.0 no events.
_EXPECTED_DENIAL = 'err="events is forbidden: User \\"system:serviceaccount:toolhive-system:'


def _denials(folder: Path) -> Iterator[str]:
    for log in folder.rglob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            if _EXPECTED_DENIAL in line:
                continue
            if "permission denied" in line.lower() or "forbidden" in line.lower():
                yield f"{log.relative_to(folder)}: {line}"
