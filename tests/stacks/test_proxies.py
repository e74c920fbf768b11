"""A server behind our proxy: one confined pod, whose settings the proxy itself accepts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxy.app import settings
from stacks import monitors
from stacks.architectures import ARCHITECTURES
from stacks.charts import Namespaces
from stacks.proxies import POD_NAME
from tests.stacks.relabel import relabel
from tests.stacks.stack import STDIO, container, objects, plan_of


def environment(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in found.get("env", []) if "value" in each}


def pod(server: str) -> dict[str, Any]:
    spec: dict[str, Any] = objects(plan_of(), "Deployment")[server]["spec"]["template"]["spec"]
    return spec


def containers() -> Iterator[dict[str, Any]]:
    for server in ("search", "echo"):
        yield from pod(server)["containers"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_proxy_accepts_the_settings_it_gets(architecture: str, tmp_path: Path) -> None:
    command = tmp_path / "server"
    command.touch(mode=0o755)
    stdio = {**STDIO, "command": [str(command), "--flag"]}
    http = {**STDIO, "name": "http", "transport": "streamable-http", "port": 9000}
    del http["command"]
    sse = {**http, "name": "sse", "transport": "sse"}
    for each in plan_of(architecture, servers=[stdio, http, sse]).proxies:
        parsed = settings.parse(each.arguments, each.environment)
        assert str(parsed.listen) == "0.0.0.0:8080"
        assert str(parsed.metrics_listen) == "0.0.0.0:9464"
        assert parsed.drain_timeout == 30
        found = getattr(parsed.server, "transport", "stdio")
        assert found == {"echo": "stdio", "http": "streamable-http", "sse": "sse"}[each.server]


def test_an_http_server_runs_beside_the_proxy_which_finds_it_on_loopback() -> None:
    planned = plan_of()
    proxy, server = container(planned, "search"), container(planned, "search", "server")
    assert proxy["image"] == "mcp-observability-proxy:0.1.0"
    assert environment(proxy)["MCP_PROXY_UPSTREAM"] == "http://127.0.0.1:9000/rpc"
    assert "args" not in proxy
    assert server["image"] == "registry.example/search:1.0.0"
    assert server["args"] == ["--verbose"]
    assert environment(server) == {"HOME": "/home/mcp", "LEVEL": "3"}


def test_a_stdio_server_is_the_proxys_child_in_the_servers_own_image() -> None:
    (proxy,) = pod("echo")["containers"]
    assert proxy["image"] == "registry.example/echo:1.0.0"
    assert proxy["args"] == ["--", "python", "-m", "echo"]
    assert "MCP_PROXY_UPSTREAM" not in environment(proxy)
    assert "MCP_PROXY_UPSTREAM_TRANSPORT" not in environment(proxy)


def test_the_settings_of_the_pod_are_those_of_the_plan() -> None:
    planned = plan_of("hybrid")
    for each in planned.proxies:
        assert each.environment.items() <= environment(container(planned, each.server)).items()
        assert tuple(container(planned, each.server).get("args", ())) == each.arguments


def test_the_resource_names_server_namespace_and_pod() -> None:
    found = container(plan_of(), "echo")
    values = environment(found)
    assert values["OTEL_SERVICE_NAME"] == "echo"
    collector = "otel-collector-opentelemetry-collector.monitoring.svc"
    assert values["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{collector}:4318"
    assert values["OTEL_RESOURCE_ATTRIBUTES"] == (
        f"service.namespace=mcp-servers,k8s.namespace.name=mcp-servers,k8s.pod.name={POD_NAME}"
    )
    # Kubernetes expands only what stands earlier in the list.
    assert found["env"][0] == {
        "name": "POD_NAME",
        "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
    }


def test_intervals_and_sampling_reach_the_proxy() -> None:
    planned = plan_of(pushIntervalSeconds=3, traceSamplingPercent=5)
    values = planned.proxies[0].environment
    assert values["OTEL_METRIC_EXPORT_INTERVAL"] == "3000"
    assert (values["OTEL_TRACES_SAMPLER"], values["OTEL_TRACES_SAMPLER_ARG"]) == (
        "parentbased_traceidratio",
        "0.05",
    )


def test_every_container_is_confined_and_sized() -> None:
    for each in containers():
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in each["resources"]["limits"]
        assert each["imagePullPolicy"] == "IfNotPresent"


def test_every_pod_runs_without_root_and_token() -> None:
    for server in ("search", "echo"):
        context = pod(server)["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod(server)["automountServiceAccountToken"] is False
        # Service links would set MCP_PROXY_* variables for a Service called mcp-proxy.
        assert pod(server)["enableServiceLinks"] is False


def test_a_pod_that_ends_is_left_alone_by_clients_before_its_proxy_drains() -> None:
    """Without the pause, new connections reach a proxy that refuses them."""

    def pause(found: dict[str, Any]) -> int:
        return int(found["lifecycle"]["preStop"]["sleep"]["seconds"])

    proxy, server = pod("search")["containers"]
    drain = int(environment(proxy)["MCP_PROXY_DRAIN_TIMEOUT"])
    assert pod("search")["terminationGracePeriodSeconds"] > pause(proxy) + drain
    assert pause(server) > pause(proxy) > 0, "the server outlives the first calls that drain"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_pods_that_push_are_not_scraped_while_an_architecture_is_switched(
    architecture: str,
) -> None:
    pushes = ARCHITECTURES[architecture].metrics_ingestion.name.lower()
    deployed = objects(plan_of(architecture), "Deployment")["echo"]
    labels = deployed["spec"]["template"]["metadata"]["labels"]
    assert labels["mcp-observability/metrics"] == pushes
    assert deployed["spec"]["selector"]["matchLabels"].keys() < labels.keys()
    [endpoint] = monitors.proxies("15s", Namespaces())["spec"]["endpoints"]
    meta = "__meta_kubernetes_pod_label_mcp_observability_metrics"
    kept = relabel({meta: pushes}, endpoint["relabelings"])
    assert (kept is None) == (pushes == "pushed")


def test_an_ipv6_cluster_is_listened_to() -> None:
    planned = plan_of(ipFamily="ipv6")
    for each in planned.proxies:
        assert each.environment["MCP_PROXY_LISTEN"] == "[::]:8080"
        assert each.environment["MCP_PROXY_METRICS_LISTEN"] == "[::]:9464"


def test_the_probes_ask_the_metrics_port_and_the_service_leads_to_the_pod() -> None:
    planned = plan_of()
    found = container(planned, "echo")
    ports = {each["name"]: each["containerPort"] for each in found["ports"]}
    assert ports == {"mcp": 8080, "metrics": 9464}
    assert found["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert found["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    startup = found["startupProbe"]
    assert startup["httpGet"] == found["livenessProbe"]["httpGet"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60
    service, deployed = objects(planned, "Service")["echo"], objects(planned, "Deployment")["echo"]
    template = deployed["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= template.items()
    assert deployed["spec"]["selector"]["matchLabels"].items() <= template.items()
    assert {each["name"]: each["targetPort"] for each in service["spec"]["ports"]} == {
        "mcp": "mcp",
        "metrics": "metrics",
    }
    assert planned.outputs["servers"]["echo"]["url"] == "http://echo.mcp-servers.svc:8080/mcp"
