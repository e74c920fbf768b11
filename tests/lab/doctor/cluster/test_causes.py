"""What objects say about a hop that lost the call, in the words of the stack's configuration."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.doctor.cluster.causes import CAUSES, cause_of
from lab.doctor.cluster.facts import Facts
from tests.lab.doctor.cluster.conftest import MONITORING, SERVERS, Listed, deployed

ARCHITECTURES = ("otel-scrape", "otel-remote-write", "direct-scrape", "hybrid")
Break = Callable[[Listed], object]

SEARCH = f"Pod/{SERVERS}/search-1"
PROMETHEUS = f"Prometheus/{MONITORING}/main"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_objects_as_the_stack_deploys_them_explain_nothing(architecture: str) -> None:
    for policies in ("off", ["agents"]):
        listed = deployed(architecture=architecture, networkPolicies=policies)
        with listed.stack() as stack:
            found = {hop: cause_of(hop, Facts(stack)) for hop in CAUSES}
        assert found.pop("proxy to server") is not None, "where the proxy looks for the server"
        assert set(found.values()) == {None}


def waiting(reason: str, message: str = "", **more: Any) -> Break:
    """The server's container waits."""

    def change(listed: Listed) -> None:
        container = {
            "name": "server",
            "ready": False,
            "state": {"waiting": {"reason": reason, "message": message}},
            **more,
        }
        listed.every[SEARCH]["status"] = {"containerStatuses": [container]}
        listed.every[f"EndpointSlice/{SERVERS}/search"]["endpoints"] = []

    return change


def ended(reason: str) -> dict[str, Any]:
    return {"lastState": {"terminated": {"exitCode": 137, "reason": reason}}}


def without(key: str) -> Break:
    return lambda listed: listed.every.pop(key)


def labelled(key: str, **labels: str) -> Break:
    return lambda listed: listed.every[key]["metadata"].update(labels=labels)


def with_spec(key: str, **changes: Any) -> Break:
    return lambda listed: listed.every[key]["spec"].update(changes)


def moved(name: str) -> Break:
    """A Service selects labels that no pod has, so that it leads nowhere."""

    def change(listed: Listed) -> None:
        namespace, service = name.split("/")
        listed.every[f"Service/{name}"]["spec"]["selector"] = {"app": "other"}
        listed.every[f"EndpointSlice/{namespace}/{service}"]["endpoints"] = []

    return change


def policy(namespace: str, **spec: Any) -> Break:
    return lambda listed: listed.add(
        {
            "kind": "NetworkPolicy",
            "metadata": {"name": "deny", "namespace": namespace},
            "spec": {"podSelector": {}, **spec},
        }
    )


def other_endpoint(listed: Listed) -> None:
    [proxy, *_] = listed.every[SEARCH]["spec"]["containers"]
    [variable] = [each for each in proxy["env"] if each["name"] == "OTEL_EXPORTER_OTLP_ENDPOINT"]
    variable["value"] = "http://elsewhere:4318"


COLLECTOR = f"{MONITORING}/otel-collector-opentelemetry-collector"
SERIES = f"ServiceMonitor/{MONITORING}/otel-collector-series"
PROXIES = f"ServiceMonitor/{MONITORING}/mcp-proxies"


@pytest.mark.parametrize(
    ("architecture", "hop", "change", "saw", "fix"),
    [
        (
            "otel-scrape",
            "client to proxy",
            waiting("ImagePullBackOff", "no such image"),
            "pod mcp-servers/search-1: ImagePullBackOff: no such image",
            "servers[search].image",
        ),
        (
            "otel-scrape",
            "proxy to server",
            waiting("CrashLoopBackOff", "back-off", **ended("OOMKilled")),
            "it ended with exit code 137 (OOMKilled)",
            "servers[search].resources.limits.memory",
        ),
        (
            "otel-scrape",
            "proxy to server",
            waiting("CrashLoopBackOff", "back-off", **ended("Error")),
            "CrashLoopBackOff",
            "kubectl --namespace mcp-servers logs search-1 --container server",
        ),
        (
            "otel-scrape",
            "client to proxy",
            without(f"Service/{SERVERS}/search"),
            "there is no Service mcp-servers/search",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "client to proxy",
            moved(f"{SERVERS}/search"),
            "none has app=other; pod mcp-servers/search-1 has app.kubernetes.io/instance=search",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "client to proxy",
            with_spec(f"Service/{SERVERS}/search", ports=[{"name": "mcp", "port": 80}]),
            "Service mcp-servers/search has no port 8080; it has 80",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "at the collector",
            moved(COLLECTOR),
            f"Service {COLLECTOR} leads to no pod",
            "helm --namespace monitoring rollback otel-collector",
        ),
        (
            "otel-scrape",
            "at the collector",
            other_endpoint,
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://elsewhere:4318",
            "servers[search].podTemplateSpec",
        ),
        (
            "otel-scrape",
            "at the collector",
            policy(MONITORING, ingress=[]),
            "NetworkPolicy monitoring/deny lets pod mcp-servers/search-1 not connect to port 4318",
            "networkPolicies",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            without(SERIES),
            "no ServiceMonitor selects the Service",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            labelled(f"Service/{COLLECTOR}", app="renamed"),
            "but Service monitoring/otel-collector-opentelemetry-collector has app=renamed",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            with_spec(PROMETHEUS, serviceMonitorSelector={"matchLabels": {"release": "r"}}),
            "takes ServiceMonitors with release=r",
            "components.prometheus.labels",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            with_spec(PROMETHEUS, serviceMonitorNamespaceSelector={"matchLabels": {"a": "b"}}),
            "some namespaces",
            "serviceMonitorNamespaceSelector",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            with_spec(SERIES, endpoints=[{"port": "prometheus"}]),
            "does not set honorLabels",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-scrape",
            "in Prometheus",
            policy(MONITORING, ingress=[{"ports": [{"port": 4318}]}]),
            "lets pod monitoring/prometheus-0 not connect to port 8889",
            "networkPolicies",
        ),
        (
            "direct-scrape",
            "in Prometheus",
            policy(SERVERS, ingress=[{"ports": [{"port": "mcp"}]}]),
            "lets pod monitoring/prometheus-0 not connect to port 9464",
            "networkPolicies",
        ),
        (
            "direct-scrape",
            "in Prometheus",
            with_spec(PROXIES, namespaceSelector={"matchNames": ["others"]}),
            "selects app.kubernetes.io/name=mcp-proxy in others",
            "pulumi up --refresh --stack mine",
        ),
        (
            "direct-scrape",
            "in Prometheus",
            with_spec(PROXIES, endpoints=[{"port": "web"}]),
            "scrapes port web, not metrics",
            "pulumi up --refresh --stack mine",
        ),
        (
            "otel-remote-write",
            "in Prometheus",
            with_spec(PROMETHEUS, enableRemoteWriteReceiver=False),
            "takes no remote write",
            "enableRemoteWriteReceiver: true",
        ),
        (
            "otel-remote-write",
            "in Prometheus",
            policy(MONITORING, policyTypes=["Egress"]),
            "lets pod monitoring/collector-1 not connect to port 9090",
            "networkPolicies",
        ),
        (
            "hybrid",
            "in the trace store",
            moved(f"{MONITORING}/jaeger"),
            "Service monitoring/jaeger leads to no pod",
            "helm --namespace monitoring rollback jaeger",
        ),
        (
            "hybrid",
            "in the trace store",
            policy(SERVERS, egress=[{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}]),
            "lets pod mcp-servers/search-1 not connect to port 4318",
            "networkPolicies",
        ),
        (
            "hybrid",
            "rules",
            without(f"PrometheusRule/{MONITORING}/mcp-observability"),
            "there is no PrometheusRule",
            "pulumi up --refresh --stack mine",
        ),
        (
            "hybrid",
            "rules",
            with_spec(f"PrometheusRule/{MONITORING}/mcp-observability", groups=[]),
            "PrometheusRule mcp-observability lacks MCP",
            "pulumi up --refresh --stack mine",
        ),
        (
            "hybrid",
            "rules",
            with_spec(PROMETHEUS, ruleSelector=None),
            "takes PrometheusRules",
            "ruleSelector",
        ),
    ],
)
def test_each_breakage_is_the_cause_that_is_named(
    architecture: str, hop: str, change: Break, saw: str, fix: str
) -> None:
    listed = deployed(architecture=architecture)
    change(listed)
    with listed.stack() as stack:
        found = cause_of(hop, Facts(stack))

    assert found is not None
    assert saw in found[0]
    assert fix in found[1]
