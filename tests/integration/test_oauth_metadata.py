"""A server that asks for OAuth tokens: its clients find out how through the proxy, and get in."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.http_edge import Handler, serving
from tests.integration.modern import ModernClient, meta
from tests.integration.proxies import running
from tests.integration.sockets import INITIALIZE, Client, Upstream, call
from tests.integration.test_authenticator import TOKEN

pytestmark = pytest.mark.slow

METADATA = "/.well-known/oauth-protected-resource"
GOOD = "the-token"
CALLBACK = "http://localhost:1/callback"


class Guarded(Handler):
    """An MCP server that issues its own tokens, for its own address only."""

    def do_GET(self) -> None:
        own = f"http://{self.headers['Host']}"
        at = urlsplit(self.path)
        if at.path.startswith(METADATA):
            self.say({"resource": f"{own}/mcp", "authorization_servers": [own]})
        elif at.path == "/.well-known/oauth-authorization-server":
            self.say(
                {
                    "issuer": own,
                    "authorization_endpoint": f"{own}/authorize",
                    "token_endpoint": f"{own}/token",
                    "registration_endpoint": f"{own}/register",
                    "response_types_supported": ["code"],
                    "code_challenge_methods_supported": ["S256"],
                }
            )
        elif at.path == "/authorize":
            state = parse_qs(at.query)["state"][0]
            query = urlencode({"code": "code", "state": state})
            self.answer(302, headers={"Location": f"{CALLBACK}?{query}"})
        else:
            self.answer(405 if self.is_let_in() else 401)

    def do_POST(self) -> None:
        body = self.body()
        if self.path == "/register":
            self.say({**json.loads(body), "client_id": "c"}, 201)
        elif self.path == "/token":
            self.say({"access_token": GOOD, "token_type": "Bearer"})
        elif not self.is_let_in():
            named = f"http://{self.headers['Host']}{METADATA}/mcp"
            challenge = f'Bearer error="invalid_token", resource_metadata="{named}", scope="s"'
            self.answer(401, "{}", {"WWW-Authenticate": challenge})
        else:
            self.take(json.loads(body))

    def take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self.answer(202)
            return
        result: dict[str, Any] = {"content": [], "tools": []}
        if message["method"] == "initialize":
            version = message["params"]["protocolVersion"]
            info = {"name": "s", "version": "1"}
            result = {"protocolVersion": version, "capabilities": {}, "serverInfo": info}
        self.say({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def is_let_in(self) -> bool:
        return bool(self.headers["Authorization"] == f"Bearer {GOOD}")

    def say(self, document: Any, status: int = 200) -> None:
        self.answer(status, json.dumps(document), {"Content-Type": "application/json"})


class Wallet:
    """What a client keeps of its tokens."""

    def __init__(self) -> None:
        self.token: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.token

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.token = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def use(url: str) -> None:
    """Call a tool as the official SDK's client does, with a user who agrees to everything."""
    answered: dict[str, list[str]] = {}

    async def on_redirect(where: str) -> None:
        async with httpx2.AsyncClient() as browser:
            response = await browser.get(where)
        answered.update(parse_qs(urlsplit(response.headers["location"]).query))

    async def on_callback() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=answered["code"][0], state=answered["state"][0])

    metadata = OAuthClientMetadata.model_validate({"redirect_uris": [CALLBACK]})
    provider = OAuthClientProvider(url, metadata, Wallet(), on_redirect, on_callback)
    async with (
        httpx2.AsyncClient(auth=provider) as http_client,
        streamable_http_client(url, http_client=http_client) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        assert not (await session.call_tool("echo", {})).is_error


def test_the_sdk_gets_a_token_of_the_server_and_is_authorized() -> None:
    with serving(Guarded) as url, running("--upstream", f"{url}/mcp") as proxy:
        asyncio.run(use(proxy.url))
        assert proxy.outcomes()["tools/call", "ok", "none"] == 1


@pytest.mark.parametrize(
    ("transport", "path", "asked"),
    [("streamable-http", "/v1/mcp", "/v1/mcp"), ("sse", "/sse", "/mcp"), ("sse", "/sse", "/sse")],
)
def test_documents_name_the_address_that_the_client_used(
    upstream: Upstream, transport: str, path: str, asked: str
) -> None:
    at = f"http://127.0.0.1:{upstream.port}"
    flags = ("--upstream", f"{at}{path}?key=s3cr3t", "--upstream-transport", transport)
    with running(*flags) as proxy, Client(proxy.port) as client:
        outside = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}
        client.request("GET", f"{METADATA}{asked}", headers=outside)
        side = upstream.accept()
        assert side.request()[0].startswith(f"GET {METADATA}{path} HTTP/1.1\r\n")
        side.answer(json.dumps({"resource": f"{at}{path}", "scopes_supported": ["s"]}).encode())
        response = client.getresponse()
        assert response.getheader("cache-control") == "no-store"
        answer = {"resource": f"https://a.example{asked}", "scopes_supported": ["s"]}
        assert json.loads(response.read()) == answer


@pytest.mark.parametrize(
    ("answer", "status"),
    [("404 Not Found", 404), ("302 Found", 302), ("600 Odd", 502), ("", 502)],
)
def test_a_missing_document_is_reported(upstream: Upstream, answer: str, status: int) -> None:
    with running("--upstream", upstream.url) as proxy, Client(proxy.port) as client:
        client.request("GET", METADATA)
        side = upstream.take()
        if answer:
            side.answer(b"no", answer)
        else:
            side.close()
        response = client.getresponse()
        assert (response.status, response.read() != b"") == (status, True)
        assert proxy.outcomes() == {}


def test_a_client_that_leaves_before_its_document_came_is_forgotten(upstream: Upstream) -> None:
    with running("--upstream", upstream.url) as proxy:
        client = Client(proxy.port)
        client.request("GET", METADATA)
        side = upstream.take()
        client.close()
        assert side.at_end()
        assert proxy.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("kind", "server", "era"),
    [
        ("legacy", "sse", "legacy"),
        ("modern", "sse", "legacy"),
        ("modern", "streamable-http", "legacy"),
        ("legacy", "streamable-http", "modern"),
    ],
)
def test_a_server_that_asks_for_a_token_is_heard_where_messages_are_translated(
    kind: str, server: str, era: str
) -> None:
    upstream = Upstream(legacy=False)
    flags = ("--upstream", upstream.url, "--upstream-transport", server, "--upstream-era", era)
    with running(*flags) as proxy:
        client: Client = ModernClient(proxy.port) if kind == "modern" else Client(proxy.port)
        if isinstance(client, ModernClient):
            client.send_request(call(0, _meta=meta()))
        else:
            client.post(INITIALIZE)
        side = upstream.take()
        side.answer(
            b'{"error":"invalid_token"}', "401 Unauthorized", "www-authenticate: Bearer\r\n"
        )
        response = client.getresponse()
        answer = json.loads(response.read())
        assert (response.status, answer["id"]) == (401, 0)
        assert "invalid_token" in answer["error"]["message"]
        challenge = response.getheader("www-authenticate")
        named = f"http://127.0.0.1:{proxy.port}{METADATA}/mcp"
        assert challenge == f'Bearer realm="mcp", resource_metadata="{named}"'
        client.close()
    upstream.close()


def test_a_proxy_that_asks_for_tokens_itself_names_no_others(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, MCP_PROXY_BEARER_TOKEN=TOKEN) as proxy:
        client = Client(proxy.port)
        client.request("GET", METADATA, headers={"Authorization": f"Bearer {TOKEN}"})
        response = client.getresponse()
        assert (response.status, response.read() != b"") == (404, True)
        challenge = f'Bearer resource_metadata="http://127.0.0.1:{upstream.port}{METADATA}"'
        again = Client(proxy.port)
        again.post(call(), authorization=f"Bearer {TOKEN}")
        side = upstream.take()
        side.answer(b"", "401 No", f"www-authenticate: {challenge}\r\n")
        assert again.getresponse().getheader("www-authenticate") == challenge
        for each in (client, again):
            each.close()
