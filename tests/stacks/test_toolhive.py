"""ToolHive gets its servers in the shape that the profile's CRDs take."""

from typing import Any

import pytest

from stacks.architectures import ARCHITECTURES, MetricsIngestion
from tests.stacks.stack import objects, plan_of, release_values

ENDPOINT = "otel-collector-opentelemetry-collector.monitoring.svc:4318"


def servers(profile: str, architecture: str = "otel-scrape", **more: object) -> dict[str, Any]:
    return objects(plan_of(architecture, profile, **more), "MCPServer")


def test_the_current_profile_names_ports_anew_and_refers_to_telemetry() -> None:
    server = servers("current")["fetch"]
    assert server["apiVersion"] == "toolhive.stacklok.dev/v1beta1"
    assert (server["spec"]["proxyPort"], server["spec"]["mcpPort"]) == (8080, 9000)
    assert server["spec"]["telemetryConfigRef"] == {
        "name": "mcp-observability-streamable-http",
        "serviceName": "fetch",
    }


def test_the_tutorial_profile_keeps_the_old_ports_and_telemetry_inline() -> None:
    server = servers("tutorial")["fetch"]
    assert server["apiVersion"] == "toolhive.stacklok.dev/v1alpha1"
    assert (server["spec"]["port"], server["spec"]["targetPort"]) == (8080, 9000)
    telemetry = server["spec"]["telemetry"]["openTelemetry"]
    assert (telemetry["endpoint"], telemetry["serviceName"]) == (ENDPOINT, "fetch")
    assert objects(plan_of(profile="tutorial"), "MCPTelemetryConfig") == {}


@pytest.mark.parametrize(("profile", "port"), [("current", "mcpPort"), ("tutorial", "targetPort")])
def test_a_stdio_server_has_no_port_of_its_own(profile: str, port: str) -> None:
    assert port not in servers(profile)["time"]["spec"]


def test_there_is_one_telemetry_configuration_per_transport_in_use() -> None:
    configs = objects(plan_of(), "MCPTelemetryConfig")
    attributes = {
        name: each["spec"]["openTelemetry"]["resourceAttributes"] for name, each in configs.items()
    }
    assert attributes == {
        "mcp-observability-stdio": {
            "service.namespace": "mcp-servers",
            "mcp.transport": "stdio",
        },
        "mcp-observability-streamable-http": {
            "service.namespace": "mcp-servers",
            "mcp.transport": "streamable-http",
        },
    }


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_metrics_are_pushed_or_exposed_and_never_both(name: str) -> None:
    pushed = ARCHITECTURES[name].metrics_ingestion is MetricsIngestion.PUSHED
    config = objects(plan_of(name), "MCPTelemetryConfig")["mcp-observability-stdio"]["spec"]
    inline = servers("tutorial", name)["time"]["spec"]["telemetry"]
    for telemetry in (config, inline):
        assert telemetry["openTelemetry"]["metrics"]["enabled"] is pushed
        assert telemetry["prometheus"]["enabled"] is not pushed
        assert telemetry["openTelemetry"]["tracing"] == {"enabled": True, "samplingRate": "1.00"}
        assert "://" not in telemetry["openTelemetry"]["endpoint"]


@pytest.mark.parametrize("profile", ["current", "tutorial"])
def test_image_arguments_environment_and_push_interval_are_passed_on(profile: str) -> None:
    spec = servers(profile, pushIntervalSeconds=4)["fetch"]["spec"]
    assert spec["image"] == "registry.example/fetch:1.0.0"
    assert spec["args"] == ["--quiet"]
    assert spec["env"] == [{"name": "LEVEL", "value": "2"}]
    overrides = spec["resourceOverrides"]["proxyDeployment"]["env"]
    assert overrides == [{"name": "OTEL_METRIC_EXPORT_INTERVAL", "value": "4000"}]
    assert not {"args", "env"} & servers(profile)["time"]["spec"].keys()


def operator(profile: str, scope: object) -> dict[str, Any]:
    values = release_values(plan_of(profile=profile, operatorScope=scope), "toolhive-operator")
    return dict(values["operator"])


@pytest.mark.parametrize("profile", ["current", "tutorial"])
def test_the_operator_acts_in_the_whole_cluster_or_in_the_namespaces_given(profile: str) -> None:
    assert operator(profile, "cluster")["rbac"] == {"scope": "cluster"}
    assert operator(profile, ["mcp-servers", "team-a"])["rbac"] == {
        "scope": "namespace",
        "allowedNamespaces": ["mcp-servers", "team-a"],
    }


def test_only_the_current_chart_must_give_up_migrating_when_it_is_confined() -> None:
    features = {"storageVersionMigrator": False}
    assert operator("current", ["mcp-servers"])["features"] == features
    assert "features" not in operator("tutorial", ["mcp-servers"])
    assert "features" not in operator("current", "cluster")
