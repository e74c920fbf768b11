"""What breaks a stack on the node, and what the doctor says of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from lab.doctor.cluster.choice import ClusterChoice
from lab.doctor.cluster.examine import examine_on
from lab.doctor.cluster.find_stack import find_stack
from lab.doctor.finding import Finding
from stacks.charts import Namespace
from stacks.endpoints import COLLECTOR_SERIES_PORT, OTLP_HTTP_PORT
from tests.e2e.engine import Project
from tests.node.node import Node
from tests.node.stack import Running


def written(root: Path, project: Project, architecture: str, node: Node) -> Path:
    """A checkout with the stack file of a project, as Pulumi writes it."""
    config = {
        **project.configuration,
        "mcp-observability:architecture": architecture,
        **{name: {"secure": "v1:unknown"} for name in project.secrets},
        "kubernetes:kubeconfig": str(node.kubeconfig),
    }
    folder = root / "stacks"
    folder.mkdir(exist_ok=True)
    (folder / f"Pulumi.{architecture}.yaml").write_text(yaml.safe_dump({"config": config}))
    return root


def examined(
    root: Path, architecture: str, server: str, wait: float | None = None
) -> list[Finding]:
    """The doctor's findings, from the stack file and the cluster's API."""
    stack = find_stack(ClusterChoice(architecture, server=server), {}, root)
    return list(examine_on(stack, "", wait))


Breaking = Callable[[Running, Node], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Breakage:
    """What is broken, and the hop, words and fix with which that is reported."""

    breaking: Breaking
    hop: str
    saw: str
    fix: str


def _without_traffic(namespace: str, port: int) -> Breaking:
    """A policy that lets nothing into a namespace, and a packet filter that enforces it."""

    @contextmanager
    def breaking(running: Running, node: Node) -> Iterator[None]:
        policy = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "deny", "namespace": namespace},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }
        rule = ("FORWARD", "--protocol", "tcp", "--dport", str(port), "--jump", "DROP")
        running.api.apply(policy)
        _filter(node, "--insert", rule)
        try:
            yield
        finally:
            _filter(node, "--delete", rule)
            running.api.delete("networking.k8s.io/v1", "NetworkPolicy", "deny", namespace=namespace)

    return breaking


def _filter(node: Node, action: str, rule: tuple[str, ...]) -> None:
    """Change the packet filter of the node's network."""
    folder = str(node.layout.folder)
    [inside, *_] = [
        each.pid
        for each in psutil.process_iter(["cmdline"])
        if {"tests.node.inside", folder} <= set(each.info["cmdline"] or ()) and _is_first(each)
    ]
    command = ("nsenter", f"--net=/proc/{inside}/ns/net", "iptables", "--wait", action, *rule)
    subprocess.run(command, check=True)


def _is_first(process: psutil.Process) -> bool:
    """Whether it is the first process of namespaces of its own."""
    return Path(f"/proc/{process.pid}/status").read_text().split("NSpid:")[1].split()[1:2] == ["1"]


BREAKAGES = (
    Breakage(
        _without_traffic(Namespace.MONITORING, OTLP_HTTP_PORT),
        "at the collector",
        "NetworkPolicy monitoring/deny lets pod mcp-servers/web-",
        "networkPolicies",
    ),
    Breakage(
        _without_traffic(Namespace.MONITORING, COLLECTOR_SERIES_PORT),
        "in Prometheus",
        "not connect to port 8889",
        "networkPolicies",
    ),
)
