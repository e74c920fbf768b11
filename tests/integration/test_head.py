"""What the upstream gets of a request beside its message: headers, trace context, connections."""

import json

import pytest

from tests.integration.modern import ModernClient, meta
from tests.integration.proxies import RunningProxy, running
from tests.integration.sockets import INITIALIZE, NO_SESSION, Client, Upstream, call, result
from tests.integration.sse import SseClient

pytestmark = pytest.mark.slow


def test_only_end_to_end_headers_cross(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(
        call(),
        authorization="Bearer t",
        connection="keep-alive, x-private",
        x_private="secret",
        te="trailers",
        accept_encoding="gzip",
    )
    side = upstream.accept()
    lines = side.request()[0].lower().split("\r\n")
    names = [line.partition(":")[0] for line in lines[1:]]
    assert "authorization: bearer t" in lines
    assert f"host: 127.0.0.1:{upstream.port}" in lines
    assert "accept-encoding: identity" in lines
    assert names.count("host") == names.count("content-length") == 1
    assert not {"connection", "x-private", "te", "transfer-encoding"} & set(names)
    side.answer(json.dumps(result()).encode(), extra="x-kept: 1\r\nkeep-alive: timeout=5\r\n")
    response = client.getresponse()
    assert response.getheader("x-kept") == "1"
    assert response.getheader("keep-alive") is None


def test_queries_of_the_upstream_url_and_of_the_client_both_cross(upstream: Upstream) -> None:
    with running("--upstream", f"{upstream.url}?key=1") as proxy, Client(proxy.port) as client:
        client.request("DELETE", "/mcp?a=b&KEY=2")
        side = upstream.accept()
        assert side.request()[0].startswith("DELETE /mcp?key=1&a=b HTTP/1.1\r\n")
        side.answer(b"", "405 No")
        assert client.getresponse().status == 405


SECRET = "canary-of-the-operator"
OWN = ("--header", "Authorization=Bearer ${KEY}", "--header", "X-Team=red")


def carries_them(head: str) -> bool:
    """Whether a request has the operator's header lines, and none of the client's instead."""
    lines = head.lower().split("\r\n")
    own = [each for each in lines if each.startswith(("authorization:", "x-team:", "x_team:"))]
    assert "x-other: 1" in lines
    return own == [f"authorization: bearer {SECRET}", "x-team: red"]


@pytest.mark.parametrize("kind", ["legacy", "modern", "HTTP+SSE"])
@pytest.mark.parametrize("server", ["streamable-http", "sse"])
def test_the_operators_header_lines_go_with_every_request_and_clients_cannot_change_them(
    kind: str, server: str
) -> None:
    upstream = Upstream(legacy=False)
    flags = ("--upstream", upstream.url, "--upstream-transport", server, *OWN)
    with running(*flags, KEY=SECRET) as proxy:
        given = {
            "authorization": "Bearer client",
            "X-Team": "blue",
            "X_Team": "blue",
            "x-other": "1",
        }
        client = {"legacy": Client, "modern": ModernClient, "HTTP+SSE": SseClient}[kind](proxy.port)
        if isinstance(client, ModernClient):
            client.send_request(call(0, _meta=meta()), **given)
        else:
            client.post(INITIALIZE, **given)
        side = upstream.accept()
        head, body = side.request()
        assert carries_them(head)
        if server == "sse":
            side.start_events()
            side.chunk(b"event: endpoint\ndata: /m\n\n")
            assert carries_them(upstream.accept().request()[0])
        elif kind != "legacy":
            assert b"server/discover" in body
            side.answer(json.dumps(NO_SESSION).encode(), "400 Bad Request")
            assert carries_them(side.request()[0])
        assert SECRET not in str(proxy.log) + proxy.get("/metrics").text
        client.close()
    upstream.close()


def test_a_refusal_of_the_operators_token_sends_no_client_to_an_issuer(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, *OWN, KEY=SECRET) as proxy:
        client = Client(proxy.port)
        client.request("GET", "/.well-known/oauth-protected-resource")
        response = client.getresponse()
        assert (response.status, response.read() != b"") == (404, True)
        client.close()
