"""Values for charts are merged last; a key that the chart does not know is worth a warning."""

import pytest

from stacks.chart_values import overridden
from stacks.charts import Profile
from stacks.config import PASSWORD, parse
from stacks.secret_values import SecretValue, sealed
from tests.stacks.stack import GOOD_PASSWORD, mistakes, plan_of, release_values


def test_values_are_merged_over_everything_else() -> None:
    given = {
        "kube-prometheus-stack": {
            "prometheus": {"prometheusSpec": {"retention": "1d", "enableFeatures": []}},
            "grafana": {"replicas": 2},
        },
        "opentelemetry-collector": {"priorityClassName": "high"},
    }
    planned = plan_of(values=given, persistence="on")
    spec = release_values(planned, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
    assert (spec["retention"], spec["enableFeatures"]) == ("1d", [])
    assert "storageSpec" in spec
    assert release_values(planned, "otel-collector")["priorityClassName"] == "high"
    assert planned.warnings == ()


def test_an_unknown_chart_is_refused() -> None:
    assert mistakes(values={"grafana": {}}) == [
        "values: 'grafana' is not allowed; allowed: jaeger, kube-prometheus-stack,"
        " opentelemetry-collector, toolhive-operator, toolhive-operator-crds"
    ]


@pytest.mark.parametrize("profile", list(Profile))
def test_an_unknown_key_is_a_warning(profile: Profile) -> None:
    given = {"kube-prometheus-stack": {"grafana": {"replica": 2, "replicas": 2}}}
    [line] = plan_of(profile=profile, values=given).warnings
    assert line.startswith("values.kube-prometheus-stack.grafana.replica: kube-prometheus-stack-")
    assert line.endswith("does not know this key, and will ignore it")


def test_secret_values_stay_secret() -> None:
    given = sealed({"kube-prometheus-stack": {"grafana": {"smtp": {"password": "x"}}}})
    config = parse({PASSWORD: GOOD_PASSWORD, "values": given})
    smtp = config.values["kube-prometheus-stack"]["grafana"]["smtp"]
    assert smtp == {"password": SecretValue("x")}


def test_merging_leaves_its_arguments_as_they_are() -> None:
    base = {"a": {"b": 1, "c": [1]}}
    assert overridden(base, {"a": {"c": [2]}, "d": None}) == {"a": {"b": 1, "c": [2]}, "d": None}
    assert base == {"a": {"b": 1, "c": [1]}}
