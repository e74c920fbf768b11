"""What a streamable HTTP server of 2026-07-28 gets of a client with a session."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from proxy.jsonrpc import methods
from tests.integration.proxies import RunningProxy
from tests.integration.scripted_http import (
    CALL,
    OFFERED,
    answer,
    asked,
    give,
    refuse,
    scripted,
)
from tests.integration.sockets import (
    INITIALIZE,
    Client,
    Upstream,
    call,
)
from tests.integration.test_cross_era_http import INITIALIZED

pytestmark = pytest.mark.slow


def test_cookies_of_a_modern_server_go_back_in_a_legacy_clients_session() -> None:
    with scripted("--upstream-era", "modern") as (upstream, proxy), Client(proxy.port) as client:
        client.post(INITIALIZE)
        side, _, discover = asked(upstream)
        opened = {"jsonrpc": "2.0", "id": discover["id"], "result": OFFERED}
        answer(side, opened, extra="set-cookie: LB=node1\r\n")
        response = client.getresponse()
        response.read()
        client.post(call(1), mcp_session_id=response.getheader("mcp-session-id") or "")
        side, head, forwarded = asked(upstream)
        assert "\r\ncookie: lb=node1\r\n" in head
        give(side, forwarded)
        assert client.answer()[0] == 200


def test_the_query_of_a_legacy_client_reaches_a_modern_server() -> None:
    with scripted("--upstream-era", "modern") as (upstream, proxy):
        client = Client(proxy.port, "/mcp?key=a")
        client.post(INITIALIZE)
        side, head, discover = asked(upstream)
        assert head.split()[1] == "/mcp?key=a"
        give(side, discover, **OFFERED)
        assert client.getresponse().read()
        client.close()


@contextmanager
def session(*flags: str) -> Iterator[tuple[Upstream, RunningProxy, Client, str]]:
    """A legacy client's session before a modern server that the test plays."""
    with scripted(*flags) as (upstream, proxy), Client(proxy.port) as client:
        client.post(INITIALIZE, authorization="Bearer x")
        if not flags:
            side, _, opening = asked(upstream)
            assert opening == INITIALIZE
            refuse(side, opening, -32022, "400 Bad Request")
            side, _, probe = asked(upstream)
            give(side, probe, **OFFERED)
        side, head, discover = asked(upstream)
        assert discover["method"] == methods.DISCOVER
        assert "\r\nauthorization: bearer x" in head
        give(side, discover, **OFFERED)
        response = client.getresponse()
        assert json.loads(response.read())["result"]["protocolVersion"] == "2025-06-18"
        yield upstream, proxy, client, response.getheader("mcp-session-id") or ""


@pytest.mark.parametrize("flags", [(), ("--upstream-era", "modern")])
def test_a_modern_server_gets_headers_that_agree_with_the_body(flags: tuple[str, ...]) -> None:
    with session(*flags) as (upstream, proxy, client, name):
        client.post(call("c", "naïve"), mcp_session_id=name, mcp_protocol_version="2025-06-18")
        side, head, forwarded = asked(upstream)
        assert forwarded["params"]["_meta"][methods.VERSION_KEY] == "2026-07-28"
        for line in (
            "mcp-protocol-version: 2026-07-28",
            "mcp-method: tools/call",
            "mcp-name: =?base64?bmHDr3Zl?=".lower(),
        ):
            assert head.count(f"\r\n{line}") == 1
        assert "mcp-session-id" not in head
        give(side, forwarded, resultType="complete")
        status, message = client.answer()
        assert (status, message["id"]) == (200, "c")
        proxy.counted({INITIALIZED: 1, (CALL, "ok", "none"): 1})


def test_arguments_that_travel_as_headers_are_known_from_the_tools_list() -> None:
    with session("--upstream-era", "modern") as (upstream, _, client, name):
        client.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, mcp_session_id=name)
        side, _, forwarded = asked(upstream)
        region = {"type": "string", "x-mcp-header": "Region"}
        schema = {"type": "object", "properties": {"where": region}}
        give(side, forwarded, tools=[{"name": "t", "inputSchema": schema}])
        client.answer()
        client.post(call(2, "t", arguments={"where": "us-west1"}), mcp_session_id=name)
        side, head, forwarded = asked(upstream)
        assert "\r\nmcp-param-region: us-west1" in head
        give(side, forwarded)
        assert client.answer()[0] == 200


def test_an_upstream_that_is_lost_fails_the_call_with_its_own_id() -> None:
    with session("--upstream-era", "modern") as (upstream, proxy, client, name):
        client.post(call("l", "echo"), mcp_session_id=name)
        side, _, _ = asked(upstream)
        side.close()
        upstream_lost = client.answer()
        assert (upstream_lost[0], upstream_lost[1]["id"]) == (502, "l")
        proxy.counted({INITIALIZED: 1, (CALL, "transport_error", "server"): 1})
