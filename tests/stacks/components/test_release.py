"""Helm releases: name, namespace, pin and values; from repositories or from a folder of charts."""

from pathlib import Path

import pulumi
import pytest

from stacks.charts import CHARTS, Profile
from tests.stacks.engine import RELEASE, run
from tests.stacks.stack import STACKS, plan_of


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_each_release_gets_its_name_namespace_pin_and_values(
    architecture: str, profile: str
) -> None:
    done = run(architecture, profile)
    for each in plan_of(architecture, profile).releases:
        state = done.states[RELEASE, each.name]
        assert (state["name"], state["namespace"]) == (each.name, each.namespace)
        assert state["version"] == each.chart.version
        assert state["values"] == each.values
        assert state["timeout"] == 900


def test_classic_charts_name_their_repository_and_oci_charts_are_their_own_address() -> None:
    done = run()
    prometheus = done.states[RELEASE, "kube-prometheus-stack"]
    assert prometheus["chart"] == "kube-prometheus-stack"
    assert prometheus["repositoryOpts"]["repo"].startswith("https://prometheus-community.")
    operator = done.states[RELEASE, "toolhive-operator"]
    assert operator["chart"] == "oci://ghcr.io/stacklok/toolhive/toolhive-operator"
    assert "repositoryOpts" not in operator


def test_the_release_of_crds_takes_over_what_others_have_left() -> None:
    states = run().states
    owned = {name: state.get("takeOwnership") for (kind, name), state in states.items()}
    assert [name for name, each in owned.items() if each] == ["toolhive-operator-crds"]


def test_a_folder_of_charts_is_used_by_archive_or_folder_without_a_repository(
    tmp_path: Path,
) -> None:
    for chart in CHARTS[Profile.CURRENT].values():
        (tmp_path / chart.name).mkdir()
    (tmp_path / "jaeger-4.11.1.tgz").touch()
    done = run(chartSource=str(tmp_path))
    assert done.states[RELEASE, "jaeger"]["chart"] == f"{tmp_path}/jaeger-4.11.1.tgz"
    collector = done.states[RELEASE, "otel-collector"]
    assert collector["chart"] == f"{tmp_path}/opentelemetry-collector"
    assert not {"version", "repositoryOpts"} & collector.keys()


def test_a_chart_that_the_folder_lacks_is_named_before_anything_is_registered(
    tmp_path: Path,
) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run(chartSource=str(tmp_path))
    wanted = "the folder must hold kube-prometheus-stack-88.5.3.tgz or a folder"
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_of_charts_that_does_not_exist_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run(chartSource="nowhere")
    assert str(caught.value) == (
        "mcp-observability:chartSource: 'nowhere' is not allowed;"
        " allowed: repositories, or a folder that exists"
    )
