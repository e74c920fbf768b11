"""The collector's values: where it sends each signal, and with which credentials."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from stacks import remote_write
from stacks.chart_values import overridden
from stacks.collector import pruned
from stacks.component_choices import Mode
from stacks.config import IpFamily, StackConfig
from stacks.secret_values import SecretValue, Text, checksum
from stacks.values import Values

SECRET = "otel-collector-env"
_CHECKSUM = "mcp-observability/secret-checksum"
_CA_FOLDER = "/etc/otel-collector/ca"
_LOGS_CA_FOLDER = "/etc/otel-collector/logs-ca"
_ADDRESS = re.compile(r"(\$\{env:(?:MY_POD_IP|NODE_IP)\}):")
_STORE_PASSWORD = "REMOTE_WRITE_CREDENTIALS"


def collector_values(config: StackConfig, values: Values) -> Values:
    """Complete the values: exporters, and the environment for their secrets."""
    settings = deepcopy(values["alternateConfig"])
    if not config.sends_traces:
        del settings["service"]["pipelines"]["traces"]
    if not config.sends_logs:
        del settings["service"]["pipelines"]["logs"]
    _send_traces(config, settings)
    _send_logs(config, settings)
    _write_metrics(config, settings)
    if config.ip_family is IpFamily.IPV6:
        settings = _bracketed(settings)
        # The exporter joins host and port in its own way; an empty host is every address.
        [reader] = settings["service"]["telemetry"]["metrics"]["readers"]
        reader["pull"]["exporter"]["prometheus"]["host"] = ""
    values = {**values, "alternateConfig": pruned(settings)}
    found = _secrets(config)
    if found:
        references = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": name}}}
            for name in found
        ]
        values = {
            **values,
            "extraEnvs": [*values["extraEnvs"], *references],
            "podAnnotations": {_CHECKSUM: checksum(SECRET, found)},
        }
    return overridden(values, _authorities(config))


def _authorities(config: StackConfig) -> Values:
    """The volumes with the certificates of private authorities."""
    chosen = config.components
    given = (
        ("traces-ca", chosen.traces.ca_secret, _CA_FOLDER),
        ("logs-ca", chosen.logs.ca_secret, _LOGS_CA_FOLDER),
    )
    named = [(name, secret, folder) for name, secret, folder in given if secret]
    if not named:
        return {}
    return {
        "extraVolumes": [
            {"name": name, "secret": {"secretName": secret}} for name, secret, _ in named
        ],
        "extraVolumeMounts": [
            {"name": name, "mountPath": folder, "readOnly": True} for name, _, folder in named
        ],
    }


def _bracketed(value: Any) -> Any:
    """Addresses of pod and node as IPv6 has them in front of a port."""
    if isinstance(value, dict):
        return {key: _bracketed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_bracketed(each) for each in value]
    return _ADDRESS.sub(r"[\1]:", value) if isinstance(value, str) else value


def _send_traces(config: StackConfig, settings: Values) -> None:
    traces = config.components.traces
    if traces.mode is not Mode.EXISTING:
        return
    tls: Values = {"insecure": True} if traces.insecure else {}
    if traces.ca_secret:
        tls = {"ca_file": f"{_CA_FOLDER}/ca.crt"}
    exporter = settings["exporters"]["otlp/jaeger"]
    exporter.update({"tls": tls, **_headers("TRACES", traces.headers)})


def _send_logs(config: StackConfig, settings: Values) -> None:
    logs = config.components.logs
    if config.cluster_label and config.sends_logs:
        name = {"key": "k8s.cluster.name", "value": config.cluster_label, "action": "upsert"}
        settings["processors"]["resource/cluster"] = {"attributes": [name]}
        settings["service"]["pipelines"]["logs"]["processors"].insert(-1, "resource/cluster")
    tls = {"tls": {"ca_file": f"{_LOGS_CA_FOLDER}/ca.crt"}} if logs.ca_secret else {}
    settings["exporters"]["otlphttp/logs"].update({**tls, **_headers("LOGS", logs.headers)})


def _headers(signal: str, given: Mapping[str, Text]) -> Values:
    """An exporter's headers, the secret ones as references to variables."""
    references = {name: f"${{env:{variable}}}" for name, variable, _ in _secret_of(signal, given)}
    return {"headers": {**given, **references}} if given else {}


def _secret_of(signal: str, given: Mapping[str, Text]) -> list[tuple[str, str, SecretValue]]:
    """The secret ones among headers: name, variable and value."""
    return [
        (name, f"{signal}_HEADER_{index}", value)
        for index, (name, value) in enumerate(given.items())
        if isinstance(value, SecretValue)
    ]


def _write_metrics(config: StackConfig, settings: Values) -> None:
    exporter = settings["exporters"]["prometheusremotewrite"]
    if config.cluster_label:
        exporter["external_labels"] = {"cluster": config.cluster_label}
    store = remote_write.by_collector(config)
    if store is None:
        return
    del exporter["tls"]
    exporter["remote_write_queue"].update(
        {"queue_size": store.queue_size, "num_consumers": store.shards}
    )
    headers = dict(store.headers)
    if store.credentials and store.username:
        settings["extensions"]["basicauth/store"] = {
            "client_auth": {"username": store.username, "password": f"${{env:{_STORE_PASSWORD}}}"}
        }
        settings["service"]["extensions"].append("basicauth/store")
        exporter["auth"] = {"authenticator": "basicauth/store"}
    elif store.credentials:
        headers["Authorization"] = f"Bearer ${{env:{_STORE_PASSWORD}}}"
    if headers:
        exporter["headers"] = headers


def _secrets(config: StackConfig) -> dict[str, SecretValue]:
    chosen = config.components
    given = (("TRACES", chosen.traces.headers), ("LOGS", chosen.logs.headers))
    found = {
        variable: value
        for signal, headers in given
        for _, variable, value in _secret_of(signal, headers)
    }
    store = remote_write.by_collector(config)
    if store and store.credentials:
        found[_STORE_PASSWORD] = store.credentials
    return found


def collector_secrets(config: StackConfig) -> tuple[Values, ...]:
    """The Secret for the collector's environment."""
    found = _secrets(config)
    if not found or config.components.collector.mode is not Mode.INSTALL:
        return ()
    return (
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": config.namespaces.monitoring},
            "type": "Opaque",
            "stringData": found,
        },
    )
