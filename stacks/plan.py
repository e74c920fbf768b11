"""The whole stack as plain values: (architecture, profile, servers) -> everything to deploy."""

from dataclasses import dataclass

from dashboards.inhibition import inhibit_rules
from dashboards.rules import rules_document
from dashboards.sets import unified
from proxy.telemetry.catalogue import REQUEST_DURATION, REQUESTS
from stacks import grafana, monitors, proxies, toolhive
from stacks.architectures import Architecture
from stacks.charts import CHARTS, RELEASE_NAMESPACE, Chart, Namespace, Part, Profile
from stacks.collector import pruned
from stacks.config import StackConfig
from stacks.endpoints import JAEGER, PROMETHEUS, REMOTE_WRITE_PATH
from stacks.proxies import ProxyPlan
from stacks.servers import ServerRuntime
from stacks.values import Values, values_of


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One chart with its values, installed under one name."""

    part: Part
    namespace: str
    chart: Chart
    values: Values

    @property
    def name(self) -> str:
        """The release's name, from which the chart derives its Service names."""
        return self.part.value


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often Prometheus scrapes, and how often proxies push metrics."""

    scrape_seconds: int
    push_seconds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to deploy: `releases` in install order, `objects` as complete manifests.

    `monitors` are the ServiceMonitors among them, after those that the charts make for Prometheus
    and the collector.
    """

    architecture: Architecture
    profile: Profile
    namespaces: tuple[str, ...]
    releases: tuple[HelmRelease, ...]
    objects: tuple[Values, ...]
    collector: Values
    monitors: tuple[Values, ...]
    rules: Values
    proxies: tuple[ProxyPlan, ...]
    intervals: Intervals


def references(config: StackConfig) -> dict[str, str]:
    """What `!ref` in a values file can name."""
    jaeger = JAEGER[config.profile]
    duration = f"rate({REQUEST_DURATION.series}_bucket{{$$__tags}}[5m])"
    return {
        "scrape_interval": f"{config.scrape_interval_seconds}s",
        "collector_job": monitors.COLLECTOR_JOB,
        "jaeger_otlp_grpc": jaeger.otlp_grpc.address,
        "jaeger_query_url": jaeger.query.url,
        "remote_write_url": PROMETHEUS.url + REMOTE_WRITE_PATH,
        "grafana_secret": grafana.SECRET,
        "grafana_user_key": grafana.USER_KEY,
        "grafana_password_key": grafana.PASSWORD_KEY,
        "dashboard_label": grafana.BOARD_LABEL,
        "dashboard_label_value": grafana.BOARD_LABEL_VALUE,
        "folder_annotation": grafana.FOLDER_ANNOTATION,
        # `$$`: Grafana expands variables in provisioned files.
        "request_rate_query": f"sum by (server) (rate({REQUESTS.series}{{$$__tags}}[5m]))",
        "request_duration_query": f"histogram_quantile(0.95, sum by (le) ({duration}))",
    }


def _release(config: StackConfig, part: Part) -> HelmRelease:
    chart = CHARTS[config.profile][part]
    values = values_of(chart.values, config.architecture.overlay, references(config))
    return HelmRelease(part, RELEASE_NAMESPACE[part].value, chart, _wired(config, part, values))


def _wired(config: StackConfig, part: Part, values: Values) -> Values:
    if part is Part.COLLECTOR:
        return {**values, "alternateConfig": pruned(values["alternateConfig"])}
    if part is Part.PROMETHEUS:
        return {**values, "alertmanager": _inhibited(values["alertmanager"])}
    if part is Part.TOOLHIVE:
        return {**values, "operator": {**values["operator"], **toolhive.operator_values(config)}}
    return values


def _inhibited(alertmanager: Values) -> Values:
    """Alertmanager's values with the inhibition of our alerts beside the chart's."""
    config = alertmanager["config"]
    rules = [*config["inhibit_rules"], *inhibit_rules(unified())]
    return {**alertmanager, "config": {**config, "inhibit_rules": rules}}


def _monitors(config: StackConfig) -> tuple[Values, ...]:
    interval = f"{config.scrape_interval_seconds}s"
    return tuple(monitors.BUILDERS[each](interval) for each in config.architecture.monitors)


def _server_objects(config: StackConfig, plans: tuple[ProxyPlan, ...]) -> tuple[Values, ...]:
    by_name = {server.name: server for server in config.servers}
    own = tuple(
        each
        for plan in plans
        for each in (
            proxies.deployment(config, by_name[plan.server], plan),
            proxies.service(plan.server, plan.namespace),
        )
    )
    shape = toolhive.SHAPES[config.profile]
    return (*own, *shape(config, config.servers_of(ServerRuntime.TOOLHIVE)))


def plan(config: StackConfig) -> Plan:
    """Decide everything; nothing is read but the values files."""
    releases = tuple(_release(config, part) for part in config.architecture.parts)
    collector = next(each.values for each in releases if each.part is Part.COLLECTOR)
    proxied = config.servers_of(ServerRuntime.PROXY)
    plans = tuple(proxies.proxy_plan(config, server) for server in proxied)
    scraped = _monitors(config)
    rules = rules_document()
    return Plan(
        architecture=config.architecture,
        profile=config.profile,
        namespaces=tuple(each.value for each in Namespace),
        releases=releases,
        objects=(
            *grafana.board_configmaps(),
            grafana.prometheus_rule(rules),
            *scraped,
            *_server_objects(config, plans),
        ),
        collector=collector["alternateConfig"],
        monitors=(monitors.prometheus_own(), monitors.collector_own(collector), *scraped),
        rules=rules,
        proxies=plans,
        intervals=Intervals(config.scrape_interval_seconds, config.push_interval_seconds),
    )
