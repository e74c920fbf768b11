"""Network policies: only clients reach MCP, only Prometheus the metrics, only parts each other.

Kubelets reach the pods of their node in any case, for their probes.
"""

from stacks.charts import Component
from stacks.config import StackConfig
from stacks.endpoints import (
    COLLECTOR_OWN_PORT,
    COLLECTOR_SERIES_PORT,
    OTLP_GRPC_PORT,
    OTLP_HTTP_PORT,
    PROXY_MCP_PORT,
    PROXY_METRICS_PORT,
)
from stacks.monitors import PROXY_APP, collector_selector
from stacks.values import Values

_NAMESPACE = "kubernetes.io/metadata.name"
_PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
_TOOLHIVE_APPS = ["mcpserver", "mcpremoteproxy"]


def network_policies(config: StackConfig) -> tuple[Values, ...]:
    """The policies of the servers' namespace and of the collector, or none."""
    clients = config.network_policies
    if clients is None:
        return ()
    names = config.namespaces
    callers = [_namespace(each) for each in dict.fromkeys((*clients, names.servers))]
    prometheus = {**_namespace(names.monitoring), "podSelector": {"matchLabels": _PROMETHEUS}}
    app = "app.kubernetes.io/name"
    ours = {"matchLabels": {app: PROXY_APP}}
    toolhives = {"matchExpressions": [{"key": app, "operator": "In", "values": _TOOLHIVE_APPS}]}
    policies = (
        # Servers behind ToolHive's proxies are reached by these alone.
        _policy("servers", names.servers, {}, [_rule([{"podSelector": toolhives}], [])]),
        _policy(
            "proxies",
            names.servers,
            ours,
            [_rule(callers, [PROXY_MCP_PORT]), _rule([prometheus], [PROXY_METRICS_PORT])],
        ),
        # ToolHive's proxies have one port for both.
        _policy(
            "toolhive-proxies",
            names.servers,
            toolhives,
            [_rule([*callers, prometheus], [PROXY_MCP_PORT])],
        ),
    )
    if not config.components.installed(Component.COLLECTOR):
        return policies
    pushed = _rule([_namespace(names.servers)], [OTLP_GRPC_PORT, OTLP_HTTP_PORT])
    scraped = _rule([prometheus], [COLLECTOR_OWN_PORT, COLLECTOR_SERIES_PORT])
    selector = {"matchLabels": collector_selector()}
    return (*policies, _policy("collector", names.monitoring, selector, [pushed, scraped]))


def _namespace(name: str) -> Values:
    return {"namespaceSelector": {"matchLabels": {_NAMESPACE: name}}}


def _rule(sources: list[Values], ports: list[int]) -> Values:
    allowed = {"ports": [{"protocol": "TCP", "port": each} for each in ports]} if ports else {}
    return {"from": sources, **allowed}


def _policy(name: str, namespace: str, selector: Values, ingress: list[Values]) -> Values:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"mcp-{name}", "namespace": namespace},
        "spec": {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": ingress},
    }
