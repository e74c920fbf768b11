"""MCP servers run by the ToolHive operator, in the API version of the profile's CRDs."""

from collections.abc import Callable
from urllib.parse import urlsplit

from stacks import pod_templates, server_secrets
from stacks.architectures import MetricsIngestion
from stacks.charts import Profile
from stacks.config import StackConfig
from stacks.endpoints import PROXY_MCP_PORT
from stacks.monitors import TRANSPORT_LABEL
from stacks.servers import Server, ServerSecurity, Transport
from stacks.values import Values

GROUP = "toolhive.stacklok.dev"
_OLDER, _NEWER = "v1alpha1", "v1beta1"
VERSIONS = {Profile.CURRENT: _NEWER, Profile.TUTORIAL: _OLDER}
"""The API version of each profile's objects."""


def _telemetry(config: StackConfig) -> Values:
    ingestion = config.architecture.metrics_ingestion
    pushed = ingestion is MetricsIngestion.PUSHED
    prometheus = {"enabled": ingestion is MetricsIngestion.SCRAPED}
    if not pushed and not config.sends_traces:
        # An endpoint with nothing to send to it is an error.
        return {"prometheus": prometheus}
    collector = urlsplit(config.otlp_http_url)
    return {
        "openTelemetry": {
            "enabled": True,
            "endpoint": collector.netloc,
            "insecure": collector.scheme == "http",
            "metrics": {"enabled": pushed},
            "tracing": {
                "enabled": config.sends_traces,
                "samplingRate": f"{config.trace_sampling_percent / 100:.2f}",
            },
        },
        "prometheus": prometheus,
    }


def _spec(config: StackConfig, server: Server) -> Values:
    """The fields that servers of both API versions share, and remote servers.

    `resources` sizes the proxy, not the server.
    """
    push = {
        "name": "OTEL_METRIC_EXPORT_INTERVAL",
        "value": str(config.push_interval_seconds * 1000),
    }
    return {
        "transport": server.transport.value,
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "200m", "memory": "128Mi"},
        },
        "resourceOverrides": {
            "proxyDeployment": {"env": [push]},
            "proxyService": {"labels": {TRANSPORT_LABEL: server.transport.value}},
        },
        **({"serviceAccount": server.service_account} if server.service_account else {}),
    }


def _server_spec(config: StackConfig, server: Server) -> Values:
    variables = server_secrets.variables(server)
    optional = {
        "args": server_secrets.arguments(server),
        "env": [each for each in variables if "value" in each],
        "secrets": _secrets(variables),
        "permissionProfile": server.permission_profile,
        "podTemplateSpec": _pod_template(config.profile, server, variables),
    }
    return {
        "image": server.image,
        **_spec(config, server),
        **{key: value for key, value in optional.items() if value},
    }


def _secrets(variables: list[Values]) -> list[Values]:
    references = (
        (each["name"], each["valueFrom"]["secretKeyRef"])
        for each in variables
        if "secretKeyRef" in each.get("valueFrom", {})
    )
    return [
        {"name": reference["name"], "key": reference["key"], "targetEnvName": name}
        for name, reference in references
    ]


def _pod_template(profile: Profile, server: Server, variables: list[Values]) -> Values:
    """The operator's patch of the server's pod; empty if nothing asks for one."""
    volumes, mounts = pod_templates.volumes(server)
    environment = [each for each in variables if _only_by_patch(each)]
    if server.security != ServerSecurity():
        writable, writable_mounts = pod_templates.writable(server)
        volumes, mounts = [*writable, *volumes], [*writable_mounts, *mounts]
        named = {each["name"] for each in variables}
        environment += [pod_templates.HOME_VARIABLE] if "HOME" not in named else []
    container = {
        "env": environment,
        "resources": server.resources,
        "volumeMounts": mounts,
        "securityContext": _container_security(server),
    }
    container = {name: each for name, each in container.items() if each}
    group = server.security.fs_group
    spec = {
        **{
            name: each
            for name, each in pod_templates.scheduling(server).items()
            if name != "serviceAccountName"
        },
        "volumes": volumes,
        "securityContext": {"fsGroup": group} if group else {},
        "containers": [{"name": "mcp", **container}] if container else [],
    }
    spec = {name: each for name, each in spec.items() if each}
    template = {
        "metadata": server_secrets.annotations(server),
        **({"spec": spec} if spec else {}),
    }
    patched: Values = pod_templates.merged(
        {name: each for name, each in template.items() if each}, server.pod_template
    )
    return patched and pod_templates.merged(patched, _STEADY[profile](server))


def _only_by_patch(variable: Values) -> bool:
    """Whether a variable has no place in the operator's own lists."""
    return "secretKeyRef" not in variable.get("valueFrom", {"secretKeyRef": {}})


def _container_security(server: Server) -> Values:
    given = server.security != ServerSecurity()
    return pod_templates.container_security(server) if given else {}


def _account(server: Server) -> Values:
    """Without it, the older operator finds a difference at each look, and updates for ever."""
    return {"spec": {"serviceAccountName": server.service_account or f"{server.name}-sa"}}


_STEADY: dict[Profile, Callable[[Server], Values]] = {
    Profile.CURRENT: lambda _: {},
    Profile.TUTORIAL: _account,
}


def _object(version: str, kind: str, name: str, namespace: str, spec: Values) -> Values:
    return {
        "apiVersion": f"{GROUP}/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _telemetry_name(transport: Transport) -> str:
    return f"mcp-observability-{transport}"


def _v1alpha1(config: StackConfig, servers: tuple[Server, ...]) -> tuple[Values, ...]:
    def one(server: Server) -> Values:
        telemetry = _telemetry(config)
        if "openTelemetry" in telemetry:
            telemetry["openTelemetry"]["serviceName"] = server.name
        target = {} if server.port is None else {"targetPort": server.port}
        shared = _server_spec(config, server)
        spec = {**shared, "port": PROXY_MCP_PORT, **target, "telemetry": telemetry}
        return _object(_OLDER, "MCPServer", server.name, config.namespaces.servers, spec)

    return tuple(one(server) for server in servers)


def _remote_spec(config: StackConfig, server: Server) -> Values:
    plain, secret = {}, []
    for header, variable, value in server_secrets.headers(server):
        source = server_secrets.reference(server, variable, value)
        if source is None:
            plain[header] = value
        else:
            reference = source["secretKeyRef"]
            secret.append({"headerName": header, "valueSecretRef": reference})
    forward = {"addPlaintextHeaders": plain, "addHeadersFromSecret": secret}
    forward = {name: each for name, each in forward.items() if each}
    spec = {
        "remoteUrl": server.url,
        **_spec(config, server),
        **({"headerForward": forward} if forward else {}),
    }
    if server.resources:
        spec["resources"] = server.resources
    overrides = spec["resourceOverrides"]["proxyDeployment"]
    if server.image_pull_secrets:
        overrides["imagePullSecrets"] = [{"name": each} for each in server.image_pull_secrets]
    if metadata := server_secrets.annotations(server):
        overrides["podTemplateMetadataOverrides"] = metadata
    return spec


def _v1beta1(config: StackConfig, servers: tuple[Server, ...]) -> tuple[Values, ...]:
    namespace = config.namespaces.servers

    def shared(transport: Transport) -> Values:
        spec = _telemetry(config)
        if "openTelemetry" in spec:
            spec["openTelemetry"]["resourceAttributes"] = {
                "service.namespace": namespace,
                "mcp.transport": transport.value,
            }
        return _object(_NEWER, "MCPTelemetryConfig", _telemetry_name(transport), namespace, spec)

    def one(server: Server) -> Values:
        reference = {"name": _telemetry_name(server.transport), "serviceName": server.name}
        replicas = {"replicas": server.replicas} if server.replicas != 1 else {}
        common = {"proxyPort": PROXY_MCP_PORT, "telemetryConfigRef": reference, **replicas}
        if server.url:
            spec = {**_remote_spec(config, server), **common}
            return _object(_NEWER, "MCPRemoteProxy", server.name, namespace, spec)
        target = {} if server.port is None else {"mcpPort": server.port}
        if replicas:
            target["backendReplicas"] = server.replicas
        spec = {**_server_spec(config, server), **common, **target}
        return _object(_NEWER, "MCPServer", server.name, namespace, spec)

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
