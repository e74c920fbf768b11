"""How clients reach the servers: Ingress objects, URLs and entries for their configuration."""

from stacks.charts import Namespaces
from stacks.config import StackConfig
from stacks.endpoints import Endpoint, mcp_endpoint, mcp_path
from stacks.servers import Server
from stacks.values import Values

FIRST_LOCAL_PORT = 8081
"""Port-forwards of the servers use this port of the local machine and the following ones."""


def ingress(server: Server, namespaces: Namespaces) -> Values | None:
    """The Ingress of a server, if it has one."""
    found = server.ingress
    if found is None:
        return None
    endpoint = mcp_endpoint(server, namespaces)
    backend = {"service": {"name": endpoint.service, "port": {"number": endpoint.port}}}
    rule = {"host": found.host, "http": {"paths": [_everything(backend)]}}
    tls = [{"hosts": [found.host], "secretName": found.tls_secret}]
    optional = {"ingressClassName": found.class_name, "tls": tls if found.tls_secret else []}
    annotations = {"annotations": dict(found.annotations)} if found.annotations else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": server.name, "namespace": endpoint.namespace, **annotations},
        "spec": {**{name: each for name, each in optional.items() if each}, "rules": [rule]},
    }


def _everything(backend: Values) -> Values:
    return {"path": "/", "pathType": "Prefix", "backend": backend}


def port_forward(endpoint: Endpoint, local_port: int) -> str:
    """The kubectl command that forwards a local port to a Service."""
    target = f"svc/{endpoint.service} {local_port}:{endpoint.port}"
    return f"kubectl --namespace {endpoint.namespace} port-forward {target}"


def described(config: StackConfig) -> dict[str, Values]:
    """For each server its URLs, and an entry for the `mcp.json` of a client.

    The entry has the URL outside the cluster, or that of the port-forward.
    """
    return {
        server.name: _described(server, config, FIRST_LOCAL_PORT + index)
        for index, server in enumerate(config.servers)
    }


def _token(server: Server) -> Values:
    if server.token is None and server.jwt is None:
        return {}
    return {"headers": {"Authorization": "Bearer ${MCP_TOKEN}"}}


def _described(server: Server, config: StackConfig, local_port: int) -> Values:
    endpoint, path = mcp_endpoint(server, config.namespaces), mcp_path(server, config.profile)
    kind = "sse" if path == "/sse" else "http"
    external = {"externalUrl": server.ingress.url + path} if server.ingress else {}
    reached = external.get("externalUrl", f"http://127.0.0.1:{local_port}{path}")
    return {
        "url": endpoint.url + path,
        **external,
        "portForward": port_forward(endpoint, local_port),
        "client": {"mcpServers": {server.name: {"type": kind, "url": reached, **_token(server)}}},
    }
