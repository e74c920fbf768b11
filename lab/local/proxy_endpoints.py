"""The addresses of a local proxy."""

from dataclasses import dataclass

from lab.local.addresses import Addresses
from lab.local.user_servers import UserServers
from proxy.app.config_file import Entry
from stacks.servers import Server


@dataclass(frozen=True, slots=True)
class ProxyEndpoint:
    """The name and transport of a server, and the addresses (host:port) of its proxy.

    That a user's server has HTTP+SSE is known only where the user's file says so.
    """

    server: str
    transport: str
    pod: str
    mcp: str
    metrics: str
    mcp_path: str = "/mcp"

    @property
    def mcp_url(self) -> str:
        return f"http://{self.mcp}{self.mcp_path}"

    @property
    def metrics_url(self) -> str:
        return f"http://{self.metrics}/metrics"


def proxy_endpoint(server: Server, addresses: Addresses) -> ProxyEndpoint:
    """The proxy of a server of the stack."""
    mcp, metrics = addresses.proxies[server.name]
    return ProxyEndpoint(server.name, server.transport.value, f"{server.name}-0", mcp, metrics)


def user_endpoint(name: str, servers: UserServers, addresses: Addresses) -> ProxyEndpoint:
    """The proxy of a server of the user's, which serves it below its name."""
    mcp, metrics = addresses.proxies[name]
    path = f"{Entry(name).mount}/mcp"
    transport, process = servers.transports[name], servers.process_name(name)
    return ProxyEndpoint(name, transport, process, mcp, metrics, path)
