"""The parts of a stack as they are on the cluster."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lab.doctor.cluster.find_stack import APP_LABEL, ClusterStack
from lab.doctor.cluster.objects import Json, Objects, labels_of, selects
from stacks.architectures import MetricsIngestion, Monitor
from stacks.component_choices import Mode, TracesType
from stacks.endpoints import COLLECTOR_SERIES_PORT, COLLECTOR_SERVICE, Endpoint, mcp_endpoint
from stacks.monitors import PROXY_APP, SERVER_LABEL


@dataclass(slots=True)
class Facts:
    """What is read of a stack's objects, each once. Methods raise Unreachable."""

    stack: ClusterStack
    objects: Objects = field(init=False)

    def __post_init__(self) -> None:
        self.objects = Objects(self.stack.access)

    @property
    def proxy(self) -> Endpoint:
        """Where clients call the server."""
        return mcp_endpoint(self.stack.server, self.stack.config.namespaces)

    @property
    def collector(self) -> Endpoint | None:
        """Where proxies push; None without a collector in the cluster."""
        config = self.stack.config
        if config.components.collector.mode is Mode.NONE:
            return None
        return endpoint_at(config.otlp_http_url)

    @property
    def series(self) -> Endpoint | None:
        """Where the stack's own collector exposes the proxies' series, if it does."""
        config = self.stack.config
        exposed = Monitor.COLLECTOR_SERIES in config.architecture.monitors
        own = config.components.collector.mode is Mode.INSTALL
        if not (self.pushed and exposed and own):
            return None
        return Endpoint(COLLECTOR_SERVICE, config.namespaces.monitoring, COLLECTOR_SERIES_PORT)

    @property
    def pushed(self) -> bool:
        """Whether proxies push their metrics."""
        return self.stack.config.architecture.metrics_ingestion is MetricsIngestion.PUSHED

    @property
    def prometheus(self) -> Endpoint | None:
        """Where Prometheus answers queries, if that is in the cluster."""
        return endpoint_at(self.stack.config.prometheus_url)

    @property
    def jaeger_url(self) -> str | None:
        """Where Jaeger answers queries in the cluster; None for other stores and none."""
        traces = self.stack.config.components.traces
        if traces.mode is Mode.INSTALL:
            return self.stack.config.endpoints.jaeger.query.url
        return traces.url if traces.type is TracesType.JAEGER else None

    @property
    def traces(self) -> Endpoint | None:
        """Where the collector sends spans, if that is in the cluster."""
        traces = self.stack.config.components.traces
        if traces.mode is Mode.INSTALL:
            return self.stack.config.endpoints.jaeger.otlp_grpc
        return endpoint_at(f"grpc://{traces.address}") if traces.address else None

    def proxies(self) -> tuple[Json, ...]:
        """The pods of the server's proxy."""
        wanted = {APP_LABEL: PROXY_APP, SERVER_LABEL: self.stack.server.name}
        pods = self.objects.pods(self.stack.config.namespaces.servers)
        return tuple(each for each in pods if wanted.items() <= labels_of(each).items())

    def behind(self, endpoint: Endpoint | None) -> tuple[Json, ...]:
        """The pods that a Service selects, ready or not."""
        service = endpoint and self.objects.service(endpoint)
        selector = service and service["spec"].get("selector")
        if not endpoint or not selector:
            return ()
        pods = self.objects.pods(endpoint.namespace)
        return tuple(each for each in pods if selects({"matchLabels": selector}, labels_of(each)))

    def ready(self, endpoint: Endpoint | None) -> tuple[Json, ...]:
        """The pods to which a Service leads."""
        return () if endpoint is None else self.objects.ready(endpoint)


def endpoint_at(url: str) -> Endpoint | None:
    """The Service at a URL of the form http://<service>.<namespace>.svc...:<port>, if it is one."""
    parts = urlsplit(url)
    service, namespace, *rest = [*(parts.hostname or "").split("."), "", ""]
    if rest[:1] != ["svc"]:
        return None
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return Endpoint(service, namespace, port, parts.scheme)


def is_ready(pod: Json) -> bool:
    """Whether a pod is ready."""
    conditions: Iterable[Json] = pod.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_running(pod: Json, container: str) -> bool:
    """Whether a container of a pod runs, ready or not."""
    statuses: Iterable[Json] = pod.get("status", {}).get("containerStatuses") or ()
    return any(each["name"] == container and "running" in each["state"] for each in statuses)
