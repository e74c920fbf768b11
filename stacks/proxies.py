"""MCP servers behind our proxy: a Deployment and a Service for each."""

from dataclasses import dataclass
from typing import Any

from stacks import amounts, pod_templates, server_secrets
from stacks.config import StackConfig
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.monitors import METRICS_LABEL, PROXY_APP, SERVER_LABEL
from stacks.servers import Server
from stacks.sizes import SIZES
from stacks.values import Values

POD_NAME = "$(POD_NAME)"
"""Expanded to the pod's name by Kubernetes."""

_NONROOT = 65532
_DRAIN_SECONDS = 30
# Endpoints are updated while a pod terminates: it accepts connections meanwhile.
_LINGER_SECONDS = 5
# The server stays until the proxy's calls had time to end.
_SERVER_LINGER_SECONDS = 15
_CA_FOLDER = "/etc/mcp-proxy/ca"
_BASELINE_FOLDER = "/etc/mcp-proxy/tools"
_FAULTS_FOLDER = "/etc/mcp-proxy/faults"

FAULTS_CONFIG_MAP, FAULTS_KEY = "mcp-faults", "faults.json"
"""Where `lab.fault` says which faults are on; it is there once there was one."""
FAULTS_VARIABLE = "MCP_PROXY_FAULT_INJECTION"


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """Environment and arguments of one proxy, the same on a cluster and as a local process."""

    server: str
    namespace: str
    environment: dict[str, str]
    arguments: tuple[str, ...]


def proxy_plan(config: StackConfig, server: Server) -> ProxyPlan:
    """The proxy of one server."""
    namespace = config.namespaces.servers
    resource = {
        "service.namespace": namespace,
        "k8s.namespace.name": namespace,
        "k8s.pod.name": POD_NAME,
    }
    environment = {
        "MCP_PROXY_LISTEN": f"{config.any_address}:{PROXY_MCP_PORT}",
        "MCP_PROXY_METRICS_LISTEN": f"{config.any_address}:{PROXY_METRICS_PORT}",
        "MCP_PROXY_DRAIN_TIMEOUT": str(_DRAIN_SECONDS),
        **(_sessions(server) if server.command else _upstream(server)),
        **_auth(server),
        **_baseline(server),
        **_faults(config),
        "OTEL_SERVICE_NAME": server.name,
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={each}" for key, each in resource.items()),
        "OTEL_EXPORTER_OTLP_ENDPOINT": config.otlp_http_url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp" if config.sends_traces else "none",
        **({"OTEL_LOGS_EXPORTER": "otlp"} if config.sends_logs else {}),
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": f"{config.trace_sampling_percent / 100:.2f}",
        "OTEL_METRIC_EXPORT_INTERVAL": str(config.push_interval_seconds * 1000),
        **config.architecture.proxy_environment,
    }
    arguments = ("--", *server_secrets.command(server)) if server.command else ()
    return ProxyPlan(server.name, namespace, environment, arguments)


def _baseline(server: Server) -> dict[str, str]:
    if server.tool_baseline is None:
        return {}
    return {"MCP_PROXY_TOOL_BASELINE": f"{_BASELINE_FOLDER}/tools.json"}


def _faults(config: StackConfig) -> dict[str, str]:
    if not config.fault_injection:
        return {}
    return {FAULTS_VARIABLE: f"{_FAULTS_FOLDER}/{FAULTS_KEY}"}


def _files(config: StackConfig, server: Server) -> list[tuple[str, Values, str]]:
    """Volumes with files for the proxy: name, source, and folder."""
    faults = {"configMap": {"name": FAULTS_CONFIG_MAP, "optional": True}}
    files = (
        ("ca", server.certificates, _CA_FOLDER),
        ("baseline", server.tool_baseline, _BASELINE_FOLDER),
        ("faults", faults if config.fault_injection else None, _FAULTS_FOLDER),
    )
    return [(name, source, folder) for name, source, folder in files if source]


def _upstream(server: Server) -> dict[str, str]:
    ca = {"MCP_PROXY_UPSTREAM_CA": f"{_CA_FOLDER}/ca.crt"} if server.certificates else {}
    headers = [f"{header}=${{{name}}}" for header, name, _ in server_secrets.headers(server)]
    sent = {"MCP_PROXY_HEADER": "\n".join(headers)} if headers else {}
    return {
        "MCP_PROXY_UPSTREAM": server.url or f"http://127.0.0.1:{server.port}{server.path}",
        "MCP_PROXY_UPSTREAM_TRANSPORT": server.transport.value,
        **ca,
        **sent,
    }


def _sessions(server: Server) -> dict[str, str]:
    shared = {"MCP_PROXY_STDIO_SHARING": "on"} if server.sessions.shared else {}
    return {"MCP_PROXY_MAX_SESSIONS": str(server.sessions.most), **shared}


def _auth(server: Server) -> dict[str, str]:
    if server.jwt is None:
        return {}
    claim = server.jwt.principal_claim
    return {
        "MCP_PROXY_JWT_KEYS_URL": server.jwt.keys_url,
        "MCP_PROXY_JWT_ISSUER": server.jwt.issuer,
        "MCP_PROXY_JWT_AUDIENCE": server.jwt.audience,
        **({"MCP_PROXY_PRINCIPAL_CLAIM": claim} if claim else {}),
    }


def _labels(server: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": PROXY_APP, SERVER_LABEL: server}


def _probe(path: str) -> Values:
    return {"httpGet": {"path": path, "port": "metrics"}}


def _sized(default: Values, given: Values) -> Values:
    """The default size, but for the resources that are given."""
    limits = given.get("limits", {})
    requests = given.get("requests", {})
    kept = {name: each for name, each in default["requests"].items() if name not in limits}
    unlimited = {name: each for name, each in default["limits"].items() if name not in requests}
    return {"requests": {**kept, **requests}, "limits": {**unlimited, **limits}}


def _lingering(seconds: int) -> Values:
    return {"preStop": {"sleep": {"seconds": seconds}}}


def _proxy_size(config: StackConfig, server: Server) -> Values:
    """Of the proxy and the processes of its sessions; of what is given, if nothing else runs."""
    size = SIZES[config.size].proxy
    if server.command:
        processes = 1 if server.sessions.shared else server.sessions.most
        children = processes * amounts.mebibytes(server.sessions.memory)
        limit = amounts.mebibytes(size["limits"]["memory"]) + children
        size = {**size, "limits": {**size["limits"], "memory": f"{limit}Mi"}}
    return _sized(size, server.resources if _is_only(server) else {})


def _server_container(server: Server) -> Values:
    """What the server brings to the container that it runs in."""
    _, writable = pod_templates.writable(server)
    _, mounts = pod_templates.volumes(server)
    return {
        "env": pod_templates.with_home(server_secrets.variables(server)),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": pod_templates.container_security(server),
        "volumeMounts": [*writable, *mounts],
    }


def _proxy_container(config: StackConfig, server: Server, plan: ProxyPlan) -> Values:
    pod_name = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    settings = [{"name": name, "value": each} for name, each in plan.environment.items()]
    container: Values = {
        "name": "proxy",
        # A stdio server runs as a child of the proxy, so its image is built from the proxy's.
        "image": server.image if server.command else config.proxy_image,
        "env": [pod_name, *settings, *server_secrets.proxy_variables(server)],
        "ports": [
            {"name": "mcp", "containerPort": PROXY_MCP_PORT},
            {"name": "metrics", "containerPort": PROXY_METRICS_PORT},
        ],
        # On a busy node a start takes longer than the liveness probe would wait.
        "startupProbe": {**_probe("/healthz"), "periodSeconds": 1, "failureThreshold": 120},
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/readyz"),
        "resources": _proxy_size(config, server),
        "lifecycle": _lingering(_LINGER_SECONDS),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    if plan.arguments:
        container["args"] = list(plan.arguments)
    for name, _, folder in _files(config, server):
        container["volumeMounts"].append({"name": name, "mountPath": folder, "readOnly": True})
    if server.command:
        container = pod_templates.merged(container, _server_container(server))
    return container


def _is_only(server: Server) -> bool:
    """Whether the proxy's container is the only one of the pod."""
    return bool(server.command or server.url)


def _containers(config: StackConfig, server: Server, plan: ProxyPlan) -> list[Values]:
    proxy = _proxy_container(config, server, plan)
    if _is_only(server):
        return [proxy]
    container: Values = {
        "name": "server",
        "image": server.image,
        "ports": [{"name": "upstream", "containerPort": server.port}],
        "resources": _sized(SIZES[config.size].server, server.resources),
        "lifecycle": _lingering(_SERVER_LINGER_SECONDS),
        **_server_container(server),
    }
    if server.arguments:
        container["args"] = server_secrets.arguments(server)
    return [proxy, container]


def _pod_security(server: Server) -> Values:
    group = {"fsGroup": server.security.fs_group} if server.security.fs_group else {}
    return {
        "runAsNonRoot": True,
        "runAsUser": _NONROOT,
        "runAsGroup": _NONROOT,
        **group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _volumes(config: StackConfig, server: Server) -> list[Values]:
    writable, _ = pod_templates.writable(server)
    own, _ = pod_templates.volumes(server)
    if server.url:
        writable = writable[:1]
    files = [{"name": name, **source} for name, source, _ in _files(config, server)]
    return [*writable, *own, *files]


def _template(config: StackConfig, server: Server, plan: ProxyPlan) -> Values:
    pod = {
        "automountServiceAccountToken": server.service_account is not None,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _LINGER_SECONDS + _DRAIN_SECONDS + 15,
        "securityContext": _pod_security(server),
        **pod_templates.scheduling(server),
        "containers": _containers(config, server, plan),
        "volumes": _volumes(config, server),
    }
    ingestion = config.architecture.metrics_ingestion
    labels = {**_labels(server.name), METRICS_LABEL: ingestion.name.lower()}
    metadata = {"labels": labels, **server_secrets.annotations(server)}
    template = {"metadata": metadata, "spec": pod}
    patched: Values = pod_templates.merged(template, _named_as_here(server, server.pod_template))
    return patched


def _named_as_here(server: Server, patch: Values) -> Values:
    """ToolHive's name for the server's container is understood, too."""
    name = "proxy" if _is_only(server) else "server"

    def renamed(container: Any) -> Any:
        is_server = isinstance(container, dict) and container.get("name") == "mcp"
        return {**container, "name": name} if is_server else container

    spec = patch.get("spec", {})
    if "containers" not in spec:
        return patch
    return {**patch, "spec": {**spec, "containers": list(map(renamed, spec["containers"]))}}


def deployment(config: StackConfig, server: Server, plan: ProxyPlan) -> Values:
    """The pod of one server: proxy and server, or the proxy alone if the server is its child."""
    labels = _labels(server.name)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": server.name, "namespace": plan.namespace, "labels": labels},
        "spec": {
            "replicas": server.replicas,
            "selector": {"matchLabels": labels},
            "template": _template(config, server, plan),
        },
    }


def service(server: Server, namespace: str) -> Values:
    """The Service that clients call (port mcp) and Prometheus discovers (port metrics)."""
    labels = _labels(server.name)
    ports = (("mcp", PROXY_MCP_PORT), ("metrics", PROXY_METRICS_PORT))
    # Sessions live in one pod.
    affinity = {"sessionAffinity": "ClientIP"} if server.replicas > 1 else {}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": server.name, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": labels,
            "ports": [{"name": name, "port": port, "targetPort": name} for name, port in ports],
            **affinity,
        },
    }
