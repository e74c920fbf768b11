"""Web pages before the proxy: allowed ones may call and read, others are kept out of every port."""

import json

import pytest
import requests

from tests.integration.proxies import DEADLINE_SECONDS, RunningProxy, eventually, running
from tests.integration.sockets import Client, Upstream, call, result

pytestmark = pytest.mark.slow

APP = "https://app.example"


def test_a_page_of_an_allowed_origin_asks_first_then_calls_and_reads(upstream: Upstream) -> None:
    with running("--upstream", upstream.url, "--allowed-origins", APP) as proxy:
        wanted = {"access-control-request-method": "POST", "access-control-request-headers": "x-a"}
        asked = requests.options(
            proxy.url, headers={"origin": APP, **wanted}, timeout=DEADLINE_SECONDS
        )
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == APP
        assert asked.headers["access-control-allow-headers"] == "x-a"
        client = Client(proxy.port)
        client.post(call(), origin=APP)
        side = upstream.take()
        side.answer(json.dumps(result()).encode())
        answer = client.getresponse()
        answer.read()
        assert answer.getheader("access-control-allow-origin") == APP
        assert "mcp-session-id" in str(answer.getheader("access-control-expose-headers"))
        client.close()


def test_a_refusal_is_counted_by_its_reason_and_logged_for_who_wants_every_call(
    upstream: Upstream,
) -> None:
    refused = {
        "host": ("GET", "/mcp", {"host": "evil.example"}),
        "origin": ("OPTIONS", "/mcp", {"origin": "https://evil.example"}),
        "path": ("POST", "/elsewhere", {}),
        "method": ("PUT", "/mcp", {}),
        "encoding": ("POST", "/mcp", {"content-encoding": "gzip"}),
        "message": ("POST", "/mcp", {}),
    }
    with running("--upstream", upstream.url, "--log-calls", "all") as proxy:
        for method, path, headers in refused.values():
            requests.request(
                method,
                f"http://{proxy.mcp}{path}",
                headers=headers,
                data=b"x",
                timeout=DEADLINE_SECONDS,
            )
        for reason in refused:
            assert proxy.value("mcp_proxy_refusals_total", reason=reason) == 1
        assert proxy.value("mcp_proxy_refusals_total") == len(refused)
        eventually(lambda: len(proxy.logged("refused")) == len(refused), "a line for each refusal")
        assert [line["error_type"] for line in proxy.logged("refused")] == [*refused]


def test_a_page_that_rebinds_its_name_reaches_no_port(proxy: RunningProxy) -> None:
    evil = {"host": "evil.example"}
    for address in (
        proxy.url,
        f"http://{proxy.metrics}/metrics",
        f"http://{proxy.metrics}/healthz",
    ):
        refused = requests.get(address, headers=evil, timeout=DEADLINE_SECONDS)
        assert refused.status_code == 403
        assert "--allowed-hosts" in refused.text
    (answer,) = proxy.logged("metrics refused")
    assert "'evil.example'" in answer["reason"]
