"""The stack's configuration: all keys and their checks.

Pure: `parse` takes plain values; `pulumi_config.py` reads them from Pulumi.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from dashboards.bundles import MonitoringBundle
from dashboards.render_options import RenderOptions
from stacks import fields
from stacks.alert_receivers import AlertReceivers, parse_alert_receivers
from stacks.architectures import (
    ARCHITECTURES,
    OTEL_SCRAPE,
    Architecture,
    MetricsIngestion,
    Monitor,
)
from stacks.charts import CHARTS, Namespaces, Profile
from stacks.component_choices import (
    ComponentChoices,
    Mode,
    RemoteWrite,
    parse_components,
    parse_remote_write,
)
from stacks.endpoints import Endpoints, endpoints_of
from stacks.fields import ConfigError, Item, Mistakes
from stacks.secret_values import SecretValue, revealed
from stacks.server_config import parse_server
from stacks.servers import Server, ServerRuntime
from stacks.sizes import Size
from stacks.values import Values

__all__ = ["ConfigError", "StackConfig", "parse"]

PROJECT = "mcp-observability"
PASSWORD = "grafanaAdminPassword"
REPOSITORIES = "repositories"
CLUSTER = "cluster"

MAX_INTERVAL_SECONDS = 60
"""Pushes and scrapes together take at most half of the shortest window of rules and boards (240 s),
and as long as telemetry may be old before an alert reports it (120 s)."""
PASSWORD_MINIMUM = 8
# Defaults of charts and tutorials; shorter ones, such as admin, need no entry.
DEFAULT_PASSWORDS = frozenset({"prom-operator", "password", "changeme", "adminadmin", "admin123"})


class Persistence(StrEnum):
    """Whether Prometheus keeps its series in a volume."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class IpFamily(StrEnum):
    """The cluster's IP family, or its first one."""

    AUTO = "auto"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class StackConfig:
    """A valid configuration.

    With `persistence` AUTO, Prometheus has a volume if the cluster has a default storage class.
    `values` are the user's own, by chart. `network_policies` are the namespaces of clients, None
    for no policies; `ip_family` AUTO is that of the cluster's Services, else IPv4.

    `chart_folder` is None if charts come from their repositories. `operator_namespaces` is empty if
    ToolHive's operator may use the whole cluster.
    """

    architecture: Architecture = OTEL_SCRAPE
    profile: Profile = Profile.CURRENT
    namespaces: Namespaces = Namespaces()
    existing_namespaces: tuple[str, ...] = ()
    size: Size = Size.SMALL
    persistence: Persistence = Persistence.AUTO
    storage_class: str | None = None
    storage_size: str | None = None
    values: Mapping[str, Values] = field(default_factory=dict)
    components: ComponentChoices = ComponentChoices()
    remote_write: RemoteWrite | None = None
    alert_receivers: AlertReceivers | None = None
    cluster_label: str | None = None
    password: SecretValue = SecretValue("")
    chart_folder: str | None = None
    operator_namespaces: tuple[str, ...] = ()
    servers: tuple[Server, ...] = ()
    proxy_image: str = "mcp-observability-proxy:0.1.0"
    scrape_interval_seconds: int = 15
    push_interval_seconds: int = 15
    trace_sampling_percent: int = 100
    allowed_context: str | None = None
    ip_family: IpFamily = IpFamily.AUTO
    network_policies: tuple[str, ...] | None = None
    fault_injection: bool = False

    @property
    def endpoints(self) -> Endpoints:
        """The addresses of the stack's parts."""
        return endpoints_of(self.profile, self.namespaces)

    @property
    def any_address(self) -> str:
        """What a process listens on to be reached at its pod's address."""
        return "[::]" if self.ip_family is IpFamily.IPV6 else "0.0.0.0"

    @property
    def otlp_http_url(self) -> str:
        """Where proxies push metrics, traces and logs."""
        return self.components.collector.url or self.endpoints.collector_otlp_http.url

    @property
    def prometheus_url(self) -> str:
        """Where Prometheus answers queries."""
        return self.components.prometheus.url or self.endpoints.prometheus.url

    @property
    def monitoring(self) -> MonitoringBundle:
        """The boards and rules."""
        return RenderOptions(cluster_label=self.components.prometheus.cluster_label).bundle

    @property
    def sends_traces(self) -> bool:
        """Whether there is a store for traces."""
        return self.components.traces.mode is not Mode.NONE

    @property
    def sends_logs(self) -> bool:
        """Whether there is a log store."""
        return self.components.logs.mode is not Mode.NONE

    def servers_of(self, runtime: ServerRuntime) -> tuple[Server, ...]:
        """The servers of one runtime, in the given order."""
        return tuple(server for server in self.servers if server.runtime is runtime)


KEYS = (
    "architecture",
    "profile",
    PASSWORD,
    "chartSource",
    "operatorScope",
    "servers",
    "proxyImage",
    "scrapeIntervalSeconds",
    "pushIntervalSeconds",
    "traceSamplingPercent",
    "namespaces",
    "existingNamespaces",
    "size",
    "persistence",
    "storageClass",
    "storageSize",
    "values",
    "components",
    "remoteWrite",
    "alertReceivers",
    "clusterLabel",
    "ipFamily",
    "networkPolicies",
    "faultInjection",
    "allowContext",
)


def _key(name: str) -> str:
    return f"{PROJECT}:{name}"


def _architecture(key: str, value: object) -> Architecture:
    given = revealed(value)
    if isinstance(given, str) and given in ARCHITECTURES:
        return ARCHITECTURES[given]
    raise fields.refuse(key, value, f"allowed: {', '.join(ARCHITECTURES)}")


def _profile(key: str, value: object) -> Profile:
    if revealed(value) == "seed":
        raise fields.refuse(key, value, f"it is called {Profile.TUTORIAL} now")
    return fields.choice(Profile, key, value)


def _password(key: str, value: object) -> SecretValue:
    given = revealed(value)
    if fields.is_output(value):
        return SecretValue(given)
    if not isinstance(given, str) or not given.strip():
        raise ConfigError(f"{key}: missing; set one with: pulumi config set --secret {PASSWORD}")
    if len(given) < PASSWORD_MINIMUM or given in DEFAULT_PASSWORDS:
        raise ConfigError(
            f"{key}: the given password is too short or a well-known default;"
            f" it must have at least {PASSWORD_MINIMUM} characters"
        )
    return SecretValue(given)


def _or_none(check: fields.Reader[str]) -> fields.Reader[str | None]:
    """Like a check, but empty text is None: Pulumi has no optional keys without a default."""
    return lambda key, value: None if value == "" else check(key, value)


def _values(key: str, value: object) -> dict[str, Values]:
    charts = sorted(each.name for each in CHARTS[Profile.CURRENT].values())

    def chart(key: str, value: object) -> str:
        if value in charts:
            return str(value)
        raise fields.refuse(key, value, f"allowed: {', '.join(charts)}")

    return fields.mapping(chart, fields.tree, key, value, "charts to values")


def _chart_folder(key: str, value: object) -> str | None:
    source = fields.text(key, value)
    return None if source == REPOSITORIES else source


def _namespaces(key: str, value: object) -> Namespaces:
    names, default = ("monitoring", "toolhive", "servers"), Namespaces()
    with fields.entry(key, value, names) as entry:
        found = Namespaces(
            *(entry.read(each, fields.namespace, getattr(default, each)) for each in names)
        )
    names = (found.monitoring, found.toolhive, found.servers)
    if len(set(names)) < len(names):
        raise fields.refuse(key, value, "the three namespaces must differ")
    return found


def _network_policies(key: str, value: object) -> tuple[str, ...] | None:
    if value == "off":
        return None
    if not isinstance(value, list):
        raise fields.refuse(key, value, "allowed: off, or a list of namespaces with clients")
    return fields.items(fields.namespace, key, value, "namespaces")


def _existing_namespaces(key: str, value: object) -> tuple[str, ...]:
    return fields.items(fields.namespace, key, value, "namespaces")


def _operator_namespaces(key: str, value: object) -> tuple[str, ...]:
    if revealed(value) == CLUSTER:
        return ()
    if not isinstance(value, list) or not value:
        allowed = f"allowed: {CLUSTER}, or a list of namespaces with that of the servers"
        raise fields.refuse(key, value, allowed)
    return fields.items(fields.namespace, key, value, "namespaces")


def _check_scope(config: "StackConfig", mistakes: Mistakes) -> None:
    scope, servers = config.operator_namespaces, config.namespaces.servers
    if scope and servers not in scope:
        allowed = f"allowed: {CLUSTER}, or a list of namespaces with {servers}"
        mistakes.add(fields.refuse(_key("operatorScope"), list(scope), allowed))


def _servers(key: str, value: object) -> tuple[Server, ...]:
    servers = fields.items(parse_server, key, value, "servers")
    mistakes = Mistakes()
    names = [each.name for each in servers]
    for index, name in enumerate(names):
        if name in names[:index]:
            named = f"{key}[{index}].name"
            mistakes.add(fields.refuse(named, name, "another server has this name"))
    mistakes.report()
    return servers


def _check_profile(profile: Profile, servers: tuple[Server, ...], mistakes: Mistakes) -> None:
    """Servers that the operator of the older profile cannot run."""
    for index, server in enumerate(servers):
        if profile is Profile.CURRENT or server.runtime is ServerRuntime.PROXY:
            continue
        key, hint = _key(f"servers[{index}]"), f"use runtime proxy, or profile {Profile.CURRENT}"
        if server.url:
            mistakes.add(fields.refuse(f"{key}.url", server.url, hint))
        if server.replicas != 1:
            mistakes.add(fields.refuse(f"{key}.replicas", server.replicas, hint))


def parse(mapping: Mapping[str, object]) -> StackConfig:
    """Check all keys (without the project's prefix). Raises ConfigError with every mistake."""
    mistakes = Mistakes()
    mistakes.check(fields.known_keys, f"{PROJECT}:", mapping, KEYS)
    given = {**DEFAULTS, **mapping}

    def read(name: str, check: fields.Reader[Item]) -> Item:
        return mistakes.check(check, _key(name), given.get(name))

    config = StackConfig(
        architecture=read("architecture", _architecture),
        profile=read("profile", _profile),
        namespaces=read("namespaces", _namespaces),
        existing_namespaces=read("existingNamespaces", _existing_namespaces),
        size=read("size", partial(fields.choice, Size)),
        persistence=read("persistence", partial(fields.choice, Persistence)),
        storage_class=read("storageClass", _or_none(fields.object_name)),
        storage_size=read("storageSize", _or_none(fields.quantity)),
        values=read("values", _values),
        components=read("components", parse_components),
        remote_write=read("remoteWrite", parse_remote_write),
        alert_receivers=read("alertReceivers", parse_alert_receivers),
        cluster_label=read("clusterLabel", _or_none(fields.text)),
        ip_family=read("ipFamily", partial(fields.choice, IpFamily)),
        network_policies=read("networkPolicies", _network_policies),
        fault_injection=read("faultInjection", fields.boolean),
        chart_folder=read("chartSource", _chart_folder),
        operator_namespaces=read("operatorScope", _operator_namespaces),
        servers=read("servers", _servers),
        proxy_image=read("proxyImage", fields.image),
        scrape_interval_seconds=read("scrapeIntervalSeconds", _seconds),
        push_interval_seconds=read("pushIntervalSeconds", _seconds),
        trace_sampling_percent=read("traceSamplingPercent", _percent),
        password=read(PASSWORD, _password),
        allowed_context=read("allowContext", _or_none(fields.text)),
    )
    if config.servers and config.profile:
        _check_profile(config.profile, config.servers, mistakes)
    off = config.persistence is Persistence.OFF
    if off and (config.storage_class or config.storage_size):
        key = "storageClass" if config.storage_class else "storageSize"
        mistakes.add(fields.refuse(_key(key), given[key], "there is no volume: persistence is off"))
    if config.operator_namespaces and config.namespaces:
        _check_scope(config, mistakes)
    mistakes.report()
    _check_components(config, mistakes)
    if config.alert_receivers and config.components.prometheus.mode is not Mode.INSTALL:
        hint = "set them where the existing Prometheus sends alerts"
        kinds = ", ".join(config.alert_receivers.settings)
        mistakes.add(fields.refuse(_key("alertReceivers"), kinds, hint))
    mistakes.report()
    return config


Refuse = Callable[[str, object, str], None]
"""Notes that a key's value is not allowed, and what is."""


def _check_components(config: StackConfig, mistakes: Mistakes) -> None:
    """Combinations in which a signal would have no way, or a component nothing to do."""

    def refuse(name: str, value: object, allowed: str) -> None:
        mistakes.add(fields.refuse(_key(name), value, allowed))

    chosen, architecture = config.components, config.architecture
    if chosen.prometheus.mode is Mode.NONE and (architecture.monitors or not config.remote_write):
        only = "without a Prometheus, use architecture otel-remote-write and set remoteWrite"
        refuse("components.prometheus", "none", only)
    if config.remote_write and chosen.prometheus.mode is Mode.EXISTING and architecture.monitors:
        refuse("remoteWrite", config.remote_write.url, "set it in the existing Prometheus")
    _check_collector(config, refuse)
    for index, server in enumerate(config.servers):
        if chosen.toolhive is Mode.NONE and server.runtime is ServerRuntime.TOOLHIVE:
            allowed = "components.toolhive is none: use runtime proxy"
            refuse(f"servers[{index}].runtime", server.runtime.value, allowed)


def _check_collector(config: StackConfig, refuse: Refuse) -> None:
    """What is to be collected needs a collector, and a collector needs something to do."""
    chosen, architecture = config.components, config.architecture
    pushed = architecture.metrics_ingestion is MetricsIngestion.PUSHED
    collected = pushed or Monitor.COLLECTOR_SERIES in architecture.monitors
    if chosen.collector.mode is not Mode.NONE:
        if not (config.sends_traces or config.sends_logs or collected):
            mode = chosen.collector.mode.value
            refuse("components.collector", mode, "without traces and logs: none")
        return
    if collected:
        refuse("components.collector", "none", f"architecture {architecture.name} needs one")
    if config.sends_traces:
        refuse("components.traces", chosen.traces.mode.value, "without a collector: none")
    if config.sends_logs:
        refuse("components.logs", chosen.logs.endpoint, "without a collector: none")


def _percent(key: str, value: object) -> int:
    return fields.integer(key, value, 0, 100)


def _seconds(key: str, value: object) -> int:
    return fields.integer(key, value, 1, MAX_INTERVAL_SECONDS)


_DEFAULT = StackConfig()
DEFAULTS: dict[str, object] = {
    "architecture": _DEFAULT.architecture.name,
    "profile": _DEFAULT.profile.value,
    "chartSource": REPOSITORIES,
    "operatorScope": CLUSTER,
    "servers": [],
    "proxyImage": _DEFAULT.proxy_image,
    "scrapeIntervalSeconds": _DEFAULT.scrape_interval_seconds,
    "pushIntervalSeconds": _DEFAULT.push_interval_seconds,
    "traceSamplingPercent": _DEFAULT.trace_sampling_percent,
    "namespaces": {},
    "existingNamespaces": [],
    "size": _DEFAULT.size.value,
    "persistence": _DEFAULT.persistence.value,
    "storageClass": "",
    "storageSize": "",
    "values": {},
    "components": {},
    "remoteWrite": {},
    "alertReceivers": {},
    "clusterLabel": "",
    "ipFamily": _DEFAULT.ip_family.value,
    "networkPolicies": "off",
    "faultInjection": False,
    "allowContext": "",
}
"""Defaults of all keys but the password, which has none."""
