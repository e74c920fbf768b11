"""The stack on the node: its configuration, its charts and images, and what it comes to."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.jaeger_api import Jaeger
from lab.load.client import GOOD, Client, LoadFailed
from lab.prometheus_api import Prometheus, Sample
from proxy.telemetry.catalogue import TOOL_CALLS
from stacks.architectures import ARCHITECTURES
from stacks.charts import Namespace, Profile
from stacks.config import PASSWORD, parse
from stacks.endpoints import PROXY_MCP_PORT, Endpoint, endpoints_of
from stacks.monitors import SERVER_LABEL
from stacks.plan import HelmRelease, plan
from tests.e2e import program
from tests.e2e.charts import folder
from tests.e2e.engine import Project, Stack
from tests.e2e.kubeapi.client import Client as Api
from tests.node.node import Node
from tests.node.proxy_image import EXAMPLE, HTTP_IMAGE, PYTHON, STDIO_IMAGE

HERE = Path(__file__).parent
MOST_SESSIONS = 6
SERVERS: list[dict[str, Any]] = [
    {
        "name": "web",
        "runtime": "proxy",
        "image": HTTP_IMAGE,
        "transport": "streamable-http",
        "port": 9000,
        "args": ["web"],
    },
    {
        "name": "notes",
        "runtime": "proxy",
        "image": STDIO_IMAGE,
        "transport": "stdio",
        "command": [PYTHON, EXAMPLE, "stdio", "notes"],
        "maxSessions": MOST_SESSIONS,
    },
    {"name": "remote", "runtime": "proxy", "url": "http://far.elsewhere.svc:9000/mcp"},
]
"""Each way in which our proxy is put before a server."""

TOOLHIVE_SERVER = {
    "name": "hive",
    "runtime": "toolhive",
    "image": HTTP_IMAGE,
    "transport": "streamable-http",
    "port": 9000,
    "args": ["hive"],
}
"""One behind ToolHive's proxy, where the charts of ToolHive are real."""

NAMES = tuple(each["name"] for each in SERVERS)
HTTP_NAMES = ("web", "remote")
CALLS = 5
PACE_SECONDS = 0.2
VISIBLE_SECONDS = 120.0
FRESH_SECONDS = 15
LOOK_SECONDS = 0.25


def charts(target: Path, real: Path | None = None) -> Path:
    """The stand-ins for the charts, with the workloads that there are programs for.

    Charts in a folder `real`, unpacked and with those that they depend on, take their places.
    """
    folder.write(target, Profile.CURRENT)
    shutil.copytree(HERE / "charts", target, dirs_exist_ok=True)
    for each in real.iterdir() if real else ():
        shutil.rmtree(target / each.name)
        shutil.copytree(each, target / each.name)
    return target


def has_exporters(chart_folder: Path) -> bool:
    """Whether node-exporter and kube-state-metrics run, which the stand-ins do not have."""
    return (chart_folder / "kube-prometheus-stack" / "charts" / "kube-state-metrics").is_dir()


def has_toolhive(chart_folder: Path) -> bool:
    """Whether ToolHive runs, which the stand-in does not have."""
    return (chart_folder / "toolhive-operator" / "values.yaml").is_file()


def project(architecture: str, chart_folder: Path) -> Project:
    """The configuration: without the parts that there are no programs for, and with haste."""
    exporters, toolhive = has_exporters(chart_folder), has_toolhive(chart_folder)
    left_out = {"nodeExporter": {"enabled": False}, "kubeStateMetrics": {"enabled": False}}
    overrides = {
        "chartSource": str(chart_folder),
        "components": {"grafana": "none", "toolhive": "install" if toolhive else "none"},
        "values": {} if exporters else {"kube-prometheus-stack": left_out},
        "servers": [*SERVERS, TOOLHIVE_SERVER] if toolhive else SERVERS,
        "scrapeIntervalSeconds": 2,
        "pushIntervalSeconds": 2,
        "faultInjection": True,
    }
    return program.project(architecture, overrides, {program.PASSWORD: secrets.token_hex(16)})


def releases(chart_folder: Path) -> Iterator[HelmRelease]:
    """The releases of all architectures."""
    for architecture in ARCHITECTURES:
        keys = program.keys(project(architecture, chart_folder))
        yield from plan(parse({**keys, PASSWORD: secrets.token_hex(16)})).releases


def surroundings(node: Node) -> Iterator[dict[str, Any]]:
    """What there is on the cluster before the stack."""
    volume = node.layout / "volume"
    volume.mkdir()
    # A volume of this kind does not get the group of the pod.
    volume.chmod(0o777)
    text = (HERE / "cluster.yaml").read_text()
    yield from yaml.safe_load_all(text.replace("FOLDER", str(volume)).replace("IMAGE", HTTP_IMAGE))


@dataclass(frozen=True)
class Counted:
    """What Prometheus said at a time, by server, of the calls that one pod of it had answered."""

    time: float
    calls: Mapping[str, Sample]


@dataclass
class Running:
    """A stack that is up, and the calls that were made."""

    stack: Stack
    api: Api
    charts: Path
    architecture: str = ""
    made: Counter[str] = field(default_factory=Counter)
    """By pod."""
    history: list[Counted] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    """Of clients during the switch to each architecture."""

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of all servers."""
        return (*NAMES, "hive") if has_toolhive(self.charts) else NAMES

    @property
    def namespaces(self) -> tuple[str, ...]:
        own = (Namespace.MONITORING, Namespace.SERVERS)
        return (*own, Namespace.TOOLHIVE) if has_toolhive(self.charts) else own

    @property
    def pod_count(self) -> int:
        """Of all namespaces; beside a server of ToolHive's are its proxy and the operator."""
        others = 4 + 2 * has_exporters(self.charts) + 2 * has_toolhive(self.charts)
        return len(self.servers) + others

    @property
    def prometheus(self) -> Prometheus:
        return Prometheus(self.url(endpoints_of(Profile.CURRENT).prometheus))

    @property
    def jaeger(self) -> Jaeger:
        return Jaeger(self.url(endpoints_of(Profile.CURRENT).jaeger.query))

    def url(self, endpoint: Endpoint) -> str:
        """Of a Service, as this machine reaches it."""
        found = self.api.read("v1", "Service", endpoint.service, namespace=endpoint.namespace)
        assert found is not None, endpoint
        return f"{endpoint.scheme}://{found['spec']['clusterIP']}:{endpoint.port}"

    def client(self, server: str) -> Client:
        """A session with a server, when it is entered."""
        return Client(self._mcp_url(server))

    def _mcp_url(self, server: str) -> str:
        service = server if server in NAMES else f"mcp-{server}-proxy"
        return f"{self.url(Endpoint(service, Namespace.SERVERS, PROXY_MCP_PORT))}/mcp"

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        """Those that are not terminating."""
        found = self.api.list_all(self.api.resource_type("v1", "Pod"), namespace=namespace)
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    def pod_of(self, server: str) -> str:
        """The name of the only pod of a server's proxy."""
        pods = [each["metadata"] for each in self.pods(Namespace.SERVERS)]
        [pod] = [each for each in pods if each["labels"].get(SERVER_LABEL) == server]
        return str(pod["name"])

    def call_every_server(self) -> None:
        for server in self.servers:
            with self.client(server) as session:
                for _ in range(CALLS):
                    session.call(GOOD)
            self.made[self.pod_of(server)] += CALLS

    @contextmanager
    def traffic(self) -> Iterator[list[str]]:
        """New sessions with the HTTP servers until the block ends, which gets what failed."""
        stopped = threading.Event()
        failures: list[str] = []

        def open_sessions(url: str) -> None:
            while not stopped.wait(PACE_SECONDS):
                try:
                    with Client(url) as session:
                        session.request("tools/list", {})
                except LoadFailed as failure:
                    failures.append(str(failure))

        urls = map(self._mcp_url, HTTP_NAMES)
        threads = [threading.Thread(target=open_sessions, args=(each,)) for each in urls]
        for each in threads:
            each.start()
        try:
            yield failures
        finally:
            stopped.set()
            for each in threads:
                each.join()

    def counted(self) -> Counted | None:
        """What Prometheus says now, if that is one series of each server, with all its calls."""
        now = time.time()
        found = {}
        for server in self.servers:
            pod = self.pod_of(server)
            which = f'server="{server}",pod="{pod}",tool="{GOOD.tool}",status="success"'
            series = f"{TOOL_CALLS.series}{{{which}}}"
            # When Prometheus was restarted, what it no longer scrapes stays in answers for 5 min.
            fresh = f"{series} and timestamp({series}) > time() - {FRESH_SECONDS}"
            samples = self.prometheus.query(fresh, at=now)
            if [each.value for each in samples] != [self.made[pod]]:
                return None
            found[server] = samples[0]
        return Counted(now, found)

    def said(self, counted: Counted) -> dict[str, tuple[Sample, ...]]:
        """What Prometheus says today about the same series at the same time."""
        return {
            server: self.prometheus.query(_selector(sample), at=counted.time)
            for server, sample in counted.calls.items()
        }


def _selector(sample: Sample) -> str:
    labels = (f'{name}="{each}"' for name, each in sample.labels.items() if name != "__name__")
    return f"{TOOL_CALLS.series}{{{','.join(labels)}}}"
