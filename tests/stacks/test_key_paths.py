"""Every value and every object fits the real charts and CRDs of both profiles."""

import pytest

from stacks.chart_values import unknown_keys
from stacks.sizes import Size
from tests.stacks.draw_key_paths import CHART_KEYS, KEY_PATHS, SHARED, draw
from tests.stacks.stack import STACKS, plan_of
from tests.stacks.strict import Fields, faults, fields

CRD_CHARTS = {
    "current": {
        "monitoring.coreos.com": "kube-prometheus-stack-crds-88.5.3",
        "toolhive.stacklok.dev": "toolhive-operator-crds-0.44.0",
    },
    "tutorial": {
        "monitoring.coreos.com": "kube-prometheus-stack-crds-77.12.0",
        "toolhive.stacklok.dev": "toolhive-operator-crds-0.0.27",
    },
}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
@pytest.mark.parametrize(
    ("scope", "size"),
    [("cluster", Size.SMALL), (["mcp-servers"], Size.STANDARD), ("cluster", Size.LARGE)],
)
def test_every_key_of_our_values_exists_in_the_real_chart(
    architecture: str, profile: str, scope: object, size: Size
) -> None:
    planned = plan_of(architecture, profile, operatorScope=scope, size=size, persistence="on")
    strays = {
        each.name: list(unknown_keys(f"{each.chart.name}-{each.chart.version}", each.values))
        for each in planned.releases
    }
    assert strays == {each.name: [] for each in planned.releases}


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_every_custom_resource_passes_strict_validation(architecture: str, profile: str) -> None:
    planned = plan_of(architecture, profile)
    custom = [each for each in planned.objects if "." in each["apiVersion"]]
    assert custom
    for each in [*custom, *planned.monitors]:
        group, version = each["apiVersion"].split("/")
        crd = fields(f"{CRD_CHARTS[profile][group]}.{each['kind']}.{version}")
        assert list(faults(crd, each["spec"])) == [], each["metadata"]["name"]


def test_a_misspelt_field_a_wrong_type_and_a_missing_field_are_faults() -> None:
    crd = fields("toolhive-operator-crds-0.44.0.MCPServer.v1beta1")
    spec = {"image": 1, "proxyport": 1, "transport": "websocket", "telemetryConfigRef": {}}
    assert list(faults(crd, spec)) == [
        "spec.image: 1 is not string",
        "spec.proxyport: unknown field",
        "spec.transport: 'websocket' is not string stdio|streamable-http|sse",
        "spec.telemetryConfigRef.name: missing",
    ]


def test_a_key_that_the_chart_does_not_know_is_found() -> None:
    values = {"grafana": {"adminn": 1}, "prometheus": {"prometheusSpec": {"retention": "1d"}}}
    found = list(unknown_keys("kube-prometheus-stack-88.5.3", values))
    assert found == ["grafana.adminn"]


def test_both_crds_agree_with_our_table_of_transports() -> None:
    transports = {"stdio", "sse", "streamable-http"}
    for name in ("0.44.0.MCPServer.v1beta1", "0.0.27.MCPServer.v1alpha1"):
        crd: Fields = fields(f"toolhive-operator-crds-{name}")
        assert set(crd.kinds["spec.transport"][1]) == transports


def test_the_lists_are_what_the_charts_say_where_the_charts_are_there() -> None:
    paths = (*KEY_PATHS.iterdir(), *CHART_KEYS.iterdir())
    committed = {each: each.read_text(encoding="utf-8") for each in paths}
    drawn = draw(SHARED) if SHARED.is_dir() else committed
    assert committed == drawn, "run: python -m tests.stacks.draw_key_paths ../shared/charts"
