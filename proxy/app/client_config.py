"""What the owner of an MCP client needs to reach the proxy: URL and content of `mcp.json`."""

from collections.abc import Mapping
from ipaddress import ip_address

from ..http.auth_settings import AuthSettings, FixedTokens
from ..values import Address
from .options import BEARER_TOKEN


def client_url(listen: Address, path: str) -> str:
    """Where clients of this machine find the endpoint at `path` of a bound IP address."""
    host = ip_address(listen.host)
    if host.is_unspecified:
        listen = Address("127.0.0.1" if host.version == 4 else "::1", listen.port)
    return f"http://{listen}{path}"


def client_config(urls: Mapping[str, str], access: AuthSettings) -> dict[str, object]:
    """The content of an `mcp.json` for servers by name; a token is named by its variable only."""
    shared: dict[str, object] = {}
    if isinstance(access, FixedTokens):
        shared["headers"] = {"Authorization": f"Bearer ${{{BEARER_TOKEN.variable}}}"}
    entries = {name: {"type": "http", "url": url, **shared} for name, url in urls.items()}
    return {"mcpServers": entries}
