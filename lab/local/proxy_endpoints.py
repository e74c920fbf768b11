"""The addresses of a local proxy."""

from dataclasses import dataclass

from lab.local.addresses import Addresses
from stacks.servers import Server


@dataclass(frozen=True, slots=True)
class ProxyEndpoint:
    """The name and transport of a server, and the addresses (host:port) of its proxy."""

    server: str
    transport: str
    pod: str
    mcp: str
    metrics: str

    @property
    def mcp_url(self) -> str:
        return f"http://{self.mcp}/mcp"

    @property
    def metrics_url(self) -> str:
        return f"http://{self.metrics}/metrics"


def proxy_endpoint(server: Server, addresses: Addresses) -> ProxyEndpoint:
    """The proxy of a server of the stack."""
    mcp, metrics = addresses.proxies[server.name]
    return ProxyEndpoint(server.name, server.transport.value, f"{server.name}-0", mcp, metrics)
