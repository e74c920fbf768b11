"""The channels of clients of 2026-07-28: which requests get one, and which are refused without."""

import json
from typing import Any

import pytest

from proxy.jsonrpc import methods
from tests.proxy.network import run
from tests.proxy.routes import Harness, Server, linked
from tests.proxy.scripted import ScriptedClient, client_request, info
from tests.proxy.translation.messages import meta

LISTS = {"id": 1, "method": "tools/list", "params": {"_meta": meta()}}
CALL = {"id": 1, "method": "tools/call", "params": {"name": "echo", "_meta": meta()}}
NO_CAPABILITIES = {methods.VERSION_KEY: "2026-07-28"}


@pytest.mark.parametrize(
    ("message", "headers", "status", "code"),
    [
        (LISTS, {"mcp_method": "tools/call"}, 400, -32020),
        (CALL, {"mcp_name": "other"}, 400, -32020),
        (LISTS, {"mcp_protocol_version": "2025-11-25"}, 400, -32020),
        ({**LISTS, "params": {"_meta": NO_CAPABILITIES}}, {}, 400, -32602),
        ({**LISTS, "method": "initialize"}, {}, 404, -32601),
        ([LISTS], {}, 400, -32600),
        ({"id": 1, "result": {}}, {}, 400, -32600),
        ({"method": "notifications/other"}, {}, 400, -32600),
    ],
)
def test_a_post_that_breaks_a_rule_is_refused_and_starts_no_server(
    message: Any, headers: dict[str, str], status: int, code: int
) -> None:
    async def play() -> None:
        server, client = Server(), ScriptedClient()
        harness = Harness(lambda here: linked(here, server))
        method = message.get("method", "") if isinstance(message, dict) else "tools/list"
        named = {"mcp_protocol_version": "2026-07-28", "mcp_method": method, "mcp_name": "echo"}
        head = info(**{**named, **headers})
        harness.upstream.post(client_request(client, json.dumps(message).encode(), head))
        assert (client.status, json.loads(client.body)["error"]["code"]) == (status, code)
        await harness.finish_tasks()
        assert (server.owners, server.sent) == ([], [])

    run(play())
