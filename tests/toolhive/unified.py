"""The stack's own plan with servers that ToolHive runs: its collector, scrape settings and rules.

The scripted proxies stand where the plan's MCPServers would make ToolHive's operator put real ones.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.local import programs
from lab.local.addresses import choose, localized
from lab.local.prometheus_config import (
    Target,
    prometheus_config,
    prometheus_flags,
    without_intervals,
)
from lab.local.targets import prometheus_spec, stack_targets
from stacks.architectures import ARCHITECTURES, MetricsIngestion
from stacks.charts import Namespace, Profile
from stacks.collector import without_kubelet
from stacks.config import StackConfig
from stacks.plan import Plan, plan
from stacks.servers import Server as Configured
from stacks.servers import ServerRuntime, Transport
from stacks.values import Values
from tests.toolhive.emitted import SERVERS, Server
from tests.toolhive.running import Laid, Running, job, scripted, started

VERSION = {Profile.CURRENT: "0.44.0", Profile.TUTORIAL: "0.3.5"}
NAMESPACE = Namespace.SERVERS.value


def planned(architecture: str, profile: Profile) -> Plan:
    """The stack with each of the scripted servers behind ToolHive, every interval one second."""
    servers = tuple(
        Configured(
            each.name,
            ServerRuntime.TOOLHIVE,
            "registry.example/mcp:1.0.0",
            Transport(each.transport),
            port=None if each.transport == Transport.STDIO else 9000,
        )
        for each in SERVERS
    )
    return plan(
        StackConfig(
            architecture=ARCHITECTURES[architecture],
            profile=profile,
            servers=servers,
            scrape_interval_seconds=1,
            push_interval_seconds=1,
        )
    )


@contextmanager
def running(
    architecture: str, profile: Profile, folder: Path, version: str = ""
) -> Iterator[Running]:
    """ToolHive's proxies of the profile's version, as the plan of the architecture wires them."""
    made, addresses = planned(architecture, profile), choose(())
    with scripted(version or VERSION[profile], NAMESPACE) as proxies:
        collector = localized(without_kubelet(made.collector), addresses.table(profile))
        spec = prometheus_spec(made)
        targets = (
            *stack_targets(collector, addresses),
            *(_target(made, server, address) for server, address in proxies.addresses.items()),
        )
        prometheus = prometheus_config(spec, made.monitors, targets, programs.RULES_FILE)
        prometheus["scrape_configs"].append(job("kubelet", proxies.cluster, honor=True))
        laid = Laid(
            addresses=addresses,
            files={
                programs.COLLECTOR_FILE: collector,
                programs.PROMETHEUS_FILE: prometheus,
                programs.RULES_FILE: without_intervals(made.rules),
            },
            flags=prometheus_flags(spec),
            resources={each: _resource(made, each) for each in SERVERS},
            pushed=made.architecture.metrics_ingestion is MetricsIngestion.PUSHED,
        )
        with started(laid, proxies, folder) as at_work:
            yield at_work


def _object(made: Plan, kind: str, name: str) -> Values:
    found: Values = next(
        each for each in made.objects if (each["kind"], each["metadata"]["name"]) == (kind, name)
    )
    return found


def _target(made: Plan, server: Server, address: str) -> Target:
    """What discovery finds of the operator's Service, with the labels that the plan adds to it."""
    overrides = _object(made, "MCPServer", server.name)["spec"]["resourceOverrides"]
    labels = {
        "app": "mcpserver",
        "app.kubernetes.io/name": "mcpserver",
        "app.kubernetes.io/instance": server.name,
        "toolhive": "true",
        "toolhive-name": server.name,
        **overrides["proxyService"]["labels"],
    }
    service = f"mcp-{server.name}-proxy"
    return Target(address, NAMESPACE, service, "http", server.pod, "toolhive", labels)


def _resource(made: Plan, server: Server) -> Mapping[str, str]:
    """What the operator, the plan's telemetry settings and the collector's k8sattributes say."""
    spec: dict[str, Any] = _object(made, "MCPServer", server.name)["spec"]
    added: Mapping[str, str] = {}
    if "telemetryConfigRef" in spec:
        name = spec["telemetryConfigRef"]["serviceName"]
        config = _object(made, "MCPTelemetryConfig", spec["telemetryConfigRef"]["name"])
        added = config["spec"]["openTelemetry"]["resourceAttributes"]
    else:
        name = spec["telemetry"]["openTelemetry"]["serviceName"]
    return {
        "service.name": name,
        "service.namespace": NAMESPACE,
        "k8s.namespace.name": NAMESPACE,
        "k8s.pod.name": server.pod,
        **added,
    }
