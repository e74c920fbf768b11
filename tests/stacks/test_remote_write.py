"""Metrics written to a store outside: by Prometheus, or by the collector where there is none."""

from stacks.secret_values import SecretValue, revealed
from tests.stacks.stack import (
    HTTP,
    mistakes,
    objects,
    plan_with_secrets,
    release_values,
)
from tests.stacks.test_component_choices import PROMETHEUS, planned

STORE = "https://mimir.example.org/api/v1/push"


def test_prometheus_forwards_to_a_store_outside() -> None:
    store = {"url": STORE, "username": "42", "password": SecretValue("p"), "queueSize": 5000}
    found = plan_with_secrets(
        architecture="direct-scrape", servers=[HTTP], remoteWrite=store, clusterLabel="east"
    )
    spec = release_values(found, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    assert spec["externalLabels"] == {"cluster": "east"}
    [target] = spec["remoteWrite"]
    assert target["url"] == STORE
    assert target["basicAuth"]["password"] == {"name": "remote-write", "key": "credentials"}
    assert target["queueConfig"] == {"capacity": 5000, "maxShards": 10}
    names = {each["metadata"]["name"]: each for each in found.prerequisites}
    secret = names["remote-write"]
    assert revealed(secret["stringData"]) == {"username": "42", "credentials": "p"}


def test_without_a_prometheus_the_collector_writes_to_the_store() -> None:
    store = {"url": STORE, "token": SecretValue("t0ken"), "headers": {"X-Scope-OrgID": "mcp"}}
    found = plan_with_secrets(
        architecture="otel-remote-write",
        servers=[HTTP],
        remoteWrite=store,
        clusterLabel="east",
        components={"prometheus": "none"},
    )
    writer = found.collector["exporters"]["prometheusremotewrite"]
    assert writer["endpoint"] == STORE
    assert writer["external_labels"] == {"cluster": "east"}
    assert writer["headers"] == {
        "X-Scope-OrgID": "mcp",
        "Authorization": "Bearer ${env:REMOTE_WRITE_CREDENTIALS}",
    }
    assert "tls" not in writer
    assert objects(found, "ServiceMonitor") == objects(found, "PrometheusRule") == {}
    assert "t0ken" not in repr(found.releases)
    password = {"url": STORE, "username": "42", "password": SecretValue("p")}
    none = {"prometheus": "none"}
    found = plan_with_secrets(
        architecture="otel-remote-write", servers=[HTTP], remoteWrite=password, components=none
    )
    assert found.collector["exporters"]["prometheusremotewrite"]["auth"]
    assert "basicauth/store" in found.collector["service"]["extensions"]


def test_a_prometheus_of_the_stack_alone_writes_to_the_store() -> None:
    store = {"url": STORE, "token": SecretValue("t0ken"), "headers": {"X-Scope-OrgID": "mcp"}}
    found = plan_with_secrets(architecture="otel-remote-write", servers=[HTTP], remoteWrite=store)
    writer = found.collector["exporters"]["prometheusremotewrite"]
    assert writer["endpoint"].startswith("http://kube-prometheus-stack-prometheus.")
    assert "headers" not in writer
    values = release_values(found, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    [target] = values["remoteWrite"]
    assert (target["url"], target["headers"]) == (STORE, {"X-Scope-OrgID": "mcp"})


def test_the_collector_writes_to_an_existing_prometheus() -> None:
    found = planned("otel-remote-write", prometheus=PROMETHEUS)
    writer = found.collector["exporters"]["prometheusremotewrite"]
    assert writer["endpoint"] == f"{PROMETHEUS['url']}/api/v1/write"


def test_mistakes_of_remote_write_are_one_line_each() -> None:
    found = mistakes(remoteWrite={"url": "x", "password": "plain", "shards": 0})
    assert [line.partition(":")[0] for line in found] == [
        "remoteWrite.password",
        "remoteWrite.url",
        "remoteWrite.shards",
        "remoteWrite",
    ]
