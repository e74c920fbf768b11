"""A modern client's request: whose sessions at a legacy server it may use."""

import json

from proxy.http.allowed_hosts import NONE_ALLOWED
from proxy.http.bearer import StaticTokens
from proxy.http.request_policy import RequestPolicy
from proxy.translation.request import Request
from proxy.upstreams.cross_era.stateless_request import StatelessRequest
from tests.proxy.scripted import ScriptedClient, client_request, recorder

TOKENS = (b"token-of-one-client", b"token-of-another-one")
GUARDED = RequestPolicy(b"/mcp", 1000, True, NONE_ALLOWED, NONE_ALLOWED, StaticTokens(TOKENS))
OPEN = RequestPolicy(b"/mcp", 1000, True, NONE_ALLOWED, NONE_ALLOWED)
BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()


def owner(gate: RequestPolicy, token: bytes, more: str = "") -> tuple[bytes, bytes, bytes]:
    head = f"authorization: Bearer {token.decode()}\r\n{more}"
    info = gate.evaluate(f"POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}\r\n".encode())
    assert info.rejection is None
    return StatelessRequest(
        client_request(ScriptedClient(), BODY, info), Request(BODY), recorder(), 1.0
    ).owner


def test_clients_with_different_tokens_share_no_session_whoever_judges_the_token() -> None:
    for gate in (GUARDED, OPEN):
        one, other = (owner(gate, token) for token in TOKENS)
        assert one != other
        assert owner(gate, TOKENS[0]) == one


def test_what_differs_from_request_to_request_does_not_part_a_client_from_its_session() -> None:
    assert owner(OPEN, TOKENS[0], "x-request-id: 1\r\n") == owner(OPEN, TOKENS[0])
    assert owner(OPEN, TOKENS[0], "x-tenant: 1\r\n") != owner(OPEN, TOKENS[0])
