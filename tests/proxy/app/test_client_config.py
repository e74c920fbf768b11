"""What is notified to the owner of an MCP client."""

import pytest

from proxy.app.client_config import client_config, client_url
from proxy.http.auth_settings import AuthSettings, FixedTokens
from proxy.values import Address
from tests.proxy.frontend.issuer import TERMS


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/mcp"),
        ("192.0.2.7", "http://192.0.2.7:8080/mcp"),
        ("::1", "http://[::1]:8080/mcp"),
        ("0.0.0.0", "http://127.0.0.1:8080/mcp"),
        ("::", "http://[::1]:8080/mcp"),
    ],
)
def test_a_url_is_one_that_a_client_of_this_machine_can_call(host: str, url: str) -> None:
    assert client_url(Address(host, 8080), "/mcp") == url


def test_a_fixed_token_is_named_and_not_shown() -> None:
    config = client_config({"s": "http://a/mcp"}, FixedTokens((b"0123456789abcdef",)))
    headers = {"Authorization": "Bearer ${MCP_PROXY_BEARER_TOKEN}"}
    entry = {"type": "http", "url": "http://a/mcp", "headers": headers}
    assert config == {"mcpServers": {"s": entry}}


@pytest.mark.parametrize("access", [None, TERMS])
def test_without_one_the_url_is_all(access: AuthSettings) -> None:
    entry = {"type": "http", "url": "http://a/mcp"}
    assert client_config({"s": "http://a/mcp"}, access) == {"mcpServers": {"s": entry}}
