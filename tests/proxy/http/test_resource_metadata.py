"""What tells a client where to get a token."""

import json
from dataclasses import replace

from proxy.http.allowed_hosts import NOBODY
from proxy.http.bearer import HoldersOfAny
from proxy.http.request_policy import Gate
from proxy.http.resource_metadata import NO_METADATA, metadata
from tests.proxy.frontend.issuer import TERMS

SUFFIX = "/.well-known/oauth-protected-resource"


def test_it_names_the_public_address_and_the_issuer() -> None:
    made = metadata(TERMS, "/mcp")
    assert made.url == f"https://mcp.example{SUFFIX}/mcp"
    assert json.loads(made.document) == {
        "resource": "https://mcp.example/mcp",
        "authorization_servers": ["https://id.example"],
        "bearer_methods_supported": ["header"],
    }


def test_an_audience_that_is_no_address_gives_none() -> None:
    assert metadata(replace(TERMS, audiences=("api://mcp",)), "/mcp") is NO_METADATA


def test_the_gate_shows_it_to_who_has_no_token_yet() -> None:
    made = metadata(replace(TERMS, audiences=("https://x.example/outside/",)), "/inside")
    gate = Gate(b"/inside", 100, False, NOBODY, NOBODY, HoldersOfAny(made.url), made)
    for path, status in (("", 0), ("/outside", 0), ("/inside", 0), ("/x", 404)):
        arrival = gate.arrive(f"GET {SUFFIX}{path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert (arrival.refusal.status if arrival.refusal else 0) == status
        assert bool(arrival.page) is not status
    posted = gate.arrive(f"POST {SUFFIX} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    assert posted.refusal is not None
    assert posted.refusal.status == 404
