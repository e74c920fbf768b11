"""Boards and rules arrive in the shape that Grafana's sidecar and Prometheus' operator take."""

import json

from dashboards import BOARDS
from dashboards.rules import rules_document
from tests.stacks.stack import objects, plan_of, release_values

# The API server refuses larger ConfigMaps.
CONFIG_MAP_LIMIT = 1024 * 1024


def test_each_board_is_a_config_map_that_the_sidecar_selects_and_files() -> None:
    planned = plan_of()
    sidecar = release_values(planned, "kube-prometheus-stack")["grafana"]["sidecar"]["dashboards"]
    found = objects(planned, "ConfigMap")
    assert len(found) == len(BOARDS)
    for board in BOARDS:
        each = found[f"board-{board.uid}"]
        assert each["metadata"]["labels"][sidecar["label"]] == sidecar["labelValue"]
        assert each["metadata"]["annotations"][sidecar["folderAnnotation"]] == "MCP"
        ((name, text),) = each["data"].items()
        assert name == f"{board.uid}.json"
        assert json.loads(text)["uid"] == board.uid
        assert len(text) < CONFIG_MAP_LIMIT


def test_the_rules_are_one_prometheus_rule_and_the_plans_own() -> None:
    planned = plan_of()
    (rule,) = objects(planned, "PrometheusRule").values()
    assert rule["spec"] == planned.rules == rules_document()


def test_traces_link_to_metrics_by_the_label_that_carries_the_service_name() -> None:
    grafana = release_values(plan_of(), "kube-prometheus-stack")["grafana"]
    (jaeger,) = grafana["additionalDataSources"]
    assert jaeger["jsonData"]["tracesToMetrics"]["tags"] == [
        {"key": "service.name", "value": "server"}
    ]
    exemplars = grafana["sidecar"]["datasources"]["exemplarTraceIdDestinations"]
    assert exemplars["datasourceUid"] == jaeger["uid"]


def test_grafana_asks_the_profiles_own_jaeger() -> None:
    def url(profile: str) -> str:
        values = release_values(plan_of(profile=profile), "kube-prometheus-stack")
        return str(values["grafana"]["additionalDataSources"][0]["url"])

    assert url("current") == "http://jaeger.monitoring.svc:16686"
    assert url("tutorial") == "http://jaeger-query.monitoring.svc:16686"
