"""A channel of a modern server: what ends it, ends each request on it once."""

import json
from time import perf_counter

from proxy.app.options import MIB
from proxy.jsonrpc import methods
from proxy.memory_budget import FREE_BYTES, NO_ROOM
from tests.proxy.malformed_messages import ID
from tests.proxy.network import run
from tests.proxy.routes import ALL, Harness, Modern, Server, linked
from tests.proxy.scripted import ScriptedClient, client_request
from tests.proxy.translation.messages import meta

ACKNOWLEDGED = {
    "method": methods.ACKNOWLEDGED,
    "params": {"_meta": {methods.SUBSCRIPTION_KEY: ID}, "notifications": {}},
}

CALL = json.dumps(
    {"id": 9, "method": "tools/call", "params": {"name": "t", "_meta": meta(ALL)}}
).encode()


def say(harness: Harness, message: object) -> None:
    harness.say(json.dumps(message).encode())


def test_the_time_of_the_server_begins_before_it_can_read_the_call() -> None:
    async def play() -> None:
        server = Server()
        harness = Harness(lambda here: linked(here, server))
        client = Modern(harness)
        await client.open(())
        asked = client_request(ScriptedClient(), CALL, client.head("tools/call"))
        harness.recorder.start("", 1)
        harness.upstream.post(asked)
        assert 0 < asked.calls[0].sent_at <= server.sent_times[-1]
        await harness.finish()

    run(play())


def test_a_server_that_reads_no_more_ends_open_subscriptions_once() -> None:
    async def play() -> None:
        server = Server()
        harness = Harness(lambda here: linked(here, server))
        client = Modern(harness)
        await client.open(())
        client.ask("tools/call")
        client.ask(methods.LISTEN)
        say(harness, ACKNOWLEDGED)
        assert harness.recorder.ledger.streams == 1
        server.reads = False
        harness.upstream.tick(perf_counter() + 10_000)
        assert (harness.recorder.ledger.in_flight, harness.recorder.ledger.streams) == (0, 0)

    run(play())


def test_without_room_in_memory_a_long_request_is_refused_and_the_server_not_read() -> None:
    async def play() -> None:
        server = Server()
        harness = Harness(lambda here: linked(here, server))
        client = Modern(harness)
        await client.open(())
        server.held = 2 * MIB
        harness.upstream.tick(perf_counter())
        assert server.calls[-1] == "pause"
        refused = client.ask("tools/call", "x" * FREE_BYTES)
        assert (refused.status, NO_ROOM.encode() in refused.body) == (503, True)
        server.held = 0
        harness.upstream.tick(perf_counter())
        assert server.calls[-1] == "resume"
        served = client.ask("tools/call", "x" * FREE_BYTES)
        await harness.server_sends((json.dumps({"id": ID, "result": {}}).encode(),))
        assert served.status == 200
        await harness.finish()

    run(play())


def test_a_subscription_that_is_cancelled_before_it_is_acknowledged_is_no_stream() -> None:
    async def play() -> None:
        harness = Harness(lambda here: linked(here, Server()))
        await Modern(harness).open(())
        say(harness, {"method": methods.CANCELLED, "params": {"requestId": ID}})
        assert harness.recorder.ledger.streams == 0

    run(play())
