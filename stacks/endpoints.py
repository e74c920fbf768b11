"""The addresses inside the cluster. Service names are fixed, so addresses are plain data."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stacks.charts import Component, Namespaces, Profile
from stacks.servers import DEFAULT_PATH, DEFAULT_PATHS, Server, ServerRuntime, Transport


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One port of one Service."""

    service: str
    namespace: str
    port: int
    scheme: str = "http"

    @property
    def host(self) -> str:
        """The Service's name as any pod resolves it."""
        return f"{self.service}.{self.namespace}.svc"

    @property
    def address(self) -> str:
        """host:port, for settings without a scheme."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """scheme://host:port."""
        return f"{self.scheme}://{self.address}"


OTLP_GRPC_PORT = 4317
OTLP_HTTP_PORT = 4318
COLLECTOR_OWN_PORT = 8888
COLLECTOR_SERIES_PORT = 8889
COLLECTOR_HEALTH_PORT = 13133
PROXY_MCP_PORT = 8080
PROXY_METRICS_PORT = 9464

# <release>-<chart>, because the release name does not contain the chart name.
COLLECTOR_SERVICE = f"{Component.COLLECTOR}-opentelemetry-collector"

PROMETHEUS_SERVICE = f"{Component.PROMETHEUS}-prometheus"
GRAFANA_SERVICE = f"{Component.PROMETHEUS}-grafana"

REMOTE_WRITE_PATH = "/api/v1/write"

_DEFAULT_NAMES = Namespaces()


@dataclass(frozen=True, slots=True)
class JaegerEndpoints:
    """Where Jaeger receives spans and answers queries."""

    otlp_grpc: Endpoint
    query: Endpoint


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of the stack's own parts."""

    collector_otlp_http: Endpoint
    prometheus: Endpoint
    grafana: Endpoint
    jaeger: JaegerEndpoints


# Chart 4.2 merged the Services of collector and query into one.
_JAEGER_SERVICES = {
    Profile.CURRENT: ("jaeger", "jaeger"),
    Profile.TUTORIAL: ("jaeger-collector", "jaeger-query"),
}


def endpoints_of(profile: Profile, namespaces: Namespaces = _DEFAULT_NAMES) -> Endpoints:
    """The addresses that follow from the profile and the namespaces."""
    monitoring = namespaces.monitoring
    collector, query = _JAEGER_SERVICES[profile]
    return Endpoints(
        collector_otlp_http=Endpoint(COLLECTOR_SERVICE, monitoring, OTLP_HTTP_PORT),
        prometheus=Endpoint(PROMETHEUS_SERVICE, monitoring, 9090),
        grafana=Endpoint(GRAFANA_SERVICE, monitoring, 80),
        jaeger=JaegerEndpoints(
            Endpoint(collector, monitoring, OTLP_GRPC_PORT, "grpc"),
            Endpoint(query, monitoring, 16686),
        ),
    )


def mcp_endpoint(server: Server, namespaces: Namespaces) -> Endpoint:
    """The Service that clients of a server call."""
    if server.runtime is ServerRuntime.PROXY:
        name = server.name
    else:
        name = f"mcp-{server.name}-{'remote-proxy' if server.url else 'proxy'}"
    return Endpoint(name, namespaces.servers, PROXY_MCP_PORT)


def mcp_path(server: Server, profile: Profile) -> str:
    """The path at which the Service answers clients."""
    if server.runtime is ServerRuntime.PROXY:
        if server.transport is not Transport.STREAMABLE_HTTP:
            return DEFAULT_PATH
        return (urlsplit(server.url).path or "/") if server.url else server.path
    # The older operator's proxies of stdio servers speak HTTP+SSE.
    sse = server.transport is Transport.SSE
    sse = sse or (profile is Profile.TUTORIAL and server.transport is Transport.STDIO)
    return DEFAULT_PATHS[Transport.SSE] if sse else DEFAULT_PATH
