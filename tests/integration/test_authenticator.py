"""Who may call: bearer tokens on the wire, and that they go no further."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from proxy.telemetry.catalogue import PRINCIPAL_CALLS
from tests.http_edge import Handler, serving
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream, call, result
from tests.proxy.frontend.issuer import AUDIENCE, ISSUER, document, public, token

pytestmark = pytest.mark.slow

TOKEN = "0123456789abcdef-of-a-friend"


def refused(proxy: RunningProxy, **headers: str) -> str:
    """The challenge in the response to an unauthorized call."""
    client = Client(proxy.port)
    client.post(call(), **headers)
    response = client.getresponse()
    response.read()
    client.close()
    assert response.status == 401
    return response.getheader("www-authenticate") or ""


def test_only_who_shows_the_token_is_let_in_and_the_server_never_sees_it(
    upstream: Upstream,
) -> None:
    with running("--upstream", upstream.url, MCP_PROXY_BEARER_TOKEN=TOKEN) as proxy:
        assert refused(proxy) == 'Bearer realm="mcp"'
        assert 'error="invalid_token"' in refused(proxy, authorization="Bearer wrong")
        assert refused(proxy, authorization=f"Basic {TOKEN}") == 'Bearer realm="mcp"'
        proxy.counted({("unknown", "rejected", "caller"): 3})
        client = Client(proxy.port)
        client.post(call(), authorization=f"Bearer {TOKEN}")
        side = upstream.accept()
        head, _ = side.request()
        assert "authorization" not in head.lower()
        assert TOKEN not in head
        side.answer(json.dumps(result()).encode())
        assert client.answer() == (200, result())
        assert TOKEN not in proxy.get("/metrics").text
        assert TOKEN not in json.dumps(proxy.log)
        client.close()


@contextmanager
def published(keys: bytes) -> Iterator[str]:
    """An issuer's keys at a URL."""

    class Keys(Handler):
        def do_GET(self) -> None:
            self.answer(200, keys)

    with serving(Keys) as url:
        yield f"{url}/keys"


def test_a_claim_of_the_token_names_the_principal(upstream: Upstream) -> None:
    bearer = token(sub="alice").decode()
    with (
        published(document(public("RS256"))) as url,
        running("--upstream", upstream.url, *jwt_flags(url), "--principal-claim", "sub") as proxy,
    ):
        client = Client(proxy.port)
        client.post(call(), authorization=f"Bearer {bearer}")
        upstream.accept().answer(json.dumps(result()).encode())
        assert client.answer() == (200, result())
        assert proxy.value(PRINCIPAL_CALLS.series, principal="alice", outcome="ok") == 1
        client.close()


def jwt_flags(url: str) -> tuple[str, ...]:
    return ("--jwt-keys-url", url, "--jwt-issuer", ISSUER, "--jwt-audience", AUDIENCE)


def test_a_json_web_token_opens_and_ends_at_the_proxy(upstream: Upstream) -> None:
    good, foreign = token().decode(), token(aud="https://elsewhere.example").decode()
    nowhere = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "", "NO_PROXY": ""}
    with (
        published(document(public("RS256"))) as url,
        running("--upstream", upstream.url, *jwt_flags(url), **nowhere) as proxy,
    ):
        where = "https://mcp.example/.well-known/oauth-protected-resource/mcp"
        assert refused(proxy) == f'Bearer realm="mcp", resource_metadata="{where}"'
        assert 'error="invalid_token"' in refused(proxy, authorization=f"Bearer {foreign}")
        client = Client(proxy.port)
        side = None
        for number in range(2):
            client.post(call(number), authorization=f"Bearer {good}")
            side = side or upstream.accept()
            head, _ = side.request()
            assert "authorization" not in head.lower()
            side.answer(json.dumps(result(number)).encode())
            assert client.answer() == (200, result(number))
        shown = requests.get(f"http://{proxy.mcp}/.well-known/oauth-protected-resource", timeout=5)
        assert shown.json()["authorization_servers"] == [ISSUER]
        answer = json.dumps(proxy.log) + proxy.get("/metrics").text
        assert not [each for each in (good, foreign) if each in answer]
        client.close()


def test_while_the_issuer_cannot_be_reached_clients_are_asked_to_come_back(
    upstream: Upstream,
) -> None:
    flags = jwt_flags("http://127.0.0.1:1/keys?key=secret")
    with running("--upstream", upstream.url, *flags) as proxy, Client(proxy.port) as client:
        client.post(call(), authorization=f"Bearer {token().decode()}")
        response = client.getresponse()
        assert (response.status, response.getheader("retry-after")) == (503, "5")
        [line, *_] = eventually(lambda: proxy.logged("keys not fetched"), "the reason in the log")
        assert line["url"] == "http://127.0.0.1:1/keys?..."


@pytest.mark.parametrize(
    "start", ["GET /sse", "POST /messages?session_id=x", "GET /mcp", "DELETE /mcp", "POST /mcp"]
)
def test_no_part_of_the_endpoint_opens_without_the_token(upstream: Upstream, start: str) -> None:
    with running("--upstream", upstream.url, MCP_PROXY_BEARER_TOKEN=TOKEN) as proxy:
        head = f"{start} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
        assert Client(proxy.port).raw(head).startswith(b"HTTP/1.1 401 ")
