"""Components that are there already are joined, not installed a second time."""

import json
from typing import Any

import pytest

from stacks.chart_values import unknown_keys
from stacks.charts import CHARTS, Component, Profile
from stacks.plan import KIND_NEEDS, Plan
from tests.stacks.stack import (
    HTTP,
    STACKS,
    STDIO,
    TOOLHIVE,
    mistakes,
    objects,
    plan_of,
    release_values,
)

PROMETHEUS = {"url": "http://prometheus.observability.svc:9090", "labels": {"release": "kps"}}
GRAFANA = {
    "label": "dashboards",
    "labelValue": "yes",
    "folderAnnotation": "folder",
    "namespace": "observability",
}
COLLECTOR = {"url": "https://collector.observability.svc:4318"}
TEMPO = {
    "address": "tempo.tracing.svc:4317",
    "type": "tempo",
    "url": "http://tempo.tracing.svc:3200",
    "insecure": True,
}
LOKI = {"endpoint": "http://loki.logs.svc:3100/otlp/v1/logs", "url": "http://loki.logs.svc:3100"}


def planned(architecture: str = "otel-scrape", **components: object) -> Plan:
    return plan_of(architecture, components=components)


def releases(found: Plan) -> set[str]:
    return {each.name for each in found.releases}


def test_what_is_there_is_not_installed() -> None:
    everything = {each.value for each in Component}
    assert releases(planned()) == everything
    assert releases(planned(prometheus=PROMETHEUS)) == everything, "Grafana is of that chart"
    both = planned(prometheus=PROMETHEUS, grafana=GRAFANA)
    assert releases(both) == everything - {"kube-prometheus-stack"}
    assert releases(planned(traces=TEMPO)) == everything - {"jaeger"}
    assert releases(planned(collector=COLLECTOR)) == everything - {"otel-collector"}
    toolhive = planned(toolhive="existing")
    assert releases(toolhive) == everything - {"toolhive-operator", "toolhive-operator-crds"}
    assert "toolhive-system" not in toolhive.namespaces
    assert objects(toolhive, "MCPServer")


def test_namespaces_that_exist_are_not_created() -> None:
    found = plan_of(existingNamespaces=["monitoring", "other"])
    assert found.namespaces == ("toolhive-system", "mcp-servers")


def test_monitors_and_rules_carry_the_labels_that_an_existing_prometheus_selects() -> None:
    found = planned("direct-scrape", prometheus=PROMETHEUS)
    for kind in ("ServiceMonitor", "PrometheusRule"):
        for each in objects(found, kind).values():
            assert each["metadata"]["labels"]["release"] == "kps"


def test_an_existing_prometheus_of_several_clusters_gets_boards_and_rules_by_cluster() -> None:
    given = {"prometheus": {**PROMETHEUS, "clusterLabel": "k8s_cluster"}}
    found = planned("direct-scrape", **given, grafana={"api": "https://grafana.example.org"})
    [rules] = objects(found, "PrometheusRule").values()
    boards = objects(planned("direct-scrape", **given), "ConfigMap")
    inhibited = release_values(planned("direct-scrape", **given), "kube-prometheus-stack")

    assert "max by (k8s_cluster, namespace, server) (mcp_proxy_upstream_up)" in str(rules)
    assert found.outputs["importDashboards"].endswith(" CLUSTER_LABEL=k8s_cluster")
    assert all("${cluster:regex}" in str(each["data"]) for each in boards.values())
    assert "k8s_cluster" in str(inhibited["alertmanager"]["config"]["inhibit_rules"])


def test_rules_restore_classic_histograms_where_prometheus_stores_native_ones() -> None:
    def restores(**given: Any) -> bool:
        [rules] = objects(plan_of(**given), "PrometheusRule").values()
        return "histogram_count(" in str(rules)

    def own(**spec: Any) -> dict[str, Any]:
        return {"values": {"kube-prometheus-stack": {"prometheus": {"prometheusSpec": spec}}}}

    existing = {**PROMETHEUS, "nativeHistograms": True}
    assert restores(components={"prometheus": existing})
    assert restores(**own(convertClassicHistogramsToNHCB=True))
    assert not restores(**own(convertClassicHistogramsToNHCB=True, scrapeClassicHistograms=True))
    assert not restores(values={"kube-prometheus-stack": {"prometheus": {}}})
    by_hand = {"url": PROMETHEUS["url"], "nativeHistograms": True, "operated": False}
    assert "make dashboards NATIVE_HISTOGRAMS=on;" in str(
        planned("direct-scrape", prometheus=by_hand).outputs["rules"]
    )


@pytest.mark.parametrize("profile", list(Profile))
def test_grafana_alone_comes_without_prometheus_and_asks_the_existing_one(profile: Profile) -> None:
    found = plan_of(profile=profile, components={"prometheus": PROMETHEUS})
    values = release_values(found, "kube-prometheus-stack")
    for part in ("prometheus", "prometheusOperator", "kubelet", "nodeExporter", "crds"):
        assert values[part]["enabled"] is False
    sources = {each["name"]: each for each in values["grafana"]["additionalDataSources"]}
    assert sources["Prometheus"]["url"] == PROMETHEUS["url"]
    assert sources["Prometheus"]["uid"] == "prometheus"
    assert values["grafana"]["sidecar"]["datasources"]["defaultDatasourceEnabled"] is False
    chart = CHARTS[profile][Component.PROMETHEUS]
    assert list(unknown_keys(f"{chart.name}-{chart.version}", values)) == []


def test_prometheus_alone_leaves_the_dashboards_to_an_existing_grafana() -> None:
    found = planned(grafana=GRAFANA)
    values = release_values(found, "kube-prometheus-stack")
    assert values["grafana"]["enabled"] is False
    for board in objects(found, "ConfigMap").values():
        metadata = board["metadata"]
        assert metadata["namespace"] == "observability"
        assert metadata["labels"] == {"dashboards": "yes"}
        assert metadata["annotations"]["folder"] == "MCP"
        assert "grafana_folder" not in metadata["annotations"]
    assert [each["kind"] for each in found.prerequisites] == ["Service"]


def test_a_grafana_with_an_api_gets_a_command_instead_of_objects() -> None:
    found = planned(grafana={"api": "https://grafana.example.org"})
    assert objects(found, "ConfigMap") == {}
    command = "GRAFANA_TOKEN=... make import GRAFANA_URL=https://grafana.example.org"
    assert found.outputs["importDashboards"] == command
    assert found.outputs["addresses"]["grafana"] == "https://grafana.example.org"
    assert "grafana" not in found.outputs["portForward"]
    assert "grafanaPassword" not in found.outputs


def test_proxies_push_to_an_existing_collector() -> None:
    found = planned(collector=COLLECTOR)
    [search, _] = found.proxies
    assert search.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == COLLECTOR["url"]
    config = objects(found, "MCPTelemetryConfig")["mcp-observability-stdio"]["spec"]
    assert config["openTelemetry"]["endpoint"] == "collector.observability.svc:4318"
    assert config["openTelemetry"]["insecure"] is False
    assert objects(found, "ServiceMonitor") == {}
    assert found.collector == {}


def test_an_existing_trace_store_gets_the_spans_and_grafanas_data_source() -> None:
    found = planned(traces=TEMPO)
    exporter = found.collector["exporters"]["otlp/jaeger"]
    assert exporter == {"endpoint": "tempo.tracing.svc:4317", "tls": {"insecure": True}}
    values = release_values(found, "kube-prometheus-stack")["grafana"]
    [tempo] = values["additionalDataSources"]
    assert (tempo["type"], tempo["url"]) == ("tempo", TEMPO["url"])
    exemplars = values["sidecar"]["datasources"]["exemplarTraceIdDestinations"]
    assert exemplars["datasourceUid"] == tempo["uid"]


def test_boards_ask_tempo_where_the_traces_are_in_tempo() -> None:
    [board] = [
        json.loads(text)
        for each in objects(planned(traces=TEMPO), "ConfigMap").values()
        for name, text in each["data"].items()
        if name == "mcp-latency.json"
    ]
    text = json.dumps(board)
    assert '"type": "jaeger"' not in text
    panels = [each for row in board["panels"] for each in (row, *row.get("panels", []))]
    targets = [each for panel in panels for each in panel.get("targets", [])]
    queries = [each for each in targets if each["datasource"]["type"] == "tempo"]
    assert {each["queryType"] for each in queries} == {"traceql"}
    assert {each["query"] for each in queries} == {
        "{resource.service.name=~`^(${server:regex})$`}",
        "${trace}",
    }


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_an_existing_log_store_gets_the_call_logs(architecture: str, profile: str) -> None:
    found = plan_of(architecture, profile, components={"logs": LOKI}, servers=[HTTP, TOOLHIVE])
    assert found.collector["service"]["pipelines"]["logs"] == {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "k8sattributes", "batch"],
        "exporters": ["otlphttp/logs"],
    }
    assert found.collector["exporters"]["otlphttp/logs"] == {"logs_endpoint": LOKI["endpoint"]}
    assert [each.environment["OTEL_LOGS_EXPORTER"] for each in found.proxies] == ["otlp"]
    deployed = release_values(found, "otel-collector")["alternateConfig"]
    exporter = "otlp_http/logs" if profile == "current" else "otlphttp/logs"
    assert deployed["service"]["pipelines"]["logs"]["exporters"] == [exporter]
    assert exporter in deployed["exporters"]


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_without_a_log_store_no_logs_are_pushed_or_collected(
    architecture: str, profile: str
) -> None:
    for found in (plan_of(architecture, profile), planned(architecture, logs="none")):
        assert "logs" not in found.collector["service"]["pipelines"]
        assert "otlphttp/logs" not in found.collector["exporters"]
        assert all("OTEL_LOGS_EXPORTER" not in each.environment for each in found.proxies)


def test_a_collector_may_be_there_for_the_logs_alone() -> None:
    found = planned("direct-scrape", traces="none", logs=LOKI)
    assert found.collector["service"]["pipelines"].keys() == {"logs"}


DERIVED = {
    "name": "Trace",
    "matcherType": "label",
    "matcherRegex": "trace_id",
    "url": "$${__value.raw}",
    "urlDisplayLabel": "Open the trace",
    "datasourceUid": "jaeger",
}


@pytest.mark.parametrize(
    ("store", "name", "kind"),
    [
        ("loki", "Loki", "loki"),
        ("victorialogs", "VictoriaLogs", "victoriametrics-logs-datasource"),
    ],
)
def test_a_log_store_has_a_data_source_that_leads_to_the_trace(
    store: str, name: str, kind: str
) -> None:
    found = planned(logs={**LOKI, "type": store})
    grafana = release_values(found, "kube-prometheus-stack")["grafana"]
    [_, logs] = grafana["additionalDataSources"]
    assert (logs["name"], logs["type"], logs["url"]) == (name, kind, LOKI["url"])
    assert logs["jsonData"] == {"derivedFields": [DERIVED]}


def test_without_a_trace_store_lines_lead_nowhere() -> None:
    found = planned(traces="none", logs=LOKI)
    [logs] = release_values(found, "kube-prometheus-stack")["grafana"]["additionalDataSources"]
    assert logs["jsonData"] == {}


@pytest.mark.parametrize("logs", [{"endpoint": LOKI["endpoint"]}, {**LOKI, "type": "victorialogs"}])
def test_boards_show_log_lines_where_grafana_can_query_them(logs: dict[str, str]) -> None:
    plain = boards(planned())
    shown = boards(planned(logs=logs))
    changed = {name for name in plain if plain[name] != shown[name]}
    with_lines = {"mcp-server.json", "mcp-tools.json", "mcp-clients.json"}
    assert changed == (with_lines if "url" in logs else set())


def boards(found: Plan) -> dict[str, str]:
    """The dashboards of a plan by file name."""
    return {
        name: text
        for each in objects(found, "ConfigMap").values()
        for name, text in each["data"].items()
    }


def test_without_a_trace_store_nothing_is_traced() -> None:
    found = plan_of("otel-scrape", components={"traces": "none"})
    assert "traces" not in found.collector["service"]["pipelines"]
    assert found.proxies[0].environment["OTEL_TRACES_EXPORTER"] == "none"
    config = objects(found, "MCPTelemetryConfig")["mcp-observability-stdio"]["spec"]
    assert config["openTelemetry"]["tracing"]["enabled"] is False


@pytest.mark.parametrize("profile", list(Profile))
def test_a_direct_scrape_does_without_collector_and_traces(profile: Profile) -> None:
    none = {"collector": "none", "traces": "none"}
    found = plan_of("direct-scrape", profile, components=none)
    assert releases(found) & {"otel-collector", "jaeger"} == set()
    for each in (*objects(found, "MCPTelemetryConfig").values(),):
        assert each["spec"] == {"prometheus": {"enabled": True}}


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("otel-scrape", {"prometheus": "none"}, "components.prometheus: 'none' is not allowed; with"),
    ("otel-scrape", {"collector": "none", "traces": "none"}, "components.collector: 'none' is not"),
    ("direct-scrape", {"collector": "none"}, "components.traces: 'install' is not allowed; with"),
    ("direct-scrape", {"traces": "none"}, "components.collector: 'install' is not allowed; witho"),
    (
        "direct-scrape",
        {"collector": "none", "traces": "none", "logs": {"endpoint": "http://loki:3100/otlp"}},
        "components.logs: 'http://loki:3100/otlp' is not allowed; without a collector: none",
    ),
    ("hybrid", {"logs": "install"}, "components.logs: 'install' is not allowed; allowed: none, or"),
    ("hybrid", {"logs": {}}, "components.logs.endpoint: missing; where it takes OTLP over HTTP"),
    ("hybrid", {"logs": {"endpoint": "loki:3100"}}, "components.logs.endpoint: 'loki:3100' is not"),
    ("hybrid", {"logs": {**LOKI, "type": "elastic"}}, "components.logs.type: 'elastic' is not"),
    ("hybrid", {"logs": {**LOKI, "type": "otlp"}}, "components.logs.url: 'http://loki.logs.svc:31"),
    ("hybrid", {"logs": {**LOKI, "adress": "x"}}, "components.logs.adress: unknown key"),
    ("otel-scrape", {"prometheus": "maybe"}, "components.prometheus: 'maybe' is not allowed; allo"),
    ("otel-scrape", {"prometheus": {}}, "components.prometheus.url: missing; where Grafana and"),
    (
        "otel-scrape",
        {"prometheus": {**PROMETHEUS, "clusterLabel": "server"}},
        "components.prometheus.clusterLabel: 'server' is not allowed; series carry",
    ),
    ("otel-scrape", {"promtheus": "none"}, "components.promtheus: unknown key; did you mean prom"),
    ("otel-scrape", {"traces": {"address": "http://x"}}, "components.traces.address: 'http://x'"),
    ("otel-scrape", {"collector": {"url": "x"}}, "components.collector.url: 'x' is not allowed"),
    ("otel-scrape", {"toolhive": "some"}, "components.toolhive: 'some' is not allowed; allowed"),
]


@pytest.mark.parametrize(("architecture", "components", "line"), MISTAKES)
def test_a_combination_that_cannot_work_is_one_line(
    architecture: str, components: dict[str, Any], line: str
) -> None:
    [found] = mistakes(architecture=architecture, components=components)
    assert found.startswith(line)


def test_servers_of_toolhive_need_toolhive() -> None:
    [found] = mistakes(components={"toolhive": "none"}, servers=[STDIO, TOOLHIVE])
    assert found == (
        "servers[1].runtime: 'toolhive' is not allowed; components.toolhive is none: use runtime"
        " proxy"
    )


def test_every_kind_of_object_has_its_order() -> None:
    found = planned("hybrid")
    assert {each["kind"] for each in found.objects} <= KIND_NEEDS.keys()
