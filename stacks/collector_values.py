"""The collector's values: where it sends traces and metrics, and with which credentials."""

import re
from copy import deepcopy
from typing import Any

from stacks import remote_write
from stacks.chart_values import overridden
from stacks.collector import pruned
from stacks.component_choices import Mode
from stacks.config import IpFamily, StackConfig
from stacks.secret_values import SecretValue, checksum
from stacks.values import Values

SECRET = "otel-collector-env"
_CHECKSUM = "mcp-observability/secret-checksum"
_CA_FOLDER = "/etc/otel-collector/ca"
_ADDRESS = re.compile(r"(\$\{env:(?:MY_POD_IP|NODE_IP)\}):")
_STORE_PASSWORD = "REMOTE_WRITE_CREDENTIALS"


def collector_values(config: StackConfig, values: Values) -> Values:
    """Complete the values: exporters, and the environment for their secrets."""
    settings = deepcopy(values["alternateConfig"])
    if not config.sends_traces:
        del settings["service"]["pipelines"]["traces"]
    _send_traces(config, settings)
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
    if authority := config.components.traces.ca_secret:
        volume = {"name": "traces-ca", "secret": {"secretName": authority}}
        mount = {"name": "traces-ca", "mountPath": _CA_FOLDER, "readOnly": True}
        values = overridden(values, {"extraVolumes": [volume], "extraVolumeMounts": [mount]})
    return values


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
    headers = {
        header: f"${{env:{name}}}" if isinstance(value, SecretValue) else value
        for (header, value), name in zip(traces.headers.items(), _header_names(config), strict=True)
    }
    exporter = settings["exporters"]["otlp/jaeger"]
    exporter.update({"tls": tls, **({"headers": headers} if headers else {})})


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


def _header_names(config: StackConfig) -> list[str]:
    return [f"TRACES_HEADER_{index}" for index, _ in enumerate(config.components.traces.headers)]


def _secrets(config: StackConfig) -> dict[str, SecretValue]:
    headers = zip(_header_names(config), config.components.traces.headers.values(), strict=True)
    found = {name: each for name, each in headers if isinstance(each, SecretValue)}
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
