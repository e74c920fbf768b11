"""The stack's configuration as Pulumi passes it to the program."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pulumi
from pulumi.runtime.config import (
    CONFIG,
    get_config_env,
    get_config_secret_keys_env,
    is_config_secret,
)

from stacks import fields, toolhive
from stacks.charts import CHARTS, Profile
from stacks.cluster_api import (
    Unreachable,
    api_versions,
    default_storage_class,
    ip_family,
    prometheus_labels,
)
from stacks.component_choices import Mode
from stacks.components.provider import ClusterArgs
from stacks.components.release import ChartSource
from stacks.config import PROJECT, ConfigError, IpFamily, Persistence, StackConfig, parse
from stacks.config_text import decoded
from stacks.fields import Mistakes, refuse
from stacks.kubeconfig import Cluster, chosen_cluster
from stacks.observability import ObservabilityArgs
from stacks.plan import plan
from stacks.secret_values import Text, revealed, sealed

ROOT = Path(__file__).parents[1]


def _given(namespace: str) -> dict[str, object]:
    """All keys of a namespace, known or not."""
    prefix = f"{namespace}:"
    every = {**get_config_env(), **CONFIG.get()}
    return {
        key.removeprefix(prefix): _value(key, raw)
        for key, raw in every.items()
        if key.startswith(prefix)
    }


def _value(key: str, raw: str) -> object:
    """Pulumi reports only of whole keys whether they hold a secret."""
    namespace, _, name = key.partition(":")
    value = decoded(name, raw) if namespace == PROJECT else raw
    secret = is_config_secret(key) or key in get_config_secret_keys_env()
    return sealed(value) if secret else value


def _cluster(settings: Mapping[str, Text]) -> Cluster | None:
    kubeconfig, context = (revealed(settings.get(name)) for name in ("kubeconfig", "context"))
    return chosen_cluster(kubeconfig, context, os.environ)


def _chart_source(config: StackConfig) -> ChartSource:
    """Where the charts come from. Raises if the folder lacks one of the profile's charts."""
    source = ChartSource(config.chart_folder, ROOT)
    if config.chart_folder is None:
        return source
    key = f"{PROJECT}:chartSource"
    if not (ROOT / config.chart_folder).is_dir():
        raise refuse(key, config.chart_folder, "allowed: repositories, or a folder that exists")
    for chart in CHARTS[config.profile].values():
        if source.local(chart) is None:
            wanted = f"{chart.name}-{chart.version}.tgz or a folder {chart.name}"
            raise refuse(key, config.chart_folder, f"the folder must hold {wanted}")
    return source


def read() -> ObservabilityArgs:
    """Check and plan the configuration. Raises pulumi.RunError with one line per mistake."""
    mistakes = Mistakes()
    given = _given("kubernetes").items()
    settings = {name: fields.secret_text(name, each) for name, each in given}
    config = mistakes.check(parse, _given(PROJECT))
    cluster = mistakes.check(_cluster, settings)
    if config:
        charts = mistakes.check(_chart_source, config)
    try:
        mistakes.report()
    except ConfigError as error:
        raise pulumi.RunError(str(error)) from None
    args = ClusterArgs(cluster, settings, config.allowed_context)
    return ObservabilityArgs(
        plan=plan(_settled(config, cluster)),
        charts=charts,
        cluster=args,
    )


def _settled(config: StackConfig, cluster: Cluster | None) -> StackConfig:
    """Decide what the configuration leaves to the cluster, if that can have it at all."""
    _check_toolhive(config, cluster)
    for settle in (_with_persistence, _with_labels, _with_ip_family):
        config = settle(config, cluster)
    return config


def _check_toolhive(config: StackConfig, cluster: Cluster | None) -> None:
    """Raise if the definitions of ToolHive's objects in the cluster are not those of the profile.

    Helm keeps newer ones, which older objects would lose fields to; older ones it replaces.
    """
    mode = config.components.toolhive
    if mode is Mode.NONE or cluster is None:
        return
    try:
        served = api_versions(cluster.access, toolhive.GROUP)
    except Unreachable:
        return
    newest = toolhive.VERSIONS[Profile.CURRENT]
    if config.profile is Profile.TUTORIAL and newest in served:
        delete = f"kubectl get crd -o name | grep {toolhive.GROUP} | xargs kubectl delete"
        raise pulumi.RunError(
            f"{PROJECT}:profile: 'tutorial' is not allowed; the cluster has newer CRDs of ToolHive:"
            " use profile current, or destroy the stack and delete them, which deletes all"
            f" MCPServers: {delete}"
        )
    if config.profile is Profile.CURRENT and mode is Mode.EXISTING and newest not in served:
        raise pulumi.RunError(
            f"{PROJECT}:components.toolhive: 'existing' is not allowed; the cluster does not serve"
            f" {toolhive.GROUP}/{newest}: update ToolHive, or use profile tutorial"
        )


def _with_ip_family(config: StackConfig, cluster: Cluster | None) -> StackConfig:
    if config.ip_family is not IpFamily.AUTO or cluster is None:
        return config
    try:
        return replace(config, ip_family=IpFamily(ip_family(cluster.access)))
    except Unreachable:
        return config


def _with_persistence(config: StackConfig, cluster: Cluster | None) -> StackConfig:
    """Decide what is left to the cluster: whether Prometheus has a volume."""
    if config.persistence is not Persistence.AUTO:
        return config
    if config.storage_class or config.storage_size:
        return replace(config, persistence=Persistence.ON)
    lost = "Prometheus keeps its series in the pod and loses them with it; set storageClass"
    try:
        if cluster and default_storage_class(cluster.access):
            return replace(config, persistence=Persistence.ON)
        pulumi.log.warn(f"the cluster has no default storage class: {lost}")
    except Unreachable as error:
        pulumi.log.warn(f"cannot read the storage classes of the cluster ({error}): {lost}")
    return replace(config, persistence=Persistence.OFF)


def _with_labels(config: StackConfig, cluster: Cluster | None) -> StackConfig:
    """Decide by which labels an existing Prometheus selects monitors and rules."""
    chosen = config.components.prometheus
    if chosen.mode is not Mode.EXISTING or not chosen.operated or chosen.labels is not None:
        return config
    key = f"{PROJECT}:components.prometheus.labels"
    hint = "give the labels by which it selects ServiceMonitors and PrometheusRules"
    try:
        labels = prometheus_labels(cluster.access) if cluster else None
    except Unreachable as error:
        raise pulumi.RunError(f"{key}: missing, and cannot be read ({error}); {hint}") from None
    if labels is None:
        raise pulumi.RunError(f"{key}: missing, and not to be read off one Prometheus; {hint}")
    prometheus = replace(chosen, labels=labels)
    return replace(config, components=replace(config.components, prometheus=prometheus))
