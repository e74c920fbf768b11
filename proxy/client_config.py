"""What the owner of an MCP client needs to reach the proxy: URL and content of `mcp.json`."""

from ipaddress import ip_address

from .access.settings import AccessSettings, FixedTokens
from .options import BEARER_TOKEN, Address


def client_url(listen: Address, path: str) -> str:
    """Where clients of this machine find the endpoint at `path` of a bound IP address."""
    host = ip_address(listen.host)
    if host.is_unspecified:
        listen = Address("127.0.0.1" if host.version == 4 else "::1", listen.port)
    return f"http://{listen}{path}"


def client_config(name: str, url: str, access: AccessSettings) -> dict[str, object]:
    """The content of an `mcp.json` for that server; a token is named by its variable only."""
    entry: dict[str, object] = {"type": "http", "url": url}
    if isinstance(access, FixedTokens):
        entry["headers"] = {"Authorization": f"Bearer ${{{BEARER_TOKEN.variable}}}"}
    return {"mcpServers": {name: entry}}
