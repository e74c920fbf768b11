"""The local plan is the cluster's plan with local addresses, and without what needs a kubelet."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.binaries.catalogue import DEMO_TOOLS, LOG_TOOLS
from lab.local.addresses import choose
from lab.local.plan import LocalPlan, local_plan
from lab.local.programs import COLLECTOR_FILE, PROMETHEUS_FILE, RULES_FILE, ProcessSpec
from lab.local.run_options import HTTP_SERVER, STDIO_SERVER, RunOptions
from stacks.architectures import ARCHITECTURES

FOLDER = Path("/run/here")
BINARIES = {name: Path(f"/bin/{name}") for name in (*DEMO_TOOLS, *LOG_TOOLS)}

CHARTS_OWN = {"kube-prometheus-stack-prometheus", "otel-collector-opentelemetry-collector"}


def planned(architecture: str, *, logs: bool = False) -> LocalPlan:
    addresses = choose((HTTP_SERVER, STDIO_SERVER))
    options = RunOptions(ARCHITECTURES[architecture], addresses, logs=logs)
    return local_plan(options, FOLDER, BINARIES)


def settings(local: LocalPlan, name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(local.files[name])
    return parsed


def process(local: LocalPlan, name: str) -> ProcessSpec:
    [found] = [each for stage in local.stages for each in stage if each.name == name]
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_names_an_address_of_the_cluster(architecture: str) -> None:
    local = planned(architecture)
    commands = [(each.arguments, each.environment) for stage in local.stages for each in stage]
    texts = (*local.files.values(), json.dumps(commands))
    for text in texts:
        assert ".svc:" not in text
        assert "${env:" not in text
        assert "0.0.0.0" not in text


@pytest.mark.parametrize(
    ("architecture", "scraped"),
    [
        ("otel-scrape", {"otel-collector-series"}),
        ("otel-remote-write", set()),
        ("direct-scrape", {"mcp-proxies"}),
        ("hybrid", {"mcp-proxies"}),
    ],
)
def test_prometheus_scrapes_what_the_architecture_says(
    architecture: str, scraped: set[str]
) -> None:
    jobs = settings(planned(architecture), PROMETHEUS_FILE)["scrape_configs"]
    names = {each["job_name"].split("/")[2] for each in jobs}
    assert names - CHARTS_OWN == scraped


def test_only_remote_write_opens_the_receiver() -> None:
    flag = "--web.enable-remote-write-receiver"
    opened = [
        name for name in ARCHITECTURES if flag in process(planned(name), "prometheus").arguments
    ]
    assert opened == ["otel-remote-write"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_collector_runs_without_a_kubelet_and_sends_traces_to_jaeger(
    architecture: str,
) -> None:
    local = planned(architecture)
    collector = settings(local, COLLECTOR_FILE)
    components = {name for kind in ("receivers", "processors") for name in collector[kind]}
    assert not components & {"kubeletstats", "k8sattributes"}
    assert collector["exporters"]["otlp/jaeger"]["endpoint"] == local.addresses.jaeger_otlp


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_store_of_logs_runs_where_it_is_asked_for_and_gets_the_call_logs(
    architecture: str,
) -> None:
    local = planned(architecture, logs=True)
    collector = settings(local, COLLECTOR_FILE)
    endpoint = f"http://{local.addresses.logs}/insert/opentelemetry/v1/logs"
    assert collector["exporters"]["otlphttp/logs"] == {"logs_endpoint": endpoint}
    assert collector["service"]["pipelines"]["logs"]["exporters"] == ["otlphttp/logs"]
    assert process(local, "victoria-logs").url == f"{local.logs}/health"
    assert process(local, "proxy-echo-http").environment["OTEL_LOGS_EXPORTER"] == "otlp"


def test_without_a_store_of_logs_there_are_none() -> None:
    local = planned("hybrid")
    assert local.logs is None
    assert "logs" not in settings(local, COLLECTOR_FILE)["service"]["pipelines"]
    assert "victoria-logs" not in [each.name for stage in local.stages for each in stage]


def test_the_rules_are_the_clusters_in_step_with_the_scrapes() -> None:
    local = planned("hybrid")
    here, there = (each["groups"] for each in (settings(local, RULES_FILE), local.plan.rules))
    assert [group["rules"] for group in here] == json.loads(
        json.dumps([group["rules"] for group in there])
    )
    assert [group for group in here if "interval" in group] == []
    assert [group["name"] for group in there if "interval" in group]
