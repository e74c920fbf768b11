"""A ServiceMonitor becomes the scrape job that the operator would make of it."""

from typing import Any

from lab.local.prometheus_config import Target, prometheus_config, prometheus_flags

SPEC: dict[str, Any] = {
    "scrapeInterval": "15s",
    "evaluationInterval": "7s",
    "enableRemoteWriteReceiver": True,
    "enableFeatures": ["exemplar-storage", "native-histograms"],
    "tsdb": {"outOfOrderTimeWindow": "10m"},
    "exemplars": {"maxSize": 5},
}
LABELS = {"app.kubernetes.io/name": "mcp-proxy", "app.kubernetes.io/instance": "echo"}
PROXY = Target("127.0.0.1:1", "mcp-servers", "echo", "metrics", "echo-0", "proxy", LABELS)


def monitor(**endpoint: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "proxies", "namespace": "monitoring"},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": "mcp-proxy"}},
            "namespaceSelector": {"matchNames": ["mcp-servers"]},
            "endpoints": [{"port": "metrics", **endpoint}],
        },
    }


def jobs(target: Target, **endpoint: Any) -> list[dict[str, Any]]:
    config = prometheus_config(SPEC, [monitor(**endpoint)], [target], "rules.yaml")
    scraped: list[dict[str, Any]] = config["scrape_configs"]
    return scraped


def test_a_selected_target_carries_what_discovery_would_say_of_it() -> None:
    [job] = jobs(PROXY)
    [static] = job["static_configs"]
    assert static["targets"] == ["127.0.0.1:1"]
    meta = "__meta_kubernetes"
    assert static["labels"] == {
        f"{meta}_namespace": "mcp-servers",
        f"{meta}_service_name": "echo",
        f"{meta}_endpoint_port_name": "metrics",
        f"{meta}_pod_name": "echo-0",
        f"{meta}_pod_container_name": "proxy",
        f"{meta}_service_label_app_kubernetes_io_name": "mcp-proxy",
        f"{meta}_service_label_app_kubernetes_io_instance": "echo",
        f"{meta}_service_labelpresent_app_kubernetes_io_name": "true",
        f"{meta}_service_labelpresent_app_kubernetes_io_instance": "true",
    }


def test_the_operators_relabelling_comes_before_the_monitors() -> None:
    own = {"sourceLabels": ["__meta_x"], "targetLabel": "job", "replacement": "mine"}
    [job] = jobs(PROXY, relabelings=[own])
    targets = [each["target_label"] for each in job["relabel_configs"]]
    assert targets == ["namespace", "service", "pod", "container", "job", "endpoint", "job"]
    assert job["relabel_configs"][-1]["source_labels"] == ["__meta_x"]


def test_the_endpoints_settings_are_kept() -> None:
    drop = {"action": "drop", "sourceLabels": ["__name__"], "regex": "go_.*"}
    [job] = jobs(
        PROXY, path="/m", honorLabels=True, interval="2s", scrapeTimeout="1s",
        metricRelabelings=[drop],
    )  # fmt: skip
    assert (job["metrics_path"], job["honor_labels"]) == ("/m", True)
    assert (job["scrape_interval"], job["scrape_timeout"]) == ("2s", "1s")
    assert job["metric_relabel_configs"] == [
        {"action": "drop", "source_labels": ["__name__"], "regex": "go_.*"}
    ]


def test_a_target_of_another_namespace_port_or_label_is_not_selected() -> None:
    others = (
        Target("127.0.0.1:1", "default", "echo", "metrics", "echo-0", "proxy", LABELS),
        Target("127.0.0.1:1", "mcp-servers", "echo", "http", "echo-0", "proxy", LABELS),
        Target("127.0.0.1:1", "mcp-servers", "echo", "metrics", "echo-0", "proxy", {}),
    )
    assert [jobs(each) for each in others] == [[], [], []]


def test_a_charts_service_is_selected_by_whatever_the_monitor_asks_for() -> None:
    chart = Target("127.0.0.1:1", "mcp-servers", "otel", "metrics", "otel-0", "otel")
    [job] = jobs(chart)
    [static] = job["static_configs"]
    label = "__meta_kubernetes_service_label_app_kubernetes_io_name"
    assert static["labels"][label] == "mcp-proxy"


def test_the_prometheus_resource_becomes_settings_and_flags() -> None:
    config = prometheus_config(SPEC, [], [], "rules.yaml")
    assert config["global"] == {"scrape_interval": "15s", "evaluation_interval": "7s"}
    assert config["rule_files"] == ["rules.yaml"]
    assert config["storage"]["tsdb"] == {"out_of_order_time_window": "10m"}
    assert prometheus_flags(SPEC) == (
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage,native-histograms",
    )
    silent = {**SPEC, "enableRemoteWriteReceiver": False}
    assert "--web.enable-remote-write-receiver" not in prometheus_flags(silent)


def test_the_label_that_a_monitor_names_is_the_job() -> None:
    given = monitor()
    given["spec"]["jobLabel"] = "app.kubernetes.io/name"
    [job] = prometheus_config(SPEC, [given], [PROXY], "rules.yaml")["scrape_configs"]
    named = [each for each in job["relabel_configs"] if each["target_label"] == "job"]
    assert [each["source_labels"] for each in named] == [
        ["__meta_kubernetes_service_name"],
        ["__meta_kubernetes_service_label_app_kubernetes_io_name"],
    ]
    assert named[1]["regex"] == "(.+)"
