"""A local proxy as its users see it."""

from dataclasses import dataclass

from lab.addresses import Addresses
from stacks.servers import Server


@dataclass(frozen=True, slots=True)
class Front:
    """Its server's name and transport, and where it listens."""

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


def front_of(server: Server, addresses: Addresses) -> Front:
    """The proxy that stands before a server of the stack."""
    mcp, metrics = addresses.proxies[server.name]
    return Front(server.name, server.transport.value, f"{server.name}-0", mcp, metrics)
