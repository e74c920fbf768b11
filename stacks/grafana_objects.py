"""Dashboards as ConfigMaps, rules as a PrometheusRule, and the names that Grafana's values use."""

import json
from collections.abc import Mapping
from typing import Any

from dashboards import manifests
from dashboards.board import Board
from dashboards.log_lines import LOG_STORES, with_log_lines
from dashboards.promql.scope import variable
from dashboards.render import board_json
from stacks.component_choices import GrafanaChoice, LogsChoice, LogsType, Mode, TracesType
from stacks.config import StackConfig
from stacks.secret_values import SecretValue, checksum
from stacks.values import Values

BOARD_LABEL = manifests.BOARD_LABEL
BOARD_LABEL_VALUE = manifests.BOARD_LABEL_VALUE
FOLDER_ANNOTATION = manifests.FOLDER_ANNOTATION
FOLDER = manifests.FOLDER

_JAEGER_SOURCE = {"type": "jaeger", "uid": "${jaeger}"}
_TEMPO_SOURCE = {"type": "tempo", "uid": "${jaeger}"}

_LOG_NAMES = {LogsType.LOKI: "Loki", LogsType.VICTORIALOGS: "VictoriaLogs"}

SECRET = "grafana-admin"
USER_KEY = "admin-user"
PASSWORD_KEY = "admin-password"
USER = "admin"


def admin_secret(password: SecretValue, namespace: str) -> Values:
    """The Secret with the credentials of Grafana's administrator."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "type": "Opaque",
        "stringData": {USER_KEY: USER, PASSWORD_KEY: password},
    }


def admin_checksum(password: SecretValue) -> object:
    """Changes with the password; in an annotation of Grafana's pod it makes it restart."""
    return checksum(SECRET, {PASSWORD_KEY: password})


def board_configmaps(config: StackConfig) -> tuple[Values, ...]:
    """One ConfigMap per dashboard; the sidecar of Grafana loads them into the folder."""
    chosen = config.components.grafana
    if chosen.mode is Mode.NONE or chosen.api:
        return ()
    namespace = chosen.namespace or config.namespaces.monitoring
    traces = config.components.traces.type
    logs = config.components.logs
    store = LOG_STORES[logs.type.value] if logs.queried else None

    def one(board: Board) -> Values:
        text = _for_traces(board_json(with_log_lines(board, store)), traces)
        return _selected(manifests.board_configmap(board, text, namespace, FOLDER), chosen)

    return tuple(map(one, config.monitoring.boards))


def _selected(manifest: Values, chosen: GrafanaChoice) -> Values:
    metadata = {
        **manifest["metadata"],
        "labels": {chosen.label or BOARD_LABEL: chosen.label_value},
        "annotations": {
            **manifests.UNSUBSTITUTED,
            chosen.folder_annotation or FOLDER_ANNOTATION: FOLDER,
        },
    }
    return {**manifest, "metadata": metadata}


def _for_traces(text: str, traces: TracesType) -> str:
    """A dashboard whose panels about traces ask the data source of the store."""
    if traces is not TracesType.TEMPO:
        return text
    return json.dumps(_for_tempo(json.loads(text)), indent=2, sort_keys=True) + "\n"


def _for_tempo(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_tempo(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("datasource") == _JAEGER_SOURCE and "query" in value:
        query = {"queryType": "traceql", "query": value["query"]}
        return {"datasource": _TEMPO_SOURCE, "refId": value["refId"], **query}
    if value.get("datasource") == _JAEGER_SOURCE and value.get("queryType") == "search":
        one_of_them = f"{{resource.service.name=~`^({variable('server')})$`}}"
        query = {"queryType": "traceql", "query": one_of_them}
        kept = {key: value[key] for key in ("limit", "refId")}
        return {"datasource": _TEMPO_SOURCE, "tableType": "traces", **kept, **query}
    if value == _JAEGER_SOURCE:
        return _TEMPO_SOURCE
    if value.get("type") == "datasource" and value.get("query") == "jaeger":
        return {**value, "query": "tempo"}
    return {key: _for_tempo(each) for key, each in value.items()}


def prometheus_rule(rules: Values, namespace: str, labels: Mapping[str, str]) -> Values:
    """The rules as a PrometheusRule with labels by which an operator selects it."""
    manifest: Values = manifests.prometheus_rule(rules, namespace)
    return labelled(manifest, labels)


def labelled(manifest: Values, labels: Mapping[str, str]) -> Values:
    """A manifest with more labels."""
    if not labels:
        return manifest
    metadata = manifest["metadata"]
    metadata = {**metadata, "labels": {**metadata.get("labels", {}), **labels}}
    return {**manifest, "metadata": metadata}


def datasources(config: StackConfig, traces: Values) -> list[Values]:
    """Grafana's additional data sources: an existing Prometheus, traces, and logs."""
    found = []
    chosen = config.components
    if config.components.prometheus.mode is not Mode.INSTALL:
        found.append(
            {
                "name": "Prometheus",
                "uid": "prometheus",
                "type": "prometheus",
                "access": "proxy",
                "url": config.prometheus_url,
                "isDefault": True,
                "editable": False,
                "version": 1,
                "jsonData": {
                    "exemplarTraceIdDestinations": [
                        {"name": "trace_id", "datasourceUid": traces["uid"]}
                    ]
                },
            }
        )
    traced = config.sends_traces and chosen.traces.type is not TracesType.OTLP
    if traced:
        kind = chosen.traces.type
        url = {"url": chosen.traces.url} if chosen.traces.url else {}
        found.append({**traces, "name": kind.value.capitalize(), "type": kind.value, **url})
    if chosen.logs.queried:
        found.append(_logs_source(chosen.logs, traces["uid"] if traced else None))
    return found


def _logs_source(logs: LogsChoice, traces: str | None) -> Values:
    """The data source of log lines, which lead to the data source of traces with that uid."""
    # `$$`: Grafana expands variables in provisioned files.
    trace = {
        "name": "Trace",
        "matcherType": "label",
        "matcherRegex": "trace_id",
        "url": "$${__value.raw}",
        "urlDisplayLabel": "Open the trace",
        "datasourceUid": traces,
    }
    return {
        "name": _LOG_NAMES[logs.type],
        "uid": "logs",
        "type": LOG_STORES[logs.type.value].plugin,
        "access": "proxy",
        "url": logs.url,
        "editable": False,
        "version": 1,
        "jsonData": {"derivedFields": [trace]} if traces else {},
    }
