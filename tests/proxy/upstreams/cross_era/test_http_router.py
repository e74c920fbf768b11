"""Clients of both eras before one HTTP server: how long they wait for it."""

from time import perf_counter

from tests.proxy.network import run
from tests.proxy.routes import Harness, Modern, posted

PATIENCE = 0.2


def test_what_passes_until_the_servers_era_is_known_is_a_part_of_a_calls_time() -> None:
    async def play() -> None:
        harness = Harness(lambda here: posted(here, None, events=False, timeout=PATIENCE))
        began = perf_counter()
        waiting = Modern(harness).begin()
        await harness.finish_tasks()
        assert perf_counter() - began > PATIENCE / 4, "the server's silence was not waited for"
        assert waiting.status == 0
        harness.upstream.tick(perf_counter() + PATIENCE * 0.6)
        assert waiting.status == 504
        await harness.finish()

    run(play())
