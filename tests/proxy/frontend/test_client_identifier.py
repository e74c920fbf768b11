"""The client of a request: declared, else its session's, else that of User-Agent."""

import json
from typing import Any

import pytest

from proxy.calls.session_clients import SessionClients
from proxy.errors import MalformedMessage
from proxy.frontend.client_identifier import ClientIdentifier, shown_keys
from proxy.in_flight import Call
from proxy.jsonrpc import codec, methods
from proxy.telemetry.client_info import UNKNOWN_CLIENT, ClientInfo
from tests.proxy.malformed_messages import ODD
from tests.proxy.scripted import info

DECLARED = {"name": "agent", "version": "7"}
IN_META = {"_meta": {methods.CLIENT_INFO_KEY: DECLARED}}


def identify(method: str, params: Any, **headers: str) -> ClientInfo:
    """In a proxy that knows one session, `s`, opened by `opener`."""
    sessions = SessionClients()
    sessions.set("s", ClientInfo("opener", "1"))
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    call = Call(codec.decode(json.dumps(message).encode()), 0.0, "", "")
    return ClientIdentifier(sessions).identify(call, info(**headers))


@pytest.mark.parametrize(
    ("method", "params", "headers", "name"),
    [
        ("tools/call", IN_META, {"mcp_session_id": "s", "user_agent": "node"}, "agent"),
        ("initialize", {"clientInfo": DECLARED}, {"user_agent": "node"}, "agent"),
        ("tools/call", {}, {"mcp_session_id": "s", "user_agent": "node"}, "opener"),
        ("tools/call", {"clientInfo": DECLARED}, {"mcp_session_id": "s"}, "opener"),
        ("tools/call", {}, {"mcp_session_id": "t", "user_agent": "node/22"}, "node"),
        ("tools/call", None, {"user_agent": "node/22"}, "node"),
        ("tools/call", {}, {}, "unknown"),
    ],
)
def test_what_a_request_declares_comes_first_then_its_session_then_its_user_agent(
    method: str, params: Any, headers: dict[str, str], name: str
) -> None:
    assert identify(method, params, **headers).name == name


def test_the_version_is_that_of_the_same_source() -> None:
    assert identify("tools/call", IN_META) == ("agent", "7")
    assert identify("ping", {}, user_agent="node/22") == ("node", "22")
    assert identify("ping", {}) is UNKNOWN_CLIENT


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("place", [b"%b", b'{"name":%b}', b'{"name":"agent","version":%b}'])
def test_a_malformed_declaration_hides_neither_the_tool_nor_the_user_agent(
    place: bytes, odd: bytes
) -> None:
    body = b'{"id":1,"method":"tools/call","params":{"name":"t","_meta":{"%b":%b}}}' % (
        methods.CLIENT_INFO_KEY.encode(),
        place.replace(b"%b", odd),
    )
    try:
        message = codec.decode(body)
    except MalformedMessage:
        return
    assert message.params is not None
    assert message.params.name == "t"
    call = Call(message, 0.0, "", "")
    found = ClientIdentifier(SessionClients()).identify(call, info(user_agent="node"))
    assert found.name in ("node", "agent", "x", "complete", "input_required", "\ufffd")


def test_headers_that_may_change_what_a_server_lists_are_shown_keys() -> None:
    shown = shown_keys(
        info(authorization="Bearer a", x_mcp_toolsets="repos", x_api_key="k", accept="a")
    )
    assert {line.partition(b":")[0].lower() for line in shown} == {
        b"authorization", b"x-mcp-toolsets", b"x-api-key",
    }  # fmt: skip
