"""The demo prints addresses for boards, calls, alerts, traces and servers."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from lab.demo.endpoints_banner import CALLS, BaseUrls, endpoints_banner
from lab.local.proxy_endpoints import ProxyEndpoint

ENDPOINTS = (
    ProxyEndpoint("echo-http", "streamable-http", "echo-http-0", "127.0.0.1:4", "127.0.0.1:5"),
    ProxyEndpoint("echo-stdio", "stdio", "echo-stdio-0", "127.0.0.1:6", "127.0.0.1:7"),
)
URLS = BaseUrls(
    "http://127.0.0.1:1/", "http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:8"
)
BANNER = endpoints_banner(URLS, ENDPOINTS)


def addresses(name: str) -> list[str]:
    """The addresses on the lines of this name."""
    rows = [line.split() for line in BANNER.splitlines()]
    return [row[1] for row in rows if row[:1] == [name]]


def test_the_query_for_calls_groups_by_outcome_and_fault() -> None:
    [address] = addresses("Calls")
    asked = urlsplit(address)
    assert f"{asked.scheme}://{asked.netloc}" == URLS.prometheus
    assert parse_qs(asked.query) == {"query": [CALLS]}
    assert CALLS == "sum by (server,outcome,fault) (mcp_proxy_outcomes_total)"


def test_boards_alerts_traces_and_servers_have_addresses() -> None:
    assert addresses("Boards") == [f"{URLS.boards}d/mcp-home"]
    assert addresses("Alerts") == [f"{URLS.prometheus}/api/v1/alerts"]
    assert addresses("Traces") == [
        f"{URLS.jaeger}/api/traces?service={each.server}" for each in ENDPOINTS
    ]
    assert addresses("echo-stdio") == ["http://127.0.0.1:6/mcp"]


def test_missing_web_pages_and_failing_calls_are_explained() -> None:
    assert "no web pages" in BANNER
    assert "some of which fails on purpose" in BANNER


def test_the_variables_for_a_proxy_of_the_users_own() -> None:
    assert "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8 " in BANNER
    assert "service.namespace=local" in BANNER


def test_no_variables_if_prometheus_scrapes_the_proxies() -> None:
    assert "OTEL_" not in endpoints_banner(replace(URLS, push=""), ENDPOINTS)


def test_a_client_configuration_for_the_servers_of_the_user() -> None:
    own = ProxyEndpoint("My Server", "", "x", "127.0.0.1:8101", "127.0.0.1:9", "/My%20Server/mcp")

    banner = endpoints_banner(URLS, (), (own,))

    text = banner.partition("instead of these servers:\n")[2]
    configuration, _ = json.JSONDecoder().raw_decode(text)
    url = "http://127.0.0.1:8101/My%20Server/mcp"
    assert configuration == {"mcpServers": {"My Server": {"type": "http", "url": url}}}
    assert "service=My%20Server" in banner
    assert "echo servers" not in banner
