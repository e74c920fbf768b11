"""One server for clients of both eras: what each may ask of it beside calls."""

import json

from proxy.jsonrpc import methods
from tests.proxy.network import run
from tests.proxy.routes import Harness, Server, linked
from tests.proxy.scripted import ScriptedClient, client_request, info

VERSION = "2026-07-28"


def test_a_modern_client_has_no_get_stream_and_no_session_to_end() -> None:
    async def play() -> None:
        harness = Harness(lambda here: linked(here, Server()))
        for method, ask in (("GET", harness.upstream.listen), ("DELETE", harness.upstream.delete)):
            client = ScriptedClient()
            ask(client_request(client, b"", info(method, mcp_protocol_version=VERSION)))
            assert client.status == 405
            assert b"allow: POST" in client.head

    run(play())


def test_a_modern_client_that_announces_a_cancellation_is_answered_and_nothing_more() -> None:
    async def play() -> None:
        server, client = Server(), ScriptedClient()
        harness = Harness(lambda here: linked(here, server))
        note = {"method": methods.CANCELLED, "params": {"requestId": 1}}
        head = info(mcp_protocol_version=VERSION)
        harness.upstream.post(client_request(client, json.dumps(note).encode(), head))
        await harness.finish_tasks()
        assert (client.status, client.body, server.owners) == (202, b"", [])

    run(play())
