"""Every call is attributed to the client that made it, in both eras and on every transport."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from proxy.http.bearer import principal_hash
from proxy.jsonrpc import methods
from proxy.telemetry.catalogue import (
    CLIENT_CALLS,
    CLIENT_INFO,
    CLIENT_RESULTS,
    PRINCIPAL_CALLS,
    RESULT_SIZE,
)
from tests.integration.modern import ModernClient, meta
from tests.integration.pairs import ECHO_SERVER, PAIRS, Pair, pair
from tests.integration.proxies import RunningProxy, eventually, running
from tests.integration.sockets import INITIALIZE, Client, Upstream, call
from tests.integration.sse import SseClient

pytestmark = pytest.mark.slow

CLIENTS = [
    {"name": name, "version": version}
    for name, version in (
        ("claude-code", "2.1.0"),
        ("Visual Studio Code", "1.107.0"),
        ("cursor-vscode", "1.0.0"),
        ("mcp-inspector", "0.18.0"),
        ("Agent Ω", "7"),
    )
]
CALLS = 3
HTTP_PAIRS = [each for each in PAIRS if each[0] != "stdio"]


@pytest.fixture(scope="module", params=HTTP_PAIRS, ids=lambda names: f"{names[0]} to {names[1]}")
def running_pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    with pair(*request.param, command=ECHO_SERVER) as each:
        yield each


def initialize(client: dict[str, str] | None) -> dict[str, Any]:
    declared = {"clientInfo": client} if client else {}
    return {**INITIALIZE, "params": {**INITIALIZE["params"], **declared}}  # type: ignore[dict-item]


def legacy(each: Pair, client: dict[str, str]) -> None:
    if each.client == "sse":
        sse = SseClient(each.proxy.port)
        for message in (initialize(client), *(call(n + 1, text="x") for n in range(CALLS))):
            assert sse.post(message) == 202
            assert "result" in sse.message()
        sse.close()
        return
    http = Client(each.proxy.port)
    http.post(initialize(client))
    response = http.getresponse()
    response.read()
    session = {"mcp_session_id": response.headers["mcp-session-id"]}
    http.post({"jsonrpc": "2.0", "method": methods.INITIALIZED}, **session)
    http.getresponse().read()
    for number in range(CALLS):
        http.post(call(number + 1, arguments={"text": "x"}), **session)
        http.getresponse().read()
    http.close()


def modern(each: Pair, client: dict[str, str]) -> None:
    http = ModernClient(each.proxy.port, "/sse" if each.client == "sse" else "/mcp")
    for number in range(CALLS):
        declared = meta(**{methods.CLIENT_INFO_KEY: client})
        http.send_request(call(number + 1, arguments={"text": "x"}, _meta=declared))
        http.getresponse().read()
    http.close()


@pytest.mark.parametrize("use", [legacy, modern])
def test_every_call_of_a_client_that_declares_itself_is_attributed(
    running_pair: Pair, use: Callable[[Pair, dict[str, str]], None]
) -> None:
    value = running_pair.proxy.value
    clients = [{**each, "name": f"{each['name']} {use.__name__}"} for each in CLIENTS]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda each: use(running_pair, each), clients))
    for each in clients:
        name = each["name"]
        assert value(CLIENT_CALLS.series, client=name, tool_class="unlisted") == CALLS
        assert value(CLIENT_INFO.series, client=name, version=each["version"]) == 1
        assert value(CLIENT_RESULTS.series, client=name) > 0
    assert value(CLIENT_RESULTS.series) == value(f"{RESULT_SIZE.family}_sum")
    assert value(CLIENT_CALLS.series) == sum(
        value(CLIENT_CALLS.series, client=each) for each in names(running_pair.proxy)
    )
    assert not {"unknown", "other"} & names(running_pair.proxy)


def names(proxy: RunningProxy) -> set[str]:
    lines = proxy.get("/metrics").text.splitlines()
    found = (each for each in lines if each.startswith(f"{CLIENT_CALLS.series}{{"))
    return {each.partition('client="')[2].partition('"')[0] for each in found}


def test_a_client_that_does_not_declare_itself_is_that_of_its_user_agent(
    upstream: Upstream, proxy: RunningProxy, client: Client
) -> None:
    client.post(call(), user_agent="curl/8.5.0")
    upstream.accept().answer(b'{"jsonrpc":"2.0","id":1,"result":{}}')
    client.getresponse().read()
    eventually(lambda: names(proxy) == {"curl"}, "the client's name")
    assert proxy.value(CLIENT_INFO.series, client="curl", version="8.5.0") == 1


def test_a_principal_is_named_by_a_keyed_hash_and_its_token_nowhere(upstream: Upstream) -> None:
    token, key = "a-secret-token-of-alice", "0123456789abcdef"
    flags = ("--upstream", upstream.url, "--log-calls", "all")
    with running(*flags, MCP_PROXY_PRINCIPAL_KEY=key) as proxy:
        client, side = Client(proxy.port), None
        for bearer in (token, token, "another-token"):
            client.post(call(), authorization=f"Bearer {bearer}")
            side = side or upstream.accept()
            assert f"authorization: Bearer {bearer}" in side.request()[0]
            side.answer(b'{"jsonrpc":"2.0","id":1,"result":{}}')
            client.getresponse().read()
        principal = principal_hash(token.encode(), key.encode())
        assert proxy.value(PRINCIPAL_CALLS.series, principal=principal, outcome="ok") == 2
        assert proxy.value(PRINCIPAL_CALLS.series) == 3
        lines = eventually(lambda: proxy.logged("call")[2:] and proxy.logged("call"), "the log")
        assert [each["principal"] == principal for each in lines] == [True, True, False]
        for secret in (token, key):
            assert secret not in proxy.get("/metrics").text + json.dumps(proxy.log)
        client.close()


def test_hostile_names_stay_under_the_cap(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--client-cap", "3") as proxy:
        client, side = Client(proxy.port), None
        for number in range(40):
            hostile = {"name": f"\x00{number}\n" + "x" * 4000, "version": f"{number}"}
            client.post(initialize(hostile))
            side = side or upstream.accept()
            side.request()
            side.answer(b'{"jsonrpc":"2.0","id":0,"result":{}}')
            client.getresponse().read()
        found = names(proxy)
        assert len(found) == 4
        assert max(map(len, found)) == 128
        assert proxy.value("mcp_proxy_label_overflow_total", label="client") == 36
        client.close()
