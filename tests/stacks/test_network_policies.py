"""With network policies, only clients reach MCP, and only Prometheus the metrics."""

from typing import Any

import pytest

from stacks.endpoints import (
    COLLECTOR_OWN_PORT,
    COLLECTOR_SERIES_PORT,
    OTLP_GRPC_PORT,
    OTLP_HTTP_PORT,
)
from tests.stacks.stack import STACKS, mistakes, objects, plan_of


def policies(**more: object) -> dict[str, Any]:
    found = objects(plan_of(networkPolicies=["agents"], **more), "NetworkPolicy")  # type: ignore[arg-type]
    return {name: each["spec"] for name, each in found.items()}


def sources(policy: dict[str, Any], port: int) -> list[Any]:
    return [
        source
        for rule in policy["ingress"]
        if port in [each["port"] for each in rule.get("ports", [])]
        for source in rule["from"]
    ]


def namespace(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


PROMETHEUS = {
    **namespace("monitoring"),
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


def test_there_are_none_unless_they_are_asked_for() -> None:
    assert objects(plan_of(), "NetworkPolicy") == {}


def test_clients_reach_mcp_and_prometheus_the_metrics_of_our_proxies() -> None:
    found = policies()["mcp-proxies"]
    assert found["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "mcp-proxy"}
    assert sources(found, 8080) == [namespace("agents"), namespace("mcp-servers")]
    assert sources(found, 9464) == [PROMETHEUS]


def test_toolhives_proxies_have_one_port_for_both() -> None:
    found = policies()["mcp-toolhive-proxies"]
    assert PROMETHEUS in sources(found, 8080)
    [rule] = policies()["mcp-servers"]["ingress"]
    assert rule["from"] == [{"podSelector": found["podSelector"]}]
    assert policies()["mcp-servers"]["podSelector"] == {}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_port_of_our_services_is_reachable(architecture: str, profile: str) -> None:
    planned = plan_of(architecture, profile, networkPolicies=[])
    found = objects(planned, "NetworkPolicy")["mcp-proxies"]["spec"]
    for service in objects(planned, "Service").values():
        for port in service["spec"]["ports"]:
            assert sources(found, port["port"])


def test_proxies_push_to_the_collector_and_prometheus_scrapes_it() -> None:
    found = policies()["mcp-collector"]
    for port in (OTLP_GRPC_PORT, OTLP_HTTP_PORT):
        assert sources(found, port) == [namespace("mcp-servers")]
    for port in (COLLECTOR_OWN_PORT, COLLECTOR_SERIES_PORT):
        assert sources(found, port) == [PROMETHEUS]


def test_a_collector_that_is_there_already_has_its_own_policies() -> None:
    assert "mcp-collector" in policies()
    existing = {"collector": {"url": "http://collector.observability.svc:4318"}}
    assert "mcp-collector" not in policies(components=existing)


def test_a_mistake_is_one_line() -> None:
    assert mistakes(networkPolicies="on") == [
        "networkPolicies: 'on' is not allowed; allowed: off, or a list of namespaces with clients"
    ]
