"""A session between a client with sessions and a server that may know none."""

import json

import pytest

from proxy.jsonrpc import methods
from proxy.jsonrpc.repair import LONGEST
from proxy.outcome import EXITED
from proxy.translation.versions import Era
from proxy.upstreams.cross_era.legacy_bridge import LegacyBridge
from tests.proxy.malformed_messages import ID, OPENINGS
from tests.proxy.network import run
from tests.proxy.routes import GREETED, Harness, Legacy, Server, linked
from tests.proxy.transports.test_multiplexer import Owner

REFUSAL = json.dumps({"id": ID, "error": {"code": -32602, "message": "not you"}}).encode()


@pytest.mark.parametrize("answers", [True, False])
def test_a_refusal_reaches_the_client_if_the_server_is_a_legacy_one(*, answers: bool) -> None:
    async def play() -> None:
        server = Server()
        harness = Harness(lambda here: linked(here, server))
        client = Legacy(harness).begin()
        await harness.server_sends((REFUSAL,))
        assert json.loads(server.sent[-1][0])["method"] == methods.DISCOVER
        assert not client.over
        if answers:
            await harness.server_sends((REFUSAL,))
        else:
            server.owners[-1].on_closed(EXITED, "the server's process ended")
        assert json.loads(client.body)["error"]["message"] == "not you"
        await harness.finish()

    run(play())


def test_a_call_that_cannot_be_translated_is_refused_with_its_id() -> None:
    async def play() -> None:
        server, owner = Server(), Owner()
        client = LegacyBridge(owner, Era.MODERN, lambda era: None, b"")
        client.adopt(server)
        long = b'{"id":7,"method":"tools/call","params":{"n":NaN,"text":"%b"}}'
        assert client.send(long % (b"x" * LONGEST))
        [refused] = owner.received
        assert (refused["id"], refused["error"]["code"]) == (7, methods.INVALID_PARAMS)
        assert server.sent == []

    run(play())


def test_a_second_session_does_not_ask_a_modern_server_for_its_era_again() -> None:
    async def play() -> None:
        server = Server()
        harness = Harness(lambda here: linked(here, server))
        refusal = json.dumps(OPENINGS[2]).encode()
        for said, asked in (
            ((refusal, GREETED, GREETED), [methods.INITIALIZE, methods.DISCOVER, methods.DISCOVER]),
            ((GREETED,), [methods.DISCOVER]),
        ):
            before = len(server.sent)
            client = Legacy(harness).begin()
            await harness.server_sends(said)
            assert json.loads(client.body)["result"]
            assert [json.loads(each)["method"] for each, _ in server.sent[before:]] == asked
        await harness.finish()

    run(play())


def test_the_end_of_a_modern_server_ends_the_session() -> None:
    async def play() -> None:
        server, owner = Server(), Owner()
        bridge = LegacyBridge(owner, Era.MODERN, lambda era: None, b"")
        bridge.adopt(server)
        bridge.on_closed(EXITED, "the server's process ended")
        assert owner.ended == [(EXITED, "the server's process ended")]

    run(play())
