"""Each architecture ingests every signal, and no series twice."""

import pytest

from dashboards.promql.schema import Source
from stacks.architectures import ARCHITECTURES
from stacks.charts import Profile
from tests.stacks.engine import ROOT
from tests.stacks.ingestion_paths import exported, kubelet_paths, proxy_paths, toolhive_paths
from tests.stacks.stack import STACKS, objects, plan_of, release_values

PATH = {
    "otel-scrape": "prometheus",
    "otel-remote-write": "prometheusremotewrite",
    "direct-scrape": "scrape",
    "hybrid": "scrape",
}
KUBELET = {
    "otel-scrape": ["prometheus"],
    "otel-remote-write": ["prometheusremotewrite"],
    "direct-scrape": [],
    "hybrid": ["prometheus"],
}


def test_there_are_the_four_and_the_first_is_the_recommended() -> None:
    assert list(ARCHITECTURES) == ["otel-scrape", "otel-remote-write", "direct-scrape", "hybrid"]
    assert all(name == each.name for name, each in ARCHITECTURES.items())


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
@pytest.mark.parametrize("server", ["search", "echo"])
def test_the_series_of_our_proxies_have_exactly_one_path(
    architecture: str, profile: str, server: str
) -> None:
    assert proxy_paths(plan_of(architecture, profile), server) == [PATH[architecture]]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_series_of_toolhives_proxies_have_exactly_one_path(architecture: str) -> None:
    planned = plan_of(architecture, Profile.CURRENT)
    for each in objects(planned, "MCPTelemetryConfig").values():
        assert toolhive_paths(planned, each["spec"]) == [PATH[architecture]]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_series_of_the_tutorials_proxies_have_exactly_one_path(
    architecture: str,
) -> None:
    planned = plan_of(architecture, Profile.TUTORIAL)
    for each in objects(planned, "MCPServer").values():
        assert toolhive_paths(planned, each["spec"]["telemetry"]) == [PATH[architecture]]


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_kubelets_statistics_have_one_path_or_come_from_cadvisor(
    architecture: str, profile: str
) -> None:
    planned = plan_of(architecture, profile)
    assert kubelet_paths(planned) == KUBELET[architecture]
    receiver = planned.collector["receivers"].get("kubeletstats", {"metric_groups": []})
    # cAdvisor, which is scraped in every architecture, has the containers' names for itself.
    assert "container" not in receiver["metric_groups"]


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_call_can_be_traced(architecture: str, profile: str) -> None:
    planned = plan_of(architecture, profile)
    traces = planned.collector["service"]["pipelines"]["traces"]
    assert (traces["receivers"], traces["exporters"]) == (["otlp"], ["otlp/jaeger"])
    assert all(each.environment["OTEL_TRACES_EXPORTER"] == "otlp" for each in planned.proxies)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_sources_say_what_the_plan_provides(name: str) -> None:
    chosen, planned = ARCHITECTURES[name], plan_of(name)
    has_metrics = bool(exported(planned, "otlp") + exported(planned, "kubeletstats"))
    writes = "prometheusremotewrite" in planned.collector["exporters"]
    prometheus = release_values(planned, "kube-prometheus-stack")["prometheus"]
    assert prometheus["prometheusSpec"]["enableRemoteWriteReceiver"] is writes
    assert (Source.COLLECTOR_METRICS in chosen.sources) == has_metrics
    assert (Source.REMOTE_WRITE in chosen.sources) == writes
    assert (Source.SCRAPE_PROXY in chosen.sources) == (PATH[name] == "scrape")
    only_kubelet = has_metrics and not exported(planned, "otlp")
    assert (Source.COLLECTOR_METRICS in chosen.kubelet_sources) == only_kubelet
    assert chosen.kubelet_sources <= chosen.sources


def test_no_other_file_asks_which_architecture_it_is() -> None:
    for path in (ROOT / "stacks").rglob("*.py"):
        if path.name != "architectures.py":
            text = path.read_text(encoding="utf-8")
            assert not [name for name in ARCHITECTURES if f'"{name}"' in text], path
