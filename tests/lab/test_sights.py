"""Whoever starts a demo is shown addresses that answer with what MCP calls came to."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from lab.demo.sights import CALLS, Places, sights
from lab.front import Front

FRONTS = (
    Front("echo-http", "streamable-http", "echo-http-0", "127.0.0.1:4", "127.0.0.1:5"),
    Front("echo-stdio", "stdio", "echo-stdio-0", "127.0.0.1:6", "127.0.0.1:7"),
)
PLACES = Places(
    "http://127.0.0.1:1/", "http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:8"
)
SHOWN = sights(PLACES, FRONTS)


def addresses(name: str) -> list[str]:
    """The addresses on the lines of this name."""
    rows = [line.split() for line in SHOWN.splitlines()]
    return [row[1] for row in rows if row[:1] == [name]]


def test_calls_are_asked_by_outcome_and_fault() -> None:
    [address] = addresses("Calls")
    asked = urlsplit(address)
    assert f"{asked.scheme}://{asked.netloc}" == PLACES.prometheus
    assert parse_qs(asked.query) == {"query": [CALLS]}
    assert CALLS == "sum by (server,outcome,fault) (mcp_proxy_outcomes_total)"


def test_boards_alerts_traces_and_servers_have_addresses() -> None:
    assert addresses("Boards") == [PLACES.boards]
    assert addresses("Alerts") == [f"{PLACES.prometheus}/api/v1/alerts"]
    assert addresses("Traces") == [
        f"{PLACES.jaeger}/api/traces?service={each.server}" for each in FRONTS
    ]
    assert addresses("echo-stdio") == ["http://127.0.0.1:6/mcp"]


def test_missing_web_pages_and_failing_calls_are_explained() -> None:
    assert "no web pages" in SHOWN
    assert "fails now and then on purpose" in SHOWN


def test_a_proxy_of_the_users_own_is_told_where_to_push() -> None:
    assert "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:8 " in SHOWN
    assert "service.namespace=local" in SHOWN


def test_no_variables_are_shown_where_prometheus_scrapes_the_proxies() -> None:
    assert "OTEL_" not in sights(replace(PLACES, collector=""), FRONTS)
