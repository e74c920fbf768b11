"""The collector's chart gets the whole configuration, permissions, variables and ports."""

import json
import re

import pytest

from stacks.chart_values import unknown_keys
from stacks.charts import CHARTS, Component, Profile
from stacks.collector import (
    with_new_names,
)
from stacks.endpoints import (
    COLLECTOR_HEALTH_PORT,
    COLLECTOR_OWN_PORT,
    COLLECTOR_SERIES_PORT,
    OTLP_GRPC_PORT,
    OTLP_HTTP_PORT,
)
from stacks.secret_values import SecretValue, revealed
from tests.stacks.stack import (
    HTTP,
    STACKS,
    plan_of,
    plan_with_secrets,
    release_values,
)
from tests.stacks.test_collector import KINDS


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_chart_gets_the_configuration_whole_and_nothing_to_merge(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    values = release_values(planned, "otel-collector")
    new_names = profile == "current"
    expected = with_new_names(planned.collector) if new_names else planned.collector
    assert values["alternateConfig"] == expected
    old = {"kubeletstats", "k8sattributes", "prometheusremotewrite", "otlp/jaeger"}
    used = {name for kind in KINDS for name in values["alternateConfig"][kind]}
    assert bool(used & old) is not new_names
    assert "config" not in values
    # A preset would rewrite our pipelines.
    assert "presets" not in values


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_agents_may_read_exactly_what_their_components_read(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    rules = release_values(planned, "otel-collector")["clusterRole"]["rules"]
    resources = {each for rule in rules for each in rule["resources"]}
    kubelet = {"nodes/stats"} if "kubeletstats" in planned.collector["receivers"] else set()
    assert resources == {"pods", "namespaces", "replicasets"} | kubelet
    assert {verb for rule in rules for verb in rule["verbs"]} <= {"get", "list", "watch"}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_variable_that_the_configuration_reads_is_set(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    extra = release_values(planned, "otel-collector")["extraEnvs"]
    # MY_POD_IP is the chart's own.
    known = {"MY_POD_IP"} | {each["name"] for each in extra}
    text = json.dumps(planned.collector)
    assert set(re.findall(r"\$\{env:(\w+)\}", text)) <= known
    assert planned.collector["processors"]["k8sattributes"]["filter"]["node_from_env_var"] in known


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_port_that_the_collector_opens_is_a_port_of_its_service(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    ports = release_values(planned, "otel-collector")["ports"]
    opened = {each["containerPort"] for each in ports.values() if each["enabled"]}
    text = json.dumps(planned.collector)
    for port in {*opened, COLLECTOR_HEALTH_PORT} - {COLLECTOR_OWN_PORT}:
        assert f"${{env:MY_POD_IP}}:{port}" in text
    exports = "prometheus" in planned.collector["exporters"]
    always = {OTLP_GRPC_PORT, OTLP_HTTP_PORT, COLLECTOR_OWN_PORT}
    assert opened == always | ({COLLECTOR_SERIES_PORT} if exports else set())
    assert all(each.get("hostPort", 0) == 0 for each in ports.values())


def test_headers_and_ca_of_a_trace_store_come_from_secrets() -> None:
    traces = {
        "address": "otlp.example.org:443",
        "type": "otlp",
        "headers": {"X-Team": "blue", "Authorization": SecretValue("Bearer s3cret")},
        "caSecret": "company-ca",
    }
    found = plan_with_secrets(
        architecture="otel-scrape", servers=[HTTP], components={"traces": traces}
    )
    exporter = found.collector["exporters"]["otlp/jaeger"]
    assert exporter["headers"] == {"X-Team": "blue", "Authorization": "${env:TRACES_HEADER_1}"}
    assert exporter["tls"] == {"ca_file": "/etc/otel-collector/ca/ca.crt"}
    values = release_values(found, "otel-collector")
    reference = {"secretKeyRef": {"name": "otel-collector-env", "key": "TRACES_HEADER_1"}}
    assert {"name": "TRACES_HEADER_1", "valueFrom": reference} in values["extraEnvs"]
    assert values["extraVolumes"][0]["secret"] == {"secretName": "company-ca"}
    names = {each["metadata"]["name"]: each for each in found.prerequisites}
    secret = names["otel-collector-env"]
    assert revealed(secret["stringData"]) == {"TRACES_HEADER_1": "Bearer s3cret"}
    assert values["podAnnotations"]
    chart = CHARTS[Profile.CURRENT][Component.COLLECTOR]
    assert list(unknown_keys(f"{chart.name}-{chart.version}", values)) == []
    grafana = release_values(found, "kube-prometheus-stack")["grafana"]
    assert grafana["additionalDataSources"] == []


@pytest.mark.parametrize("given", [{}, {"clusterLabel": "east"}])
def test_logs_name_the_cluster_where_it_has_a_name(given: dict[str, str]) -> None:
    logs = {"endpoint": "https://logs.example.org/otlp/v1/logs"}
    found = plan_with_secrets(
        architecture="direct-scrape", servers=[HTTP], components={"logs": logs}, **given
    ).collector
    name = {"key": "k8s.cluster.name", "value": "east", "action": "upsert"}
    added = {"resource/cluster": {"attributes": [name]}} if given else {}
    assert {key: each for key, each in found["processors"].items() if "cluster" in key} == added
    first, *between, last = found["service"]["pipelines"]["logs"]["processors"]
    assert (first, between, last) == ("memory_limiter", ["k8sattributes", *added], "batch")


@pytest.mark.parametrize("profile", list(Profile))
def test_headers_and_ca_of_a_log_store_come_from_secrets(profile: Profile) -> None:
    logs = {
        "endpoint": "https://logs.example.org/otlp/v1/logs",
        "headers": {"X-Scope-OrgID": "mcp", "Authorization": SecretValue("Bearer s3cret")},
        "caSecret": "company-ca",
    }
    traces = {"address": "t:1", "headers": {"Authorization": SecretValue("Bearer other")}}
    found = plan_with_secrets(
        architecture="direct-scrape",
        profile=profile,
        servers=[HTTP],
        components={"traces": {**traces, "caSecret": "other-ca"}, "logs": logs},
    )
    assert found.collector["exporters"]["otlphttp/logs"] == {
        "logs_endpoint": "https://logs.example.org/otlp/v1/logs",
        "headers": {"X-Scope-OrgID": "mcp", "Authorization": "${env:LOGS_HEADER_1}"},
        "tls": {"ca_file": "/etc/otel-collector/logs-ca/ca.crt"},
    }
    values = release_values(found, "otel-collector")
    assert {each["secret"]["secretName"] for each in values["extraVolumes"]} == {
        "company-ca",
        "other-ca",
    }
    names = {each["metadata"]["name"]: each for each in found.prerequisites}
    assert revealed(names["otel-collector-env"]["stringData"]) == {
        "TRACES_HEADER_0": "Bearer other",
        "LOGS_HEADER_1": "Bearer s3cret",
    }
    assert "s3cret" not in repr(found)
    chart = CHARTS[profile][Component.COLLECTOR]
    assert list(unknown_keys(f"{chart.name}-{chart.version}", values)) == []
