"""MCP servers run by the ToolHive operator, in the API version of the profile's CRDs."""

from collections.abc import Callable

from stacks import server_secrets
from stacks.architectures import MetricsIngestion
from stacks.charts import Namespace, Profile
from stacks.config import StackConfig
from stacks.endpoints import COLLECTOR_OTLP_HTTP, PROXY_MCP_PORT
from stacks.monitors import TRANSPORT_LABEL
from stacks.servers import Server, Transport
from stacks.values import Values

_GROUP = "toolhive.stacklok.dev"


def _telemetry(config: StackConfig) -> Values:
    ingestion = config.architecture.metrics_ingestion
    return {
        "openTelemetry": {
            "enabled": True,
            "endpoint": COLLECTOR_OTLP_HTTP.address,
            "insecure": True,
            "metrics": {"enabled": ingestion is MetricsIngestion.PUSHED},
            "tracing": {
                "enabled": True,
                "samplingRate": f"{config.trace_sampling_percent / 100:.2f}",
            },
        },
        "prometheus": {"enabled": ingestion is MetricsIngestion.SCRAPED},
    }


def _spec(config: StackConfig, server: Server) -> Values:
    """The fields that both API versions share; `resources` sizes the proxy, not the server."""
    push = {
        "name": "OTEL_METRIC_EXPORT_INTERVAL",
        "value": str(config.push_interval_seconds * 1000),
    }
    optional = {
        "args": server_secrets.arguments(server),
        "env": server_secrets.plain_variables(server),
        "secrets": _secrets(server),
        "podTemplateSpec": _pod_template(server),
    }
    return {
        "image": server.image,
        "transport": server.transport.value,
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "200m", "memory": "128Mi"},
        },
        "resourceOverrides": {
            "proxyDeployment": {"env": [push]},
            "proxyService": {"labels": {TRANSPORT_LABEL: server.transport.value}},
        },
        **{key: value for key, value in optional.items() if value},
    }


def _secrets(server: Server) -> list[Values]:
    secret = server_secrets.name(server)
    names = server_secrets.secrets(server)
    return [{"name": secret, "key": each, "targetEnvName": each} for each in names]


def _pod_template(server: Server) -> Values:
    """The operator does not restart a server whose secrets change; changed annotations do."""
    annotations = server_secrets.annotations(server)
    return {"metadata": annotations} if annotations else {}


def _object(version: str, kind: str, name: str, spec: Values) -> Values:
    return {
        "apiVersion": f"{_GROUP}/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": Namespace.SERVERS.value},
        "spec": spec,
    }


def _telemetry_name(transport: Transport) -> str:
    return f"mcp-observability-{transport}"


def _v1alpha1(config: StackConfig, servers: tuple[Server, ...]) -> tuple[Values, ...]:
    def one(server: Server) -> Values:
        telemetry = _telemetry(config)
        telemetry["openTelemetry"]["serviceName"] = server.name
        target = {} if server.port is None else {"targetPort": server.port}
        spec = {**_spec(config, server), "port": PROXY_MCP_PORT, **target, "telemetry": telemetry}
        return _object("v1alpha1", "MCPServer", server.name, spec)

    return tuple(one(server) for server in servers)


def _v1beta1(config: StackConfig, servers: tuple[Server, ...]) -> tuple[Values, ...]:
    def shared(transport: Transport) -> Values:
        spec = _telemetry(config)
        spec["openTelemetry"]["resourceAttributes"] = {
            "service.namespace": Namespace.SERVERS.value,
            "mcp.transport": transport.value,
        }
        return _object("v1beta1", "MCPTelemetryConfig", _telemetry_name(transport), spec)

    def one(server: Server) -> Values:
        target = {} if server.port is None else {"mcpPort": server.port}
        reference = {"name": _telemetry_name(server.transport), "serviceName": server.name}
        spec = {
            **_spec(config, server),
            "proxyPort": PROXY_MCP_PORT,
            **target,
            "telemetryConfigRef": reference,
        }
        return _object("v1beta1", "MCPServer", server.name, spec)

    transports = sorted({server.transport for server in servers})
    return (*map(shared, transports), *map(one, servers))


SHAPES: dict[Profile, Callable[[StackConfig, tuple[Server, ...]], tuple[Values, ...]]] = {
    Profile.CURRENT: _v1beta1,
    Profile.TUTORIAL: _v1alpha1,
}
"""The objects that make ToolHive run the servers, by profile."""


def operator_values(config: StackConfig) -> Values:
    """The namespaces the operator may use, as values below the chart's key `operator`."""
    if not config.operator_namespaces:
        return {"rbac": {"scope": "cluster"}}
    rbac = {"scope": "namespace", "allowedNamespaces": list(config.operator_namespaces)}
    return {"rbac": rbac, **_NAMESPACED_EXTRAS[config.profile]}


# Migrating stored versions needs cluster-wide rights: the newer chart rejects the combination.
_NAMESPACED_EXTRAS: dict[Profile, Values] = {
    Profile.CURRENT: {"features": {"storageVersionMigrator": False}},
    Profile.TUTORIAL: {},
}


REPLACED_ON: dict[Profile, tuple[str, ...]] = {
    Profile.CURRENT: (),
    Profile.TUTORIAL: ("spec.telemetry",),
}
"""Fields whose change replaces an MCPServer: the older operator ignores changed telemetry."""
