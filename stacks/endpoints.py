"""The addresses inside the cluster. Service names are fixed, so addresses are plain data."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stacks.charts import Component, Namespace, Profile
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

COLLECTOR_OTLP_HTTP = Endpoint(COLLECTOR_SERVICE, Namespace.MONITORING, OTLP_HTTP_PORT)
PROMETHEUS = Endpoint(f"{Component.PROMETHEUS}-prometheus", Namespace.MONITORING, 9090)
GRAFANA = Endpoint(f"{Component.PROMETHEUS}-grafana", Namespace.MONITORING, 80)

REMOTE_WRITE_PATH = "/api/v1/write"


@dataclass(frozen=True, slots=True)
class JaegerEndpoints:
    """Where Jaeger receives spans and answers queries."""

    otlp_grpc: Endpoint
    query: Endpoint


def _jaeger(collector: str, query: str) -> JaegerEndpoints:
    return JaegerEndpoints(
        Endpoint(collector, Namespace.MONITORING, OTLP_GRPC_PORT, "grpc"),
        Endpoint(query, Namespace.MONITORING, 16686),
    )


# Chart 4.2 merged the Services of collector and query into one.
JAEGER: dict[Profile, JaegerEndpoints] = {
    Profile.CURRENT: _jaeger("jaeger", "jaeger"),
    Profile.TUTORIAL: _jaeger("jaeger-collector", "jaeger-query"),
}


def mcp_endpoint(server: Server) -> Endpoint:
    """The Service that clients of a server call."""
    if server.runtime is ServerRuntime.PROXY:
        name = server.name
    else:
        name = f"mcp-{server.name}-{'remote-proxy' if server.url else 'proxy'}"
    return Endpoint(name, Namespace.SERVERS, PROXY_MCP_PORT)


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
