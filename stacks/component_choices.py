"""Which components the stack installs, which are there already, and which are left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from dashboards.cluster_label import ClusterLabelError, cluster_label
from stacks import fields
from stacks.charts import Component
from stacks.fields import refuse
from stacks.secret_values import SecretValue, Text, revealed

_ADDRESS = re.compile(r"\[?[\w.:-]+\]?:\d{1,5}")


class Mode(StrEnum):
    """Where a component comes from."""

    INSTALL = "install"
    EXISTING = "existing"
    NONE = "none"


class TracesType(StrEnum):
    """What stores the traces: the type of Grafana's data source, if it has one for it."""

    JAEGER = "jaeger"
    TEMPO = "tempo"
    OTLP = "otlp"


@dataclass(frozen=True, slots=True)
class PrometheusChoice:
    """An existing Prometheus has a URL, and the labels by which its operator selects objects.

    `operated` is false for one that no operator configures; labels None are read from the cluster.
    `cluster_label` distinguishes the clusters in its store, where it has several. It may store
    native histograms in place of classic ones.
    """

    mode: Mode = Mode.INSTALL
    url: str | None = None
    labels: Mapping[str, str] | None = None
    operated: bool = True
    cluster_label: str | None = None
    native_histograms: bool = False


@dataclass(frozen=True, slots=True)
class GrafanaChoice:
    """An existing Grafana loads dashboards by its sidecar or, if there is an `api`, by its API."""

    mode: Mode = Mode.INSTALL
    label: str | None = None
    label_value: str = "1"
    folder_annotation: str | None = None
    namespace: str | None = None
    api: str | None = None


@dataclass(frozen=True, slots=True)
class CollectorChoice:
    """An existing collector takes OTLP over HTTP at a URL."""

    mode: Mode = Mode.INSTALL
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TracesChoice:
    """An existing store takes OTLP over gRPC at host:port; `url` is where Grafana queries it."""

    mode: Mode = Mode.INSTALL
    address: str | None = None
    insecure: bool = False
    type: TracesType = TracesType.JAEGER
    url: str | None = None
    headers: Mapping[str, Text] = field(default_factory=dict)
    ca_secret: str | None = None


class LogsType(StrEnum):
    """What stores the logs: the type of Grafana's data source, if it has one for it."""

    LOKI = "loki"
    VICTORIALOGS = "victorialogs"
    OTLP = "otlp"


@dataclass(frozen=True, slots=True)
class LogsChoice:
    """An existing store takes OTLP over HTTP at `endpoint`; `url` is where Grafana queries it.

    The stack installs none.
    """

    mode: Mode = Mode.NONE
    endpoint: str | None = None
    type: LogsType = LogsType.LOKI
    url: str | None = None
    headers: Mapping[str, Text] = field(default_factory=dict)
    ca_secret: str | None = None

    @property
    def queried(self) -> bool:
        """Whether Grafana can show them."""
        return self.url is not None and self.type is not LogsType.OTLP


@dataclass(frozen=True, slots=True)
class ComponentChoices:
    """The choice for each component."""

    prometheus: PrometheusChoice = PrometheusChoice()
    grafana: GrafanaChoice = GrafanaChoice()
    collector: CollectorChoice = CollectorChoice()
    traces: TracesChoice = TracesChoice()
    logs: LogsChoice = LogsChoice()
    toolhive: Mode = Mode.INSTALL

    def installed(self, component: Component) -> bool:
        """Whether the stack installs the component's chart."""
        return {
            Component.PROMETHEUS: Mode.INSTALL in (self.prometheus.mode, self.grafana.mode),
            Component.JAEGER: self.traces.mode is Mode.INSTALL,
            Component.COLLECTOR: self.collector.mode is Mode.INSTALL,
            Component.TOOLHIVE_CRDS: self.toolhive is Mode.INSTALL,
            Component.TOOLHIVE: self.toolhive is Mode.INSTALL,
        }[component]


KEYS = ("prometheus", "grafana", "collector", "traces", "logs", "toolhive")


def parse_components(key: str, value: object) -> ComponentChoices:
    """The key `components`; raises ConfigError with all its mistakes."""
    with fields.entry(key, value, KEYS) as entry:
        return ComponentChoices(
            prometheus=entry.read("prometheus", _prometheus, PrometheusChoice()),
            grafana=entry.read("grafana", _grafana, GrafanaChoice()),
            collector=entry.read("collector", _collector, CollectorChoice()),
            traces=entry.read("traces", _traces, TracesChoice()),
            logs=entry.read("logs", _logs, LogsChoice()),
            toolhive=entry.read("toolhive", partial(fields.choice, Mode), Mode.INSTALL),
        )


def _mode(key: str, value: object, known: tuple[str, ...]) -> Mode:
    """`install` or `none`; a map describes what exists."""
    if isinstance(value, dict):
        return Mode.EXISTING
    if value in (Mode.INSTALL, Mode.NONE):
        return Mode(str(value))
    raise refuse(key, value, f"allowed: install, none, or for an existing one {', '.join(known)}")


def _prometheus(key: str, value: object) -> PrometheusChoice:
    known = ("url", "labels", "operated", "clusterLabel", "nativeHistograms")
    mode = _mode(key, value, known)
    if mode is not Mode.EXISTING:
        return PrometheusChoice(mode)

    def labels(key: str, value: object) -> Mapping[str, str] | None:
        return fields.mapping(fields.text, fields.text, key, value, "labels to text")

    with fields.entry(key, value, known) as entry:
        found = PrometheusChoice(
            mode,
            url=entry.required("url", fields.url, "where Grafana and the collector reach it"),
            labels=entry.read("labels", labels, None),
            operated=entry.read("operated", fields.boolean, True),
            cluster_label=entry.read("clusterLabel", _cluster_label, None),
            native_histograms=entry.read("nativeHistograms", fields.boolean, False),
        )
        if found.labels and not found.operated:
            entry.refuse("labels", "only an operator selects objects by labels")
    return found


def _cluster_label(key: str, value: object) -> str:
    try:
        return cluster_label(fields.text(key, value))
    except ClusterLabelError as error:
        raise refuse(key, value, str(error)) from error


def _grafana(key: str, value: object) -> GrafanaChoice:
    known = ("label", "labelValue", "folderAnnotation", "namespace", "api")
    mode = _mode(key, value, known)
    if mode is not Mode.EXISTING:
        return GrafanaChoice(mode)
    with fields.entry(key, value, known) as entry:
        return GrafanaChoice(
            mode,
            label=entry.read("label", fields.text, None),
            label_value=entry.read("labelValue", fields.text, "1"),
            folder_annotation=entry.read("folderAnnotation", fields.text, None),
            namespace=entry.read("namespace", fields.namespace, None),
            api=entry.read("api", fields.url, None),
        )


def _collector(key: str, value: object) -> CollectorChoice:
    mode = _mode(key, value, ("url",))
    if mode is not Mode.EXISTING:
        return CollectorChoice(mode)
    hint = "where it takes OTLP over HTTP, such as http://otel-collector.observability.svc:4318"
    with fields.entry(key, value, ("url",)) as entry:
        return CollectorChoice(mode, entry.required("url", fields.url, hint))


def _traces(key: str, value: object) -> TracesChoice:
    known = ("address", "insecure", "type", "url", "headers", "caSecret")
    mode = _mode(key, value, known)
    if mode is not Mode.EXISTING:
        return TracesChoice(mode)

    def address(key: str, value: object) -> str:
        given = revealed(value)
        if isinstance(given, str) and _ADDRESS.fullmatch(given):
            return given
        raise refuse(key, value, "it must be host:port")

    with fields.entry(key, value, known) as entry:
        return TracesChoice(
            mode,
            address=entry.required("address", address, "where it takes OTLP over gRPC: host:port"),
            insecure=entry.read("insecure", fields.boolean, False),
            type=entry.read("type", partial(fields.choice, TracesType), TracesType.JAEGER),
            url=entry.read("url", fields.url, None),
            headers=entry.read("headers", _headers, _NO_HEADERS),
            ca_secret=entry.read("caSecret", fields.object_name, None),
        )


_NO_HEADERS: Mapping[str, Text] = {}


def _headers(key: str, value: object) -> Mapping[str, Text]:
    return fields.mapping(fields.header, fields.secret_text, key, value, "headers to values")


def _logs(key: str, value: object) -> LogsChoice:
    known = ("endpoint", "type", "url", "headers", "caSecret")
    if value == Mode.NONE:
        return LogsChoice()
    if not isinstance(value, dict):
        raise refuse(key, value, f"allowed: none, or for an existing one {', '.join(known)}")
    with fields.entry(key, value, known) as entry:
        found = LogsChoice(
            Mode.EXISTING,
            endpoint=entry.required("endpoint", fields.url, "where it takes OTLP over HTTP"),
            type=entry.read("type", partial(fields.choice, LogsType), LogsType.LOKI),
            url=entry.read("url", fields.url, None),
            headers=entry.read("headers", _headers, _NO_HEADERS),
            ca_secret=entry.read("caSecret", fields.object_name, None),
        )
        if found.url and found.type is LogsType.OTLP:
            entry.refuse("url", "a store of type otlp has no data source in Grafana: leave it out")
        return found


@dataclass(frozen=True, slots=True)
class RemoteWrite:
    """A store of metrics outside the cluster; `credentials` are a bearer token or a password."""

    url: str
    username: str | None = None
    credentials: SecretValue | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    queue_size: int = 10_000
    shards: int = 10


def parse_remote_write(key: str, value: object) -> RemoteWrite | None:
    """The key `remoteWrite`; empty for none."""
    if value == {}:
        return None
    known = ("url", "username", "password", "token", "headers", "queueSize", "shards")

    def secret(key: str, value: object) -> SecretValue | None:
        if isinstance(value, SecretValue):
            return SecretValue(revealed(fields.secret_text(key, value)))
        raise fields.ConfigError(
            f"{key}: it must be secret; set it with: pulumi config set --secret --path '{key}'"
        )

    def headers(key: str, value: object) -> Mapping[str, str]:
        return fields.mapping(fields.header, fields.text, key, value, "headers to values")

    none: Mapping[str, str] = {}
    size = partial(fields.integer, low=100, high=1_000_000)
    with fields.entry(key, value, known, "with url") as entry:
        password, token = (entry.read(each, secret, None) for each in ("password", "token"))
        found = RemoteWrite(
            url=entry.required("url", fields.url, "where the store takes remote write"),
            username=entry.read("username", fields.text, None),
            credentials=password or token,
            headers=entry.read("headers", headers, none),
            queue_size=entry.read("queueSize", size, 10_000),
            shards=entry.read("shards", partial(fields.integer, low=1, high=1000), 10),
        )
        given = {each for each in ("username", "password", "token") if each in entry}
        if given not in (set(), {"token"}, {"username", "password"}):
            wrong = f"{key}: give username and password, or token, or none of them"
            entry.mistakes.add(fields.ConfigError(wrong))
    return found
