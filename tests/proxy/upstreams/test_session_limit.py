"""Clients of both eras share one cap on the sessions that the proxy keeps at a server."""

import asyncio
from math import inf

from proxy.transports.base import Link
from proxy.upstreams.cross_era.channel_pool import ModernUpstream
from proxy.upstreams.cross_era.era_router import EraUpstream
from proxy.upstreams.cross_era.legacy_bridge import Bridges
from proxy.upstreams.session_limit import Places
from proxy.upstreams.sessions import SessionUpstream
from tests.proxy.network import run
from tests.proxy.routes import GREETED, Legacy, Modern, Scene, Server, Way
from tests.proxy.upstreams.test_session_bridge import ScriptedLink


def crowded(scene: Scene) -> Way:
    """A stdio server at which one session may be kept."""
    server, places = Server(), Places(1)
    bridged = SessionUpstream(scene.terms(Bridges(server, None)), idle=100.0, places=places)
    modern = ModernUpstream(scene.terms(server), era=None, idle=100.0, places=places)
    return EraUpstream(bridged, modern), server.say


def test_a_session_of_either_era_takes_the_place_of_the_other() -> None:
    async def play(first: type[Modern] | type[Legacy], second: type[Modern] | type[Legacy]) -> None:
        scene = Scene(crowded)
        kept = first(scene).begin()
        await scene.hear(())
        refused = second(scene).begin()
        assert (kept.status, refused.status) == (0, 503)
        assert b"all 1 sessions are taken" in refused.body
        await scene.finish()

    run(play(Modern, Legacy))
    run(play(Legacy, Modern))


class Kept:
    """A session of a client; `link` is one that ends when the test says so."""

    client = b""

    def __init__(self, places: Places, idle_since: float = 0.0) -> None:
        self.gone = asyncio.Event()
        self.idle_since = idle_since
        self.over = False
        self.started = False
        self.link: Link | None = None
        self._places = places

    async def start(self) -> None:
        self.started = True
        self.link = ScriptedLink()

    def evict(self) -> None:
        self.over, self.idle_since = True, -inf
        self._places.leave(self)

    async def open(self) -> "asyncio.Task[None]":
        assert self._places.take(self)
        task = asyncio.create_task(self._places.open(self, self.start))
        await asyncio.sleep(0)
        return task


def test_a_session_starts_when_nothing_is_left_of_the_one_that_gave_way_to_it() -> None:
    async def play() -> None:
        places = Places(1)
        first, second, third = (Kept(places) for _ in range(3))
        await first.open()
        opening = await second.open()
        assert (first.over, second.started, places.ending) == (True, False, 1)
        second.idle_since = inf
        assert not places.take(third)
        assert first.link is not None
        first.link.exited.set()
        places.tick()
        await opening
        assert (second.started, places.ending) == (True, 0)

    asyncio.run(play())


def test_a_session_that_ends_before_it_starts_leaves_its_place() -> None:
    async def play() -> None:
        places = Places(1)
        first, second, third = (Kept(places) for _ in range(3))
        await first.open()
        opening = await second.open()
        second.evict()
        assert first.link is not None
        first.link.exited.set()
        places.tick()
        await opening
        assert (second.started, second.gone.is_set()) == (False, True)
        await third.open()
        assert third.started

    asyncio.run(play())


def test_what_is_ending_is_waited_for_at_the_end() -> None:
    async def play() -> None:
        places = Places(1)
        first, second = Kept(places), Kept(places)
        await first.open()
        opening = await second.open()
        closing = asyncio.create_task(places.close())
        await asyncio.sleep(0)
        assert first.link is not None
        first.link.exited.set()
        await closing
        await opening
        assert first.gone.is_set()

    asyncio.run(play())


def test_a_modern_channel_that_nobody_uses_makes_room() -> None:
    async def play() -> None:
        scene = Scene(crowded)
        done = Modern(scene).begin()
        await scene.hear((GREETED, GREETED))
        assert done.status == 200
        newcomer = Legacy(scene).begin()
        await scene.hear(())
        assert newcomer.status == 0
        await scene.finish()

    run(play())
