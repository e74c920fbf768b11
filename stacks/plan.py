"""The whole stack as plain values: a configuration -> everything to deploy, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboards.inhibition import inhibit_rules
from dashboards.rules import document
from proxy.telemetry.catalogue import REQUEST_DURATION, REQUESTS
from stacks import (
    alert_receivers,
    clients,
    grafana_objects,
    monitors,
    proxies,
    remote_write,
    scrape_configs,
    server_secrets,
    toolhive,
)
from stacks.architectures import Architecture, Monitor
from stacks.chart_values import overridden, warnings
from stacks.charts import CHARTS, Chart, Component, Profile
from stacks.collector import with_new_names
from stacks.collector_values import collector_secrets, collector_values
from stacks.component_choices import Mode
from stacks.config import Persistence, StackConfig
from stacks.network_policies import network_policies
from stacks.proxies import ProxyPlan
from stacks.rule_options import rule_options
from stacks.servers import ServerRuntime
from stacks.sizes import SIZES
from stacks.values import Values, values_of

RELEASE_NEEDS: dict[Component, tuple[Component, ...]] = {
    Component.PROMETHEUS: (),
    Component.JAEGER: (),
    # The collector's chart creates a ServiceMonitor, and the collector sends to Jaeger.
    Component.COLLECTOR: (Component.PROMETHEUS, Component.JAEGER),
    Component.TOOLHIVE_CRDS: (),
    Component.TOOLHIVE: (Component.TOOLHIVE_CRDS,),
}
"""The releases that each release needs; all of them also need the namespaces."""

KIND_NEEDS: dict[str, tuple[Component, ...]] = {
    "Secret": (),
    "ConfigMap": (),
    "Service": (),
    "Deployment": (),
    "Ingress": (),
    "NetworkPolicy": (),
    "ServiceMonitor": (Component.PROMETHEUS,),
    "PrometheusRule": (Component.PROMETHEUS,),
    # Only the running operator removes the finalizer of an MCPServer: on destroy, servers must go
    # before the operator, and the operator before its CRDs.
    "MCPTelemetryConfig": (Component.TOOLHIVE_CRDS, Component.TOOLHIVE),
    "MCPServer": (Component.TOOLHIVE_CRDS, Component.TOOLHIVE),
    "MCPRemoteProxy": (Component.TOOLHIVE_CRDS, Component.TOOLHIVE),
}
"""The releases that objects of each kind need."""

OBJECT_NEEDS: dict[str, tuple[str, ...]] = {
    "MCPServer": ("MCPTelemetryConfig",),
    "MCPRemoteProxy": ("MCPTelemetryConfig",),
}
"""The kinds that objects of a kind refer to."""


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One chart with its values, installed under one name."""

    component: Component
    namespace: str
    chart: Chart
    values: Values

    @property
    def name(self) -> str:
        """The release's name, from which the chart derives its Service names."""
        return self.component.value


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often Prometheus scrapes, and how often proxies push metrics."""

    scrape_seconds: int
    push_seconds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to deploy: `releases` in install order, objects as complete manifests.

    Prerequisites, which may hold secret values, come before the releases, objects after them.
    `namespace_labels` are those of the namespaces that have any.
    `monitors` are the ServiceMonitors among them, preceded by those that the charts create for
    Prometheus and the collector.
    """

    architecture: Architecture
    profile: Profile
    namespaces: tuple[str, ...]
    namespace_labels: dict[str, dict[str, str]]
    prerequisites: tuple[Values, ...]
    releases: tuple[HelmRelease, ...]
    objects: tuple[Values, ...]
    collector: Values
    """The collector's configuration, which the chart gets without deprecated names."""
    monitors: tuple[Values, ...]
    rules: Values
    proxies: tuple[ProxyPlan, ...]
    outputs: dict[str, Any]
    warnings: tuple[str, ...]
    intervals: Intervals


def references(config: StackConfig) -> dict[str, object]:
    """The names that `!ref` in a values file can use."""
    jaeger = config.endpoints.jaeger
    traces = config.components.traces
    duration = f"rate({REQUEST_DURATION.series}_bucket{{$$__tags}}[5m])"
    return {
        "scrape_interval": f"{config.scrape_interval_seconds}s",
        "scrape_timeout": f"{min(10, config.scrape_interval_seconds)}s",
        "kubelet_service": monitors.KUBELET_SERVICE,
        "collector_job": monitors.COLLECTOR_JOB,
        "jaeger_otlp_grpc": traces.address or jaeger.otlp_grpc.address,
        "jaeger_query_url": jaeger.query.url,
        "logs_endpoint": config.components.logs.endpoint or "",
        "remote_write_url": remote_write.url(config),
        "grafana_secret": grafana_objects.SECRET,
        "grafana_user_key": grafana_objects.USER_KEY,
        "grafana_password_key": grafana_objects.PASSWORD_KEY,
        "grafana_admin_checksum": grafana_objects.admin_checksum(config.password),
        "dashboard_label": grafana_objects.BOARD_LABEL,
        "dashboard_label_value": grafana_objects.BOARD_LABEL_VALUE,
        "folder_annotation": grafana_objects.FOLDER_ANNOTATION,
        # `$$`: Grafana expands variables in provisioned files.
        "request_rate_query": f"sum by (server) (rate({REQUESTS.series}{{$$__tags}}[5m]))",
        "request_duration_query": f"histogram_quantile(0.95, sum by (le) ({duration}))",
    }


def _prometheus_values(config: StackConfig, values: Values) -> Values:
    """Add volumes, receiver and store outside, data sources, and the inhibition of our alerts."""
    if config.persistence is Persistence.ON:
        values = overridden(values, _volumes(config))
    if config.fault_injection:
        # For the marks of faults of the pipeline, which no proxy reports.
        receiver = {"prometheusSpec": {"enableOTLPReceiver": True}}
        values = overridden(values, {"prometheus": receiver})
    if config.remote_write:
        values = overridden(values, remote_write.prometheus_values(config.remote_write))
    if config.alert_receivers:
        values = overridden(values, alert_receivers.prometheus_values(config.alert_receivers))
    if config.cluster_label:
        labels = {"externalLabels": {"cluster": config.cluster_label}}
        values = overridden(values, {"prometheus": {"prometheusSpec": labels}})
    rules = [
        *values["alertmanager"]["config"]["inhibit_rules"],
        *inhibit_rules(config.monitoring),
    ]
    [traces] = values["grafana"]["additionalDataSources"]
    computed = {
        "alertmanager": {"config": {"inhibit_rules": rules}},
        "grafana": {"additionalDataSources": grafana_objects.datasources(config, traces)},
    }
    return overridden(values, computed)


def _volumes(config: StackConfig) -> Values:
    prometheus = _claim(config, config.storage_size or SIZES[config.size].storage)
    alertmanager = _claim(config, alert_receivers.STORAGE)
    return {
        "prometheus": {"prometheusSpec": {"storageSpec": prometheus}},
        "alertmanager": {"alertmanagerSpec": {"storage": alertmanager}},
    }


def _claim(config: StackConfig, size: str) -> Values:
    named = {"storageClassName": config.storage_class} if config.storage_class else {}
    claim = {
        **named,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
    }
    return {"volumeClaimTemplate": {"spec": claim}}


def _toolhive_values(config: StackConfig, values: Values) -> Values:
    return {**values, "operator": {**values["operator"], **toolhive.operator_values(config)}}


_COMPUTED_VALUES: dict[Component, Callable[[StackConfig, Values], Values]] = {
    Component.COLLECTOR: collector_values,
    Component.PROMETHEUS: _prometheus_values,
    Component.TOOLHIVE: _toolhive_values,
}
"""What the values of a release get beyond those in its files."""


def _values(config: StackConfig, component: Component) -> Values:
    chart = CHARTS[config.profile][component]
    overlays = (f"size-{config.size}", config.architecture.name, *_partial(config, component))
    values = values_of(chart.values, overlays, references(config))
    if complete := _COMPUTED_VALUES.get(component):
        values = complete(config, values)
    return overridden(values, config.values.get(chart.name, {}))


def _release(config: StackConfig, component: Component) -> HelmRelease:
    values = _values(config, component)
    if component is Component.COLLECTOR and config.profile is Profile.CURRENT:
        values = {**values, "alternateConfig": with_new_names(values["alternateConfig"])}
    chart = CHARTS[config.profile][component]
    return HelmRelease(component, config.namespaces.release(component), chart, values)


def _partial(config: StackConfig, component: Component) -> tuple[str, ...]:
    """The overlay for a chart of which only a part is installed."""
    chosen = config.components
    if component is not Component.PROMETHEUS:
        return ()
    if chosen.prometheus.mode is not Mode.INSTALL:
        return ("grafana-only",)
    return () if chosen.grafana.mode is Mode.INSTALL else ("prometheus-only",)


def _monitors(config: StackConfig) -> tuple[Values, ...]:
    interval = f"{config.scrape_interval_seconds}s"
    chosen = config.components
    if not chosen.prometheus.operated or chosen.prometheus.mode is Mode.NONE:
        return ()
    wanted = config.architecture.monitors
    if chosen.collector.mode is not Mode.INSTALL:
        wanted = tuple(each for each in wanted if each is not Monitor.COLLECTOR_SERIES)
    if any(each.url for each in config.servers_of(ServerRuntime.TOOLHIVE)):
        remote = (Monitor.TOOLHIVE_REMOTE_PROXIES,) if Monitor.TOOLHIVE_PROXIES in wanted else ()
        wanted = (*wanted, *remote)
    labels = chosen.prometheus.labels or {}
    made = (monitors.BUILDERS[each](interval, config.namespaces) for each in wanted)
    return tuple(grafana_objects.labelled(each, labels) for each in made)


def _server_objects(config: StackConfig, plans: tuple[ProxyPlan, ...]) -> tuple[Values, ...]:
    by_name = {server.name: server for server in config.servers}
    own = tuple(
        each
        for plan in plans
        for each in (
            proxies.deployment(config, by_name[plan.server], plan),
            proxies.service(by_name[plan.server], plan.namespace),
        )
    )
    shape = toolhive.SHAPES[config.profile]
    toolhive_servers = config.servers_of(ServerRuntime.TOOLHIVE)
    ingresses = (clients.ingress(each, config.namespaces) for each in config.servers)
    return (*own, *shape(config, toolhive_servers), *filter(None, ingresses))


def _outputs(config: StackConfig) -> dict[str, Any]:
    """What the stack says about itself; nothing of it is secret."""
    endpoints, chosen = config.endpoints, config.components
    local = {
        "grafana": (endpoints.grafana, 3000, chosen.grafana.mode, chosen.grafana.api),
        "prometheus": (endpoints.prometheus, 9090, chosen.prometheus.mode, config.prometheus_url),
        "jaeger": (endpoints.jaeger.query, 16686, chosen.traces.mode, chosen.traces.url),
    }
    addresses = {
        name: endpoint.url if mode is Mode.INSTALL else url
        for name, (endpoint, _, mode, url) in local.items()
    }
    return {
        "architecture": config.architecture.name,
        "profile": config.profile.value,
        "addresses": {name: url for name, url in addresses.items() if url},
        "portForward": {
            name: clients.port_forward(endpoint, port)
            for name, (endpoint, port, mode, _) in local.items()
            if mode is Mode.INSTALL
        },
        "servers": clients.described(config),
        **_grafana_password(config),
        **_by_hand(config),
    }


def _grafana_password(config: StackConfig) -> dict[str, str]:
    """The command that prints it."""
    if config.components.grafana.mode is not Mode.INSTALL:
        return {}
    secret = f"--namespace {config.namespaces.monitoring} get secret {grafana_objects.SECRET}"
    path = f"jsonpath='{{.data.{grafana_objects.PASSWORD_KEY}}}'"
    return {"grafanaPassword": f"kubectl {secret} --output {path} | base64 --decode"}


def _by_hand(config: StackConfig) -> dict[str, Any]:
    """What only the owner of an existing component can do, ready to be copied."""
    chosen = config.components
    label = chosen.prometheus.cluster_label
    by_cluster = f" CLUSTER_LABEL={label}" if label else ""
    native = " NATIVE_HISTOGRAMS=on" if rule_options(config).native_histograms else ""
    found = {}
    if chosen.grafana.api:
        found["importDashboards"] = (
            f"GRAFANA_TOKEN=... make import GRAFANA_URL={chosen.grafana.api}{by_cluster}"
        )
    if chosen.prometheus.mode is Mode.EXISTING and not chosen.prometheus.operated:
        found["scrapeConfigs"] = scrape_configs.rendered(config)
        made = f"make dashboards{by_cluster}{native}"
        found["rules"] = f"{made}; then add build/rules/*.yaml to rule_files"
    return found


def _warnings(config: StackConfig) -> tuple[str, ...]:
    charts = CHARTS[config.profile].values()
    given = ((chart, config.values.get(chart.name, {})) for chart in charts)
    return tuple(line for chart, values in given for line in warnings(chart, values))


def plan(config: StackConfig) -> Plan:
    """Plan a stack; only the values files are read."""
    chosen, monitoring = config.components, config.namespaces.monitoring
    installed = filter(chosen.installed, Component)
    releases = tuple(_release(config, component) for component in installed)
    collected = chosen.installed(Component.COLLECTOR)
    collectors = [_values(config, Component.COLLECTOR)] if collected else []
    proxied = config.servers_of(ServerRuntime.PROXY)
    plans = tuple(proxies.proxy_plan(config, server) for server in proxied)
    scraped = _monitors(config)
    rules = document(config.monitoring, rule_options(config))
    operated = chosen.prometheus.mode is not Mode.NONE and chosen.prometheus.operated
    labels = chosen.prometheus.labels or {}
    own_rules = [grafana_objects.prometheus_rule(rules, monitoring, labels)] if operated else []
    return Plan(
        architecture=config.architecture,
        profile=config.profile,
        namespaces=_namespaces(config),
        namespace_labels=_namespace_labels(releases),
        prerequisites=(*_secrets(config), *_kubelet_service(config)),
        releases=releases,
        objects=(
            *grafana_objects.board_configmaps(config),
            *own_rules,
            *scraped,
            *network_policies(config),
            *_server_objects(config, plans),
        ),
        collector=collectors[0]["alternateConfig"] if collectors else {},
        monitors=(
            monitors.prometheus_own(monitoring),
            *(monitors.collector_own(each, monitoring) for each in collectors),
            *scraped,
        ),
        rules=rules,
        proxies=plans,
        outputs=_outputs(config),
        warnings=_warnings(config),
        intervals=Intervals(config.scrape_interval_seconds, config.push_interval_seconds),
    )


def _namespaces(config: StackConfig) -> tuple[str, ...]:
    """Those of components that are there already exist."""
    names = config.namespaces
    toolhive_there = config.components.toolhive is not Mode.INSTALL
    every = (names.monitoring, *(() if toolhive_there else (names.toolhive,)), names.servers)
    return tuple(each for each in every if each not in config.existing_namespaces)


def _namespace_labels(releases: tuple[HelmRelease, ...]) -> dict[str, dict[str, str]]:
    """What lets node-exporter in where a Pod Security Standard is enforced: it reads the node."""
    return {
        each.namespace: {"pod-security.kubernetes.io/enforce": "privileged"}
        for each in releases
        if each.component is Component.PROMETHEUS and each.values["nodeExporter"]["enabled"]
    }


def _kubelet_service(config: StackConfig) -> tuple[Values, ...]:
    installed = config.components.prometheus.mode is Mode.INSTALL
    return (monitors.kubelet_service(),) if installed else ()


def _secrets(config: StackConfig) -> tuple[Values, ...]:
    monitoring = config.namespaces.monitoring
    receivers = config.alert_receivers
    admin = grafana_objects.admin_secret(config.password, monitoring)
    return (
        *([admin] if config.components.grafana.mode is Mode.INSTALL else []),
        *remote_write.secrets(config),
        *([alert_receivers.secret(receivers, monitoring)] if receivers and receivers.files else []),
        *collector_secrets(config),
        *server_secrets.objects(config.servers, config.namespaces.servers),
    )
