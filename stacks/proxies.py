"""MCP servers behind our proxy: a Deployment and a Service for each."""

from dataclasses import dataclass

from stacks import server_secrets
from stacks.charts import Namespace
from stacks.config import StackConfig
from stacks.endpoints import COLLECTOR_OTLP_HTTP, PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.monitors import PROXY_APP, SERVER_LABEL
from stacks.servers import Server
from stacks.values import Values

POD_NAME = "$(POD_NAME)"
"""Expanded to the pod's name by Kubernetes."""

_NONROOT = 65532
_DRAIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """Environment and arguments of one proxy, the same on a cluster and as a local process."""

    server: str
    namespace: str
    environment: dict[str, str]
    arguments: tuple[str, ...]


def proxy_plan(config: StackConfig, server: Server) -> ProxyPlan:
    """The proxy of one server."""
    namespace = Namespace.SERVERS.value
    resource = {
        "service.namespace": namespace,
        "k8s.namespace.name": namespace,
        "k8s.pod.name": POD_NAME,
    }
    environment = {
        "MCP_PROXY_LISTEN": f"0.0.0.0:{PROXY_MCP_PORT}",
        "MCP_PROXY_METRICS_LISTEN": f"0.0.0.0:{PROXY_METRICS_PORT}",
        "MCP_PROXY_DRAIN_TIMEOUT": str(_DRAIN_SECONDS),
        **({} if server.command else _upstream(server)),
        "OTEL_SERVICE_NAME": server.name,
        "OTEL_RESOURCE_ATTRIBUTES": ",".join(f"{key}={each}" for key, each in resource.items()),
        "OTEL_EXPORTER_OTLP_ENDPOINT": COLLECTOR_OTLP_HTTP.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": f"{config.trace_sampling_percent / 100:.2f}",
        "OTEL_METRIC_EXPORT_INTERVAL": str(config.push_interval_seconds * 1000),
        **config.architecture.proxy_environment,
    }
    arguments = ("--", *server_secrets.command(server)) if server.command else ()
    return ProxyPlan(server.name, namespace, environment, arguments)


def _upstream(server: Server) -> dict[str, str]:
    return {
        "MCP_PROXY_UPSTREAM": f"http://127.0.0.1:{server.port}{server.path}",
        "MCP_PROXY_UPSTREAM_TRANSPORT": server.transport.value,
    }


def _labels(server: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": PROXY_APP, SERVER_LABEL: server}


def _confined(container: Values) -> Values:
    return {
        **container,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def _probe(path: str) -> Values:
    return {"httpGet": {"path": path, "port": "metrics"}}


def _proxy_container(config: StackConfig, server: Server, plan: ProxyPlan) -> Values:
    pod_name = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    settings = [{"name": name, "value": each} for name, each in plan.environment.items()]
    own = server_secrets.variables(server) if server.command else []
    container: Values = {
        "name": "proxy",
        # A stdio server runs as a child of the proxy, so its image is built from the proxy's.
        "image": server.image if server.command else config.proxy_image,
        "env": [pod_name, *settings, *own],
        "ports": [
            {"name": "mcp", "containerPort": PROXY_MCP_PORT},
            {"name": "metrics", "containerPort": PROXY_METRICS_PORT},
        ],
        "livenessProbe": _probe("/healthz"),
        "readinessProbe": _probe("/readyz"),
        "resources": {
            "requests": {"cpu": "50m", "memory": "96Mi"},
            "limits": {"memory": "256Mi"},
        },
    }
    return _confined({**container, **({"args": list(plan.arguments)} if plan.arguments else {})})


def _server_containers(server: Server) -> list[Values]:
    if server.command:
        return []
    container: Values = {
        "name": "server",
        "image": server.image,
        "ports": [{"name": "upstream", "containerPort": server.port}],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
    }
    if own := server_secrets.variables(server):
        container["env"] = own
    if server.arguments:
        container["args"] = server_secrets.arguments(server)
    return [_confined(container)]


def deployment(config: StackConfig, server: Server, plan: ProxyPlan) -> Values:
    """The pod of one server: proxy and server, or the proxy alone if the server is its child."""
    labels = _labels(server.name)
    pod = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _DRAIN_SECONDS + 15,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NONROOT,
            "runAsGroup": _NONROOT,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_proxy_container(config, server, plan), *_server_containers(server)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": server.name, "namespace": plan.namespace, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, **server_secrets.annotations(server)},
                "spec": pod,
            },
        },
    }


def service(server: str, namespace: str) -> Values:
    """The Service that clients call (port mcp) and Prometheus discovers (port metrics)."""
    labels = _labels(server)
    ports = (("mcp", PROXY_MCP_PORT), ("metrics", PROXY_METRICS_PORT))
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": server, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": labels,
            "ports": [{"name": name, "port": port, "targetPort": name} for name, port in ports],
        },
    }
