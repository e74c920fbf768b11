"""Protected resource metadata: where a client gets a token."""

import json
from dataclasses import replace

from proxy.http.allowed_hosts import NONE_ALLOWED
from proxy.http.bearer import AnyToken
from proxy.http.request_policy import RequestPolicy
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
    gate = RequestPolicy(
        b"/inside", 100, False, NONE_ALLOWED, NONE_ALLOWED, AnyToken(made.url), made
    )
    for path, status in (("", 0), ("/outside", 0), ("/inside", 0), ("/x", 404)):
        info = gate.evaluate(f"GET {SUFFIX}{path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert (info.rejection.status if info.rejection else 0) == status
        assert bool(info.static_response) is not status
    posted = gate.evaluate(f"POST {SUFFIX} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    assert posted.rejection is not None
    assert posted.rejection.status == 404
