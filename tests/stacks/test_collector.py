"""The collector's configuration is complete in itself, ordered, and runs without a kubelet."""

import json
import re
from copy import deepcopy

import pytest

from stacks.collector import (
    NEEDS_KUBELET,
    pruned,
    with_statistics_from,
    without_kubelet,
)
from tests.stacks.stack import STACKS, plan_of

KINDS = ("receivers", "processors", "exporters")


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_pipelines_use_exactly_what_is_configured(architecture: str, profile: str) -> None:
    config = plan_of(architecture, profile).collector
    pipelines = config["service"]["pipelines"].values()
    for kind in KINDS:
        assert set(config[kind]) == {name for each in pipelines for name in each[kind]}
    assert set(config["service"]["extensions"]) == set(config["extensions"]) == {"health_check"}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_memory_is_limited_first_and_batches_are_made_last(architecture: str, profile: str) -> None:
    config = plan_of(architecture, profile).collector
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "batch"


@pytest.mark.parametrize("architecture", ["otel-scrape", "otel-remote-write"])
def test_labels_are_set_after_the_pod_is_known(architecture: str) -> None:
    order = plan_of(architecture).collector["service"]["pipelines"]["metrics"]["processors"]
    assert order.index("k8sattributes") < order.index("transform/series")


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_no_series_gets_resource_labels_or_target_info(architecture: str, profile: str) -> None:
    config = plan_of(architecture, profile).collector
    assert "resource_to_telemetry_conversion" not in json.dumps(config)
    writer = config["exporters"].get("prometheusremotewrite")
    assert writer is None or writer["target_info"] == {"enabled": False}
    reader = config["exporters"].get("prometheus")
    assert reader is None or reader["enable_open_metrics"] is True


def test_pruning_keeps_the_original_and_drops_only_what_no_pipeline_uses() -> None:
    config = deepcopy(plan_of("hybrid").collector)
    config["receivers"]["unused"] = {}
    before = deepcopy(config)
    assert pruned(config) == plan_of("hybrid").collector
    assert config == before


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_without_a_kubelet_nothing_asks_for_one_and_the_rest_is_as_it_was(
    architecture: str, profile: str
) -> None:
    whole = plan_of(architecture, profile).collector
    local = without_kubelet(whole)
    assert not NEEDS_KUBELET & (set(local["receivers"]) | set(local["processors"]))
    for kind in KINDS:
        assert all(local[kind][name] == whole[kind][name] for name in local[kind])
    for name, pipeline in local["service"]["pipelines"].items():
        for kind in KINDS:
            kept = [c for c in whole["service"]["pipelines"][name][kind] if c not in NEEDS_KUBELET]
            assert pipeline[kind] == kept


@pytest.mark.parametrize(
    ("architecture", "pipelines"),
    [
        ("otel-scrape", {"traces", "metrics"}),
        ("otel-remote-write", {"traces", "metrics"}),
        ("direct-scrape", {"traces"}),
        ("hybrid", {"traces"}),
    ],
)
def test_a_pipeline_that_only_the_kubelet_fed_goes_with_it(
    architecture: str, pipelines: set[str]
) -> None:
    local = without_kubelet(plan_of(architecture).collector)
    assert set(local["service"]["pipelines"]) == pipelines
    assert ("prometheus" in local["exporters"]) == (architecture == "otel-scrape")


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_pushed_statistics_take_the_kubelets_place_and_nothing_else_changes(
    architecture: str, profile: str
) -> None:
    config = plan_of(architecture, profile).collector
    pushed = with_statistics_from(config, "127.0.0.1:1")
    renamed = json.loads(json.dumps(pushed).replace("otlp/kubeletstats", "kubeletstats"))
    before, after = deepcopy(config["receivers"]), renamed["receivers"]
    assert before.pop("kubeletstats", None) is None or after.pop("kubeletstats") == {
        "protocols": {"http": {"endpoint": "127.0.0.1:1"}}
    }
    assert {**renamed, "receivers": after} == {**config, "receivers": before}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_an_ipv6_address_stands_in_brackets_before_a_port(architecture: str, profile: str) -> None:
    config = plan_of(architecture, profile, ipFamily="ipv6").collector
    text = json.dumps(config)
    assert "[${env:MY_POD_IP}]:4317" in text
    assert not re.search(r"[^[]\$\{env:(MY_POD_IP|NODE_IP)\}", text)
    assert ("[${env:NODE_IP}]:10250" in text) == ("kubeletstats" in config["receivers"])
    assert "[" not in json.dumps(plan_of(architecture, profile).collector["receivers"]["otlp"])
