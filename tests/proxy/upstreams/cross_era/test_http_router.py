"""Clients of both eras before one HTTP server: how long they wait for it."""

from time import perf_counter

from tests.proxy.network import run
from tests.proxy.routes import Modern, Scene, posted

PATIENCE = 0.2


def test_what_passes_until_the_servers_era_is_known_is_a_part_of_a_calls_time() -> None:
    async def play() -> None:
        scene = Scene(lambda here: posted(here, None, events=False, timeout=PATIENCE))
        began = perf_counter()
        waiting = Modern(scene).begin()
        await scene.settle()
        assert perf_counter() - began > PATIENCE / 4, "the server's silence was not waited for"
        assert waiting.status == 0
        scene.upstream.tick(perf_counter() + PATIENCE * 0.6)
        assert waiting.status == 504
        await scene.finish()

    run(play())
